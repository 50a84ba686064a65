"""The simulator: replays of captures, single packets, and the thread that reads ahead."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import ARP, Ether

import fwsim
from fwsim import simulator as simulators
from fwsim.capture import Captures, Chunk, Input, open_captures
from fwsim.engine import is_compiled
from fwsim.errors import CaptureError, RulesetError
from fwsim.simulator import Batch, Decision, Result, Simulator, compare, replay
from fwsim.tables import DECISION, Rows
from fwsim.terms import CtState, Direction, Hook, Reason, RejectWith, TcpState, Verdict
from tests.deciding import EDGE, NOWHERE, ruleset_of

ROOT = Path(__file__).parent.parent.parent
OFFICE = str(ROOT / "rulesets" / "office.yaml")
SHORT = str(ROOT / "pcaps" / "blind-reset.pcapng")
STATELESS = str(ROOT / "rulesets" / "office-stateless.yaml")


def opened(path: str = SHORT, chunk_rows: int = 7) -> Captures:
    return open_captures([Input(path)], chunk_rows=chunk_rows)


def decisions_of(result: Result) -> list[list[tuple[int, ...]]]:
    return [table.tolist() for table in result.decisions.values()]


@pytest.fixture
def threaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make runs take the way of compiled ones, through two threads; the code stays plain Python."""

    def run_stateless(self: Simulator, batch: Batch) -> None:
        decisions = Rows(batch.stateless)
        self.stateless.run(Rows(batch.frames), Rows(batch.packets), decisions, 0, len(batch))
        decisions.flush()

    def run_stateful(self: Simulator, batch: Batch) -> None:
        frames, decisions = Rows(batch.frames), Rows(batch.stateful)
        self.stateful.run(frames, Rows(batch.packets), Rows(batch.quotes), decisions, 0, len(batch))
        frames.flush()
        decisions.flush()

    if not is_compiled():
        monkeypatch.setattr(simulators, "is_compiled", lambda: True)
        monkeypatch.setattr(Simulator, "run_stateless", run_stateless)
        monkeypatch.setattr(Simulator, "run_stateful", run_stateful)


# --- replays ---------------------------------------------------------------------------------------------------


def test_a_replay_gives_batches_in_capture_order() -> None:
    ruleset = fwsim.load_ruleset(OFFICE)
    result = compare(SHORT, ruleset)
    numbers: list[int] = []
    for batch in result:
        assert isinstance(batch, Batch)
        assert len(batch) == len(batch.frames) == len(batch.packets) == len(batch.stateless) == len(batch.stateful)
        assert batch.decisions("stateful") is batch.stateful
        assert batch.decisions("stateless") is batch.stateless
        assert len(batch.buffer) >= int(batch.frames["captured"].sum())
        numbers += batch.frames["number"].tolist()
    assert numbers == list(range(1, result.packets + 1))
    assert result.captures.files[0].packets == result.packets


def test_nothing_is_read_before_the_first_batch() -> None:
    result = compare(SHORT, OFFICE)
    assert result.packets == 0
    assert result.captures.files[0].packets == 0


def test_all_decisions_are_two_arrays_of_the_same_length() -> None:
    result = compare(SHORT, OFFICE)
    decisions = result.decisions
    assert set(decisions) == {"stateless", "stateful"}
    for table in decisions.values():
        assert table.dtype == DECISION
        assert len(table) == result.packets > 0
    assert (decisions["stateless"]["verdict"] != decisions["stateful"]["verdict"]).any()


def test_no_captures_give_no_decisions() -> None:
    assert {mode: len(table) for mode, table in compare([], OFFICE).decisions.items()} == {
        "stateless": 0,
        "stateful": 0,
    }


@pytest.mark.parametrize("chunk_rows", [1, 3, 1000])
def test_where_chunks_end_changes_no_decision(chunk_rows: int) -> None:
    expected = decisions_of(compare(SHORT, OFFICE))
    assert decisions_of(compare(opened(chunk_rows=chunk_rows), OFFICE)) == expected


@pytest.mark.parametrize("key", [0, 1, 12345])
def test_the_hash_key_changes_no_decision(key: int) -> None:
    assert decisions_of(compare(SHORT, OFFICE, key=key)) == decisions_of(compare(SHORT, OFFICE))


def test_captures_may_be_paths_texts_lists_or_open() -> None:
    expected = decisions_of(compare(SHORT, OFFICE))
    for captures in (Path(SHORT), [SHORT], [Path(SHORT)], opened()):
        assert decisions_of(compare(captures, OFFICE)) == expected


