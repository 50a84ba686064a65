"""What rules ask of a chunk's rows: the same from a run in one piece, row by row, in shards, and of fragments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fwsim.capture import Input, open_captures
from fwsim.headers.chunks import of_rows
from fwsim.netfilter.fields import NotSimulated, Raw
from fwsim.result import Result
from fwsim.ruleset import load_ruleset
from fwsim.simulator import Simulator
from fwsim.tables import FRAME, PACKET, empty
from fwsim.terms import UNKNOWN_VALUE
from tests.captures_by_hand import ether, ip4, pcap, tcp, udp

ROOT = Path(__file__).parent.parent.parent
OPEN = "tcp option maxseg exists tcp flags syn / syn,ack accept"
PLACES: dict[str, Any] = {"interfaces": {"lan": ["10.0.0.0/8"], "wan": ["any"]}}


def simulator_of(folder: Path, rules: str, family: str = "ip", **options: Any) -> Simulator:
    """A simulator for rules in a chain at forward."""
    path = folder / "rules.nft"
    lines = "\n".join(rules.split("; "))
    path.write_text(
        f"table {family} t {{\nchain f {{\ntype filter hook forward priority 0; policy drop;\n{lines}\n}}\n}}\n"
    )
    return Simulator(load_ruleset(str(path)), **PLACES, **options)


def both(folder: Path, rules: str, *packets: bytes, **options: Any) -> list[tuple[str, str]]:
    """The verdicts of the stateful and the stateless mode."""
    capture = folder / "capture"
    capture.write_bytes(pcap(*(ether(packet) for packet in packets), **options))
    simulator = simulator_of(folder, rules)
    (batch,) = Result(open_captures([Input(str(capture))]), simulator)
    found = []
    for row in range(len(batch)):
        stateful, stateless = (
            simulator.decision_of(batch, row, "stateful"),
            simulator.decision_of(batch, row, "stateless"),
        )
        found.append((stateful.verdict.name.lower(), stateless.verdict.name.lower()))
    return found


SYN = ip4(tcp(options=bytes([2, 4, 5, 180]), src=bytes([10, 0, 0, 1]), dst=bytes(4 * [9])), 6, src=bytes([10, 0, 0, 1]),
          dst=bytes(4 * [9]))  # fmt: skip
PLAIN = ip4(tcp(src=bytes([10, 0, 0, 2]), dst=bytes(4 * [9])), 6, src=bytes([10, 0, 0, 2]), dst=bytes(4 * [9]))


def test_nothing_is_read_for_rules_that_ask_for_nothing() -> None:
    assert of_rows((), empty(FRAME, 1), empty(PACKET, 1), np.zeros(0, np.uint8), 0, 1) is None


def test_rows_before_the_first_are_not_read() -> None:
    frames, packets = empty(FRAME, 2), empty(PACKET, 2)
    found = of_rows(["hour", NotSimulated("day")], frames, packets, np.zeros(0, np.uint8), 1, 2)
    assert found is not None
    assert found[:, :2].tolist() == [[UNKNOWN_VALUE] * 2, [0, UNKNOWN_VALUE]]


def test_both_modes_see_options(tmp_path: Path) -> None:
    rules = "tcp option maxseg size 1400-1460 accept"
    assert both(tmp_path, rules, SYN, PLAIN) == [("accept", "accept"), ("drop", "drop")]


def test_what_is_cut_off_is_unknown(tmp_path: Path) -> None:
    capture = tmp_path / "cut"
    capture.write_bytes(pcap(ether(SYN)[:56], lengths=[len(ether(SYN))]))
    simulator = simulator_of(tmp_path, "tcp option maxseg size 1460 accept")
    (batch,) = Result(open_captures([Input(str(capture))]), simulator)
    decision = simulator.decision_of(batch, 0, "stateful")
    assert (decision.verdict.name, decision.reason.name) == ("UNKNOWN", "CUT")


def test_the_mirror_image_of_a_reply_has_unknown_options_but_the_same_time(tmp_path: Path) -> None:
    reply = ip4(
        tcp(0x12, sport=80, dport=5, src=bytes(4 * [9]), dst=bytes([10, 0, 0, 1])), 6,
        src=bytes(4 * [9]), dst=bytes([10, 0, 0, 1]),
    )  # fmt: skip
    known = "ct state established accept; ip saddr 10.0.0.0/8 ct state new"
    assert both(tmp_path, f"{known} tcp option maxseg exists accept", reply)[0][1] == "unknown"
    assert both(tmp_path, f"{known} meta hour 0-86399 accept", reply)[0][1] == "accept"
    assert both(tmp_path, f"{known} @th,0,24 0-16777215 accept", reply)[0][1] == "accept"
    assert both(tmp_path, f"{known} @th,0,24 5 accept", reply)[0][1] == "unknown"


def test_a_datagram_has_the_headers_of_the_whole(tmp_path: Path) -> None:
    ends: dict[str, Any] = {"src": bytes([10, 0, 0, 1]), "dst": bytes(4 * [9])}
    whole = udp(b"x" * 24, **ends)
    pieces = [
        ip4(whole[:16], 17, fragment=0x2000, ident=7, **ends),
        ip4(whole[16:], 17, fragment=2, ident=7, **ends),
    ]
    verdicts = both(tmp_path, "ct state new udp length 32 @ih,184,8 0x78 accept", *pieces)
    assert [stateful for stateful, _ in verdicts] == ["accept", "accept"]
    verdicts = both(tmp_path, "ct state new ip frag-off 0 accept", *pieces)
    assert [stateful for stateful, _ in verdicts] == ["unknown", "unknown"]


@pytest.mark.parametrize("capture", ["office.pcapng", "fragments.pcapng", "v6-router.pcapng"])
def test_shards_and_single_steps_see_the_same(tmp_path: Path, capture: str) -> None:
    rules = (
        f"ct state established accept; {OPEN}; udp checksum 0-30000 accept; ip id < 0x8000 ip ecn 0 ct state new accept"
    )
    path_of = str(ROOT / "pcaps" / capture)
    found = []
    for jobs, steps in ((1, False), (3, False), (1, True)):
        simulator = simulator_of(tmp_path, rules, "inet", key=5, jobs=jobs)
        captures = open_captures([Input(path_of)])
        decisions = []
        if steps:
            for chunk in captures:
                simulator.topology.locate(captures, chunk)
                batch = simulator.undecided(chunk)
                for row in range(len(chunk)):
                    simulator.step(batch, row)
                decisions.append(batch.stateful.copy())
        else:
            decisions = [batch.stateful.copy() for batch in Result(captures, simulator)]
        whole = np.concatenate(decisions)
        found.append([whole[name].tolist() for name in ("verdict", "rule", "reason")])
    assert found[0] == found[1] == found[2]
    assert len(set(found[0][0])) > 1


def test_the_clock_can_be_forgotten(tmp_path: Path) -> None:
    simulator = simulator_of(tmp_path, "meta hour 0-86399 accept")
    simulator.forget_the_clock()
    capture = tmp_path / "capture"
    capture.write_bytes(pcap(ether(PLAIN)))
    (batch,) = Result(open_captures([Input(str(capture))]), simulator)
    assert simulator.decision_of(batch, 0, "stateful").verdict.name == "UNKNOWN"
    assert Raw("th", 0, 8) not in simulator.lowered["stateful"].asked
