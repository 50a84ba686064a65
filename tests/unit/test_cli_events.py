"""Events of the connection table, told from what it looks like after each packet."""

from __future__ import annotations

import io
from pathlib import Path

from fwsim.capture import Input, open_captures
from fwsim.cli.demo_story import BEGINNING, CLIENT, RULESET, WEB, Scene, capture, tcp, udp
from fwsim.cli.events import Event, Watch
from fwsim.cli.partly import Partly, never, one_by_one
from fwsim.ruleset import load_ruleset
from fwsim.simulator import Simulator
from fwsim.terms import CtStatus, TcpState

SECOND = 1_000_000_000
OUT = (CLIENT, 51822, WEB, 443)
BACK = (WEB, 443, CLIENT, 51822)


def events(tmp_path: Path, *packets: tuple[bytes, float]) -> list[Event]:
    """The events of packets that come at these seconds."""
    (tmp_path / "x.pcap").write_bytes(capture([Scene(packet, at, "") for packet, at in packets]))
    simulator = Simulator(load_ruleset(io.StringIO(RULESET)))
    watch = Watch(simulator.stateful)
    part = Partly(open_captures([Input(str(tmp_path / "x.pcap"))]), never)
    return [
        event
        for batch, row in one_by_one(simulator, part)
        for event in watch.look(int(batch.packets["now"][row]), batch.stateful[row])
    ]


def told(found: list[Event]) -> list[tuple[str, float, int]]:
    """Kind, seconds and connection of each event."""
    return [(event.kind, event.time / SECOND - BEGINNING, event.connection["number"]) for event in found]


def test_opening_answering_and_refusing(tmp_path: Path) -> None:
    found = events(tmp_path, (tcp(*OUT, "S", 0, 0), 0), (tcp(*OUT, "S", 0, 0), 1), (tcp(*BACK, "R.", 0, 1), 2))
    assert [(event.kind, event.connection["state"]) for event in found] == [
        ("new", TcpState.SYN_SENT), ("destroy", TcpState.CLOSE),
    ]  # fmt: skip
    assert found[1].time == (BEGINNING + 2) * SECOND
    assert found[1].connection["expires"] - found[1].time == 118 * SECOND


def test_a_refused_packet_is_no_event(tmp_path: Path) -> None:
    assert events(tmp_path, (tcp(*BACK, "S", 0, 0), 0), (tcp(*BACK, "S.", 0, 0), 1)) == []


def test_timeouts_come_first_and_in_their_order(tmp_path: Path) -> None:
    queries = [(udp(CLIENT, 4000 + number, WEB, 53, b"x"), float(number)) for number in range(3)]
    found = events(tmp_path, *queries, (udp(CLIENT, 5000, WEB, 53, b"x"), 100))
    assert told(found) == [
        ("new", 0, 1), ("new", 1, 2), ("new", 2, 3), ("destroy", 30, 1), ("destroy", 31, 2), ("destroy", 32, 3),
        ("new", 100, 4),
    ]  # fmt: skip


def test_the_first_reply_is_an_update_and_the_second_is_not(tmp_path: Path) -> None:
    answer = (udp(WEB, 53, CLIENT, 4000, b"y"), 0.5)
    found = events(tmp_path, (udp(CLIENT, 4000, WEB, 53, b"x"), 0), answer, answer)
    assert told(found) == [("new", 0, 1), ("update", 0.5, 1)]
    assert found[1].connection["status"] & CtStatus.SEEN_REPLY


def test_a_reopened_connection_goes_and_comes(tmp_path: Path) -> None:
    handshake = [(tcp(*OUT, "S", 0, 0), 0.0), (tcp(*BACK, "S.", 0, 1), 0.1), (tcp(*OUT, ".", 1, 1), 0.2)]
    closing = [(tcp(*OUT, "F.", 1, 1), 1.0), (tcp(*BACK, "F.", 1, 2), 1.1), (tcp(*OUT, ".", 2, 2), 1.2)]
    found = events(tmp_path, *handshake, *closing, (tcp(*OUT, "S", 100_000, 0), 2.0))
    assert [event.kind for event in found] == ["new", *["update"] * 5, "destroy", "new"]
    assert [event.connection["number"] for event in found[-2:]] == [1, 2]