def test_captures_are_read_one_after_the_other() -> None:
    twice = compare([SHORT, SHORT], OFFICE)
    once = compare(SHORT, OFFICE)
    assert len(twice.decisions["stateful"]) == 2 * len(once.decisions["stateful"])


def test_replay_is_the_same_run() -> None:
    result = replay(SHORT, OFFICE, mode="stateless")
    assert result.simulator.mode == "stateless"
    assert decisions_of(result) == decisions_of(compare(SHORT, OFFICE))


def test_a_stateless_ruleset_by_hand_replaces_the_twin() -> None:
    by_hand = compare(SHORT, OFFICE, stateless_rules=fwsim.load_ruleset(STATELESS)).decisions
    alone = compare(SHORT, STATELESS).decisions
    twin = compare(SHORT, OFFICE).decisions
    assert by_hand["stateless"].tolist() == alone["stateless"].tolist()
    assert by_hand["stateless"].tolist() != twin["stateless"].tolist()
    assert by_hand["stateful"].tolist() == twin["stateful"].tolist()


def test_checksums_are_judged_as_asked() -> None:
    path = str(ROOT / "pcaps" / "office.pcapng")

    def faults(checksum: str) -> int:
        run = iter(compare(path, OFFICE, checksum=checksum))
        chunks = [next(run).frames["transport_fault"] for _ in range(2)]
        return int((np.concatenate(chunks) != 0).sum())

    assert faults("ignore") <= faults("auto") <= faults("verify")


def test_statistics_are_the_counters_of_the_table() -> None:
    result = compare(SHORT, OFFICE)
    assert result.statistics["created"] == 0
    list(result)
    assert result.statistics["created"] >= result.statistics["peak"] >= 1


def test_what_cannot_be_opened_is_told_before_anything_is_read() -> None:
    with pytest.raises(CaptureError, match=r"nowhere\.pcap"):
        compare("nowhere.pcap", OFFICE)
    with pytest.raises(RulesetError):
        compare(SHORT, SHORT)


# --- two threads -----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("threaded")
def test_two_threads_decide_as_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    result = compare(opened(), OFFICE)
    in_two = decisions_of(result)
    assert result.packets == len(in_two[0])
    monkeypatch.undo()
    assert decisions_of(compare(opened(), OFFICE)) == in_two


COMPILED = """
import sys
import numpy as np
from fwsim.capture import Input, open_captures
from fwsim.engine import compile_engine, is_compiled
from fwsim.simulator import compare

def run():
    captures = open_captures([Input(sys.argv[1])], chunk_rows=100, limit=3000)
    return compare(captures, sys.argv[2], key=1).decisions

plain = run()
compile_engine()
assert is_compiled()
compiled = run()
for mode in plain:
    assert len(plain[mode]) == 3000
    np.testing.assert_array_equal(plain[mode], compiled[mode])
"""


@pytest.mark.slow
@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"), reason="NUMBA_DISABLE_JIT is set")
def test_compiled_code_in_two_threads_decides_as_plain_python_in_one_does() -> None:
    """In an interpreter of its own, since compiling is for good."""
    command = [sys.executable, "-c", COMPILED, str(ROOT / "pcaps" / "office.pcapng"), OFFICE]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr


class Endless:
    """Captures that give the same chunk over and over; `fails_after` so many, they raise."""

    def __init__(self, fails_after: int | None = None) -> None:
        self.inner = opened(chunk_rows=5)
        self.chunks = list(self.inner)
        self.interfaces = self.inner.interfaces
        self.fails_after = fails_after
        self.given = 0
        self.closed = False

    def __iter__(self) -> Iterator[Chunk]:
        try:
            while self.fails_after is None or self.given < self.fails_after:
                yield self.chunks[0]
                self.given += 1
            raise CaptureError("endless.pcap", "has an end")
        finally:
            self.closed = True

    def estimate_remaining(self) -> int:
        return 10**9


def endless(fails_after: int | None = None, **options: Any) -> tuple[Any, Result]:
    captures: Any = Endless(fails_after)
    return captures, Result(captures, Simulator(fwsim.load_ruleset(OFFICE), key=1), **options)


@pytest.mark.usefixtures("threaded")
@pytest.mark.parametrize("fails_after", [0, 1, 3, 20])
def test_an_error_of_the_reading_thread_is_raised_where_batches_are_asked_for(fails_after: int) -> None:
    _, result = endless(fails_after)
    batches = iter(result)
    for _ in range(fails_after):
        next(batches)
    with pytest.raises(CaptureError, match=r"endless\.pcap: has an end"):
        next(batches)
    assert threading.active_count() == 1


