"""FTP through translation, in the kernel and here: what is announced, and the numbers around a rewritten line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fwsim.capture import Input, open_captures
from fwsim.kernel import KernelFirewall
from fwsim.naming import address_text
from fwsim.ruleset.load import load_ruleset
from fwsim.simulator import Simulator
from fwsim.terms import UNKNOWN_VALUE, CtState, CtStatus, Verdict
from fwsim.tracker import connections_listing
from tests.ftp_conversation import ACK, SYN, Conversation, End, announcement
from tests.kernel_stage import OUT, Seen, Stage, capture_of, needs_kernel

pytestmark = pytest.mark.kernel

GATEWAY = """table inet filter {
  ct helper standard {
    type "ftp" protocol tcp
  }
  chain helpers {
    type filter hook prerouting priority PLACE
    tcp dport 21 ct helper set "standard"
  }
  chain forward {
    type filter hook forward priority filter; policy drop
    ct state invalid drop
    ct state established accept
    ip daddr { 10.1.0.11, 10.1.0.12 } ct state related accept
    ip6 daddr { fd00:1::11, fd00:1::12 } ct state related accept
    oifname "wan" ct state related accept
    tcp dport { 21, 80 } ct state new accept
  }
}
table inet nat {
  chain pre {
    type nat hook prerouting priority dstnat
    iifname "wan" ip daddr 198.51.100.1 tcp dport 21 dnat ip to 10.1.0.12
    iifname "wan" ip6 daddr 2001:db8:2::1 tcp dport 21 dnat ip6 to fd00:1::12
  }
  chain post {
    type nat hook postrouting priority srcnat
    tcp sport 20 tcp dport 80 snat ip to 198.51.100.1:2020
    oifname "wan" masquerade
  }
}
"""
INTERFACES = {"lan": ["10.1.0.0/16", "fd00:1::/64"], "wan": ["any"]}
OWN = ["10.1.0.1", "198.51.100.1", "fd00:1::1", "2001:db8:2::1"]
HOST = {4: "10.1.0.11", 6: "fd00:1::11"}
SERVER = {4: "10.1.0.12", 6: "fd00:1::12"}
PEER = {4: "198.51.100.21", 6: "2001:db8:2::21"}
PUBLIC = {4: "198.51.100.1", 6: "2001:db8:2::1"}
PORT = 1041
COMPARED = ("verdict", "ct_state", "ct_direction")
UNKNOWN = int(Verdict.UNKNOWN)
DATA = {0: 20, 1: 5555}
"""From which port a data connection is opened that this side has announced."""


def masqueraded(family: int, port: int = 4000, host: dict[int, str] = HOST) -> Conversation:
    """A client behind the gateway."""
    client = End("lan", host[family], PEER[family], (port, 21))
    return Conversation((client, End("wan", PEER[family], PUBLIC[family], (21, port))))


def forwarded(family: int) -> Conversation:
    """A server behind the gateway."""
    client = End("wan", PEER[family], PUBLIC[family], (4000, 21))
    return Conversation((client, End("lan", SERVER[family], PEER[family], (21, 4000))))


@pytest.fixture
def stage(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Stage]:
    needs_kernel()
    path = tmp_path / "gateway.nft"
    path.write_text(GATEWAY.replace("PLACE", getattr(request, "param", "filter")))
    ruleset = load_ruleset(str(path))
    with KernelFirewall(ruleset, interfaces=INTERFACES, local=OWN) as firewall:
        yield Stage(ruleset, firewall)


Connections = list[tuple[tuple[Any, ...], tuple[Any, ...], int]]


def both(stage: Stage, packets: list[Seen]) -> tuple[list[dict[str, int]], list[dict[str, int]], Connections]:
    """The decisions of both firewalls, and the connections that the simulator has in the end."""
    chunk = stage.chunk(packets)
    simulator = Simulator(stage.ruleset, key=4711, interfaces=INTERFACES, local=OWN)
    ours = simulator.run(chunk).stateful
    theirs = stage.firewall.run(chunk)
    simulator.stateful.settle()
    decisions = [[{name: int(row[name]) for name in COMPARED} for row in rows] for rows in (ours, theirs)]
    return decisions[0], decisions[1], listed(simulator)


def listed(simulator: Simulator) -> Connections:
    """Both tuples and the status of each connection."""
    found = [
        (ends(row["original"]), ends(row["reply"]), row["status"])
        for row in connections_listing(simulator.stateful.tracker)
    ]
    return sorted(found)


def ends(row: dict[str, int]) -> tuple[Any, ...]:
    """A tuple as the kernel's are told."""
    addresses = [address_text([row[f"{end}{word}"] for word in range(4)]) for end in ("src", "dst")]
    return (*addresses, row["proto"], row["src_id"], row["dst_id"])