@pytest.mark.usefixtures("threaded")
@pytest.mark.parametrize("taken", [1, 2, 6])
def test_who_stops_asking_ends_the_reading_thread(taken: int) -> None:
    captures, result = endless()
    batches = iter(result)
    for _ in range(taken):
        next(batches)
    batches.close()  # type: ignore[attr-defined]
    assert threading.active_count() == 1
    assert captures.given < taken + 10


@pytest.mark.usefixtures("threaded")
def test_setting_the_stop_event_ends_the_run_behind_a_few_chunks() -> None:
    stop = threading.Event()
    _, result = endless(stop=stop)
    count = 0
    for _ in result:
        count += 1
        if count == 4:
            stop.set()
    assert 4 <= count <= 4 + simulators.AHEAD + 2
    assert threading.active_count() == 1


@pytest.mark.skipif(is_compiled(), reason="compiled code runs in two threads")
def test_setting_the_stop_event_ends_an_uncompiled_run_at_once() -> None:
    stop = threading.Event()
    captures, result = endless(stop=stop)
    captures.estimate_remaining = lambda: 0
    count = 0
    for _ in result:
        count += 1
        stop.set()
    assert count == 1


@pytest.mark.parametrize(
    ("to_come", "cached", "pays"),
    [(200_000, False, True), (100_000, False, False), (5_000, True, True), (3_000, True, False), (0, True, False)],
)
def test_compiling_pays_if_enough_is_to_come(
    monkeypatch: pytest.MonkeyPatch, to_come: int, cached: bool, pays: bool
) -> None:
    monkeypatch.setattr(simulators, "is_cached", lambda: cached)
    captures, result = endless()
    captures.estimate_remaining = lambda: to_come
    result.packets = simulators.BEGINNING
    assert result._compiling_pays() is pays
    result.packets = simulators.BEGINNING - 1
    assert result._compiling_pays() is False


# --- single packets --------------------------------------------------------------------------------------------


def firewall(mode: Any = "stateful", rules: Any = EDGE, **document: Any) -> Simulator:
    return Simulator(ruleset_of(rules, **document), mode=mode)


SYN = IP(src="10.1.0.5", dst="203.0.113.80") / TCP(sport=40000, dport=443, flags="S", seq=1000)
SYN_ACK = IP(src="203.0.113.80", dst="10.1.0.5") / TCP(sport=443, dport=40000, flags="SA", seq=5000, ack=1001)


def test_a_conversation_is_decided_packet_by_packet() -> None:
    wall = firewall()
    first = wall.decide(SYN, at=0.0, iif="lan")
    assert (first.admitted, first.ct_state, first.rule, first.connection) == (True, CtState.NEW, "out", 1)
    second = wall.decide(SYN_ACK, at=0.5, iif="wan")
    assert (second.admitted, second.ct_state, second.ct_direction) == (True, CtState.ESTABLISHED, Direction.REPLY)
    assert (second.tcp_state_before, second.tcp_state) == (TcpState.SYN_SENT, TcpState.SYN_RECV)


def test_a_decision_knows_everything_by_name() -> None:
    decision = firewall().decide(SYN_ACK, iif="wan")
    assert decision == Decision(
        mode="stateful", verdict=Verdict.DROP, reason=Reason.TCP_NOT_AN_OPENING, reject_with=RejectWith.NONE,
        hook=Hook.FORWARD, chain="rules", rule="broken", line=None, mirror=False, ct_state=CtState.INVALID,
        ct_direction=Direction.NONE, tcp_state_before=None, tcp_state=None, connection=None,
        evidence=("synack-without-syn",),
    )  # fmt: skip
    assert not decision.admitted


def test_the_line_of_the_rule_is_that_of_its_file() -> None:
    wall = Simulator(fwsim.load_ruleset(OFFICE))
    lines = Path(OFFICE).read_text().splitlines()
    decision = wall.decide(IP(src="10.1.0.7", dst="203.0.113.80") / TCP(dport=443, flags="S"))
    assert decision.line is not None
    assert "name: staff web" in lines[decision.line - 1]
    policy = wall.decide(IP(src="203.0.113.80", dst="10.1.0.7") / TCP(dport=22, flags="S"))
    assert policy.line is not None
    assert (policy.rule, lines[policy.line - 1].strip()) == ("policy", "policy: drop")


def test_stateless_decisions_do_not_depend_on_what_came_before() -> None:
    wall = firewall("stateless")
    before = wall.decide(SYN_ACK, iif="wan")
    wall.decide(SYN, iif="lan")
    assert (before.verdict, before.mirror, before.reason) == (Verdict.ACCEPT, True, Reason.MIRROR)
    assert wall.decide(SYN_ACK, iif="wan").verdict == before.verdict


def test_the_time_goes_on_only_as_told_and_never_back() -> None:
    wall = firewall()
    query = IP(src="10.1.0.5", dst="203.0.113.80") / UDP(sport=40000, dport=53) / b"?"
    answer = IP(src="203.0.113.80", dst="10.1.0.5") / UDP(sport=53, dport=40000) / b"!"
    wall.decide(query, at=100)
    assert wall.decide(answer).ct_state == CtState.ESTABLISHED
    assert wall.decide(answer, at=1).ct_state == CtState.ESTABLISHED
    assert wall.decide(answer, at=129.9).ct_state == CtState.ESTABLISHED
    assert wall.decide(answer, at=300).ct_state == CtState.NEW


def test_an_interface_that_is_told_is_where_the_packet_came_in() -> None:
    wall = firewall()
    forged = wall.decide(SYN, iif="wan")
    assert (forged.verdict, forged.evidence) == (Verdict.DROP, ("spoofed-source",))
    assert wall.decide(SYN).admitted  # guessed from its source


def test_frames_and_bare_packets_are_the_same() -> None:
    bare, framed = firewall(), firewall()
    assert bare.decide(SYN, iif="lan") == framed.decide(Ether() / SYN, iif="lan")


def test_ipv6_and_icmp_are_decided_too() -> None:
    wall = firewall()
    assert wall.decide(IPv6(src="fd00:1::5", dst="2001:db8::80") / TCP(dport=443, flags="S")).admitted
    assert wall.decide(IP(src="10.1.0.5", dst="203.0.113.80") / ICMP(id=3)).admitted
    reply = wall.decide(IP(src="203.0.113.80", dst="10.1.0.5") / ICMP(type=0, id=3))
    assert reply.ct_state == CtState.ESTABLISHED
    assert reply.tcp_state is None


def test_a_frame_that_is_not_ip_is_not_evaluated() -> None:
    decision = firewall().decide(Ether() / ARP())
    assert (decision.verdict, decision.reason, decision.hook) == (Verdict.NOT_EVALUATED, Reason.NOT_IP, None)


def test_an_unknown_decision_is_not_admitted() -> None:
    wall = firewall(rules=[{"name": "perhaps", "oif": "wan", "verdict": "accept"}])
    decision = wall.decide(IP(src="10.1.0.5", dst=NOWHERE) / TCP(flags="S"))
    assert (decision.verdict, decision.admitted) == (Verdict.UNKNOWN, False)


@pytest.mark.parametrize(
    ("mode", "packet", "rules", "line"),
    [
        ("stateful", SYN, EDGE, "stateful: accept, by rule 'out' of chain 'rules', ct state new"),
        (
            "stateful", SYN_ACK, EDGE,
            "stateful: drop, by rule 'broken' of chain 'rules', ct state invalid, tcp-not-an-opening, "
            "evidence synack-without-syn",
        ),
        (
            "stateless", SYN_ACK, EDGE,
            "stateless: accept, by rule 'out' of chain 'rules', through its mirror image, mirror, "
            "evidence synack-without-syn",
        ),
        ("stateful", SYN, [], "stateful: drop, by policy of chain 'rules'"),
        ("stateful", Ether() / ARP(), EDGE, "stateful: not_evaluated, not-ip"),
    ],
)  # fmt: skip
def test_a_printed_decision_explains_itself(mode: str, packet: Any, rules: Any, line: str) -> None:
    assert str(firewall(mode, rules).decide(packet)) == line


def test_interfaces_and_local_addresses_may_be_given_beside_the_ruleset() -> None:
    ruleset = ruleset_of([{"name": "mine", "iif": "lan", "verdict": "accept"}])
    wall = Simulator(ruleset, interfaces={"lan": ["192.0.2.0/24"]}, local=["192.0.2.1"])
    decision = wall.decide(IP(src="192.0.2.9", dst="192.0.2.1") / UDP())
    assert (decision.rule, decision.hook) == ("mine", Hook.INPUT)