def transferred(talk: Conversation, way: int, kind: str, port: int) -> None:
    """A line that announces, and the data connection; then numbers at the edges, as the other side counts them."""
    talk.say(way, announcement(kind, talk.ends[way].src, port))
    data = talk.expected(way, port, DATA[way])
    data.open()
    data.say(0, "some data")
    talk.take(data)
    talk.say(1 - way, "200 done")
    talk.say(way, "NOOP")
    for side in (0, 1):
        for beyond in (1, -1, 4, -4):
            talk.send(side, ACK, beyond=beyond)


KINDS = [(4, "PORT"), (4, "227"), (4, "EPRT"), (4, "229"), (6, "EPRT"), (6, "229")]


@pytest.mark.parametrize("start", [masqueraded, forwarded])
@pytest.mark.parametrize(("family", "kind"), KINDS)
def test_announcements_are_rewritten_and_followed(stage: Stage, family: int, kind: str, start: Any) -> None:
    talk = start(family).greet()
    way = 0 if kind in ("PORT", "EPRT") else 1
    transferred(talk, way, kind, PORT)
    transferred(talk, way, kind, 22222)  # behind the first one, and of another length
    ours, theirs, connections = both(stage, talk.packets)
    assert ours == theirs
    assert {one["ct_state"] for one in ours} >= {CtState.RELATED, CtState.INVALID, CtState.ESTABLISHED}
    kernels = sorted((one.original, one.reply, one.status) for one in stage.firewall.connections())
    assert connections == kernels
    assert len(kernels) == 3


@pytest.mark.parametrize("stage", ["-150", "250"], indirect=True)
def test_a_helper_may_be_given_before_and_behind_translation(stage: Stage) -> None:
    talk = forwarded(4).greet()
    transferred(talk, 1, "227", PORT)
    ours, theirs, connections = both(stage, talk.packets)
    assert ours == theirs
    assert any(status & CtStatus.SEQ_ADJUST for _, _, status in connections)


def test_the_source_of_a_data_connection_follows_another_connection_from_there(stage: Stage) -> None:
    other = Conversation((End("lan", SERVER[4], PEER[4], (20, 80)), End("wan", PEER[4], PUBLIC[4], (80, 2020))))
    other.send(0, SYN)
    talk = forwarded(4).greet()
    talk.say(0, announcement("PORT", PEER[4], PORT))
    opening = talk.expected(0, PORT, 20)
    opening.send(0, SYN)
    ours, theirs, connections = both(stage, other.packets + talk.packets + opening.packets)
    assert ours == theirs
    assert connections == sorted((one.original, one.reply, one.status) for one in stage.firewall.connections())
    assert (PEER[4], PUBLIC[4], 6, PORT, 2020) in [answer for _, answer, _ in connections]


def test_a_line_that_keeps_its_length_changes_no_numbers(stage: Stage) -> None:
    talk = masqueraded(4, host={4: "10.1.100.111"}).greet()
    talk.say(0, announcement("PORT", "10.1.100.111", PORT))
    ours, theirs, connections = both(stage, talk.packets)
    assert ours == theirs
    assert [status & CtStatus.SEQ_ADJUST for _, _, status in connections] == [0]


def test_lines_sent_again_and_old_ones_change_no_numbers_again(stage: Stage) -> None:
    talk = masqueraded(4).greet()
    line = announcement("PORT", HOST[4], PORT)
    at = talk.seq[0]
    talk.say(0, line)
    talk.packets.append(talk.ends[0].packet(at, talk.heard[0], ACK, line.encode() + b"\r\n"))
    talk.say(0, announcement("PORT", HOST[4], 5))
    talk.packets.append(talk.ends[0].packet(at, talk.heard[0], ACK, line.encode() + b"\r\n"))
    talk.send(1, ACK, beyond=1)
    talk.say(1, "200 noted")
    ours, theirs, _ = both(stage, talk.packets)
    assert ours == theirs
    assert ours[-3]["ct_state"] == CtState.INVALID
    assert ours[-2]["ct_state"] == CtState.ESTABLISHED


def test_port_0_is_taken_for_a_failure_but_expected(stage: Stage) -> None:
    talk = masqueraded(4).greet()
    talk.send(0, ACK, announcement("PORT", HOST[4], 0).encode() + b"\r\n")
    opening = talk.expected(0, 0, 20)
    opening.send(0, SYN)
    talk.take(opening)
    ours, theirs, _ = both(stage, talk.packets)
    assert ours == theirs
    assert (ours[-2]["verdict"], ours[-1]["ct_state"]) == (Verdict.DROP, CtState.RELATED)


def test_a_port_that_two_have_announced_is_drawn_for_the_second_and_not_known(stage: Stage) -> None:
    first, second = masqueraded(4), masqueraded(4, 4001, SERVER)
    first.greet()
    first.say(0, announcement("PORT", HOST[4], PORT))
    second.greet()
    second.say(0, announcement("PORT", SERVER[4], PORT))
    opening = first.expected(0, PORT, 20)
    opening.send(0, SYN)
    elsewhere = first.expected(0, PORT + 1, 20)
    elsewhere.send(0, SYN)
    for other in (second, opening, elsewhere):
        first.take(other)
    ours, theirs, _ = both(stage, first.packets)
    unknown = [at for at, one in enumerate(ours) if one["ct_state"] == UNKNOWN_VALUE]
    count = len(ours)
    assert unknown == [count - 3, count - 1]  # what acknowledges the second line, and who may have been told of it
    assert [one for at, one in enumerate(ours) if at not in unknown] == [
        one for at, one in enumerate(theirs) if at not in unknown
    ]
    assert ours[-2]["ct_state"] == CtState.RELATED


# --- seen on one side only -------------------------------------------------------------------------------------


def seen_on(stage: Stage, packets: list[Seen], side: str) -> tuple[list[Seen], list[int]]:
    """What was seen at an interface, as it came in or left, and the places of the packets that these were."""
    left = stage.firewall.relay([(one.interface, one.data) for one in packets])
    found, places = [], []
    for place, one in enumerate(packets):
        if one.interface == side or place in left:
            found.append(one if one.interface == side else Seen(side, left[place], OUT))
            places.append(place)
    return found, places


def one_sided(stage: Stage, packets: list[Seen], side: str, folder: Path) -> list[dict[str, int]]:
    """What the simulator decides of a capture of one interface."""
    path = folder / "side.pcapng"
    path.write_bytes(capture_of(packets, (side,)))
    captures = open_captures([Input(str(path))])
    (chunk,) = captures
    simulator = Simulator(stage.ruleset, key=4711, interfaces=INTERFACES, local=OWN)
    simulator.topology.locate(captures, chunk)
    return [{name: int(row[name]) for name in COMPARED} for row in simulator.run(chunk).stateful]


@pytest.mark.parametrize("side", ["lan", "wan"])
@pytest.mark.parametrize("start", [masqueraded, forwarded])
@pytest.mark.parametrize("kind", ["PORT", "227", "229"])
def test_one_side_is_decided_as_the_kernel_decides_or_unknown(
    stage: Stage, tmp_path: Path, kind: str, start: Any, side: str
) -> None:
    talk = start(4).greet()
    transferred(talk, 0 if kind == "PORT" else 1, kind, PORT)
    _, theirs, _ = both(stage, talk.packets)
    with KernelFirewall(stage.ruleset, interfaces=INTERFACES, local=OWN) as relaying:
        seen, places = seen_on(Stage(stage.ruleset, relaying), talk.packets, side)
    ours = one_sided(stage, seen, side, tmp_path)
    known = [at for at, one in enumerate(ours) if UNKNOWN_VALUE not in one.values() and one["verdict"] != UNKNOWN]
    assert [ours[at] for at in known] == [theirs[places[at]] for at in known]
    opener = "lan" if start is masqueraded else "wan"
    assert len(known) > 20 if side == opener else len(seen) > 20
