"""Fragments of a chunk, put together and told apart: decisions, evidence, what counts, what waits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fwsim.capture.crafting import UDP, Ip, fragment_of, in_pieces, udp_datagram
from fwsim.defragmenting import Defragmenter
from fwsim.terms import CtState, Evidence, Reason, Verdict
from tests.deciding import EDGE, HERE, HERE6, THERE, THERE6, Wall, error_about, udp
from tests.playbook_capture import Frame
from tests.playbook_simulator import POLICIES, stage_rules
from tests.properties.test_fragments_change_nothing import framed
from tests.replaying import Outcome, replay

INSIDE, OUTSIDE = "10.1.0.23", "203.0.113.80"


def question(size: int = 100, **ip: Any) -> Ip:
    """A UDP datagram from inside."""
    return Ip(INSIDE, OUTSIDE, UDP, udp_datagram(INSIDE, OUTSIDE, (40000, 53), bytes(size)), ip_id=7, **ip)


def judged(*packets: Ip, policy: str = "edge") -> Outcome:
    """A replay on the stage."""
    return replay(framed(list(packets)), stage_rules(POLICIES[policy], local=[]))


def test_every_fragment_has_the_decision_and_the_rules_were_tried_once() -> None:
    first, second, third = in_pieces(question(), 40)
    found = judged(third, first, second)
    assert found.column("verdict") == [Verdict.ACCEPT] * 3
    assert found.column("ct_state") == [CtState.NEW] * 3
    assert found.column("connection") == [1, 1, 1]
    assert [tried > 0 for tried in found.column("tried")] == [False, False, True]
    assert found.frames["further"].tolist() == [1, 1, 0]
    assert (found.connections[0]["opened_frame"], len(found.connections)) == (3, 1)


def test_without_state_every_fragment_is_judged_by_itself() -> None:
    rules = stage_rules(
        [{"name": "dns", "proto": "udp", "dport": 53, "ct_state": "new", "verdict": "accept"}], local=[]
    )
    found = replay(framed(in_pieces(question(), 40)), rules)
    assert found.column("verdict", "stateless") == [Verdict.ACCEPT, Verdict.DROP, Verdict.DROP]
    assert found.column("verdict") == [Verdict.ACCEPT] * 3
    assert found.column("mirror", "stateless") == [0, 0, 0]


def test_fragments_of_a_refused_datagram_are_all_refused_and_carry_its_evidence() -> None:
    answer = Ip(OUTSIDE, INSIDE, UDP, udp_datagram(OUTSIDE, INSIDE, (53, 40000), bytes(100)), ip_id=7)
    found = judged(*in_pieces(answer, 64))
    assert found.column("verdict") == [Verdict.DROP] * 2
    assert found.frames["evidence"].tolist() == [Evidence.UDP_REPLY_WITHOUT_REQUEST] * 2
    assert found.frames["further"].tolist() == [1, 0]


def test_evidence_of_one_fragment_is_evidence_of_all() -> None:
    land = Ip(OUTSIDE, OUTSIDE, UDP, udp_datagram(OUTSIDE, OUTSIDE, (53, 53), bytes(100)), ip_id=7)
    found = judged(*in_pieces(land, 64))
    assert all(evidence & Evidence.LAND for evidence in found.frames["evidence"].tolist())
    assert found.frames["further"].tolist() == [1, 0]


def test_an_overlap_is_evidence_against_the_datagram_counted_once() -> None:
    whole = question()
    found = judged(fragment_of(whole, 0, 64), fragment_of(whole, 72, 80), fragment_of(whole, 56, 72))
    assert found.column("verdict") == [Verdict.NOT_EVALUATED] * 3
    assert found.column("reason") == [Reason.FRAGMENT_OVERLAP] * 3
    assert found.frames["evidence"].tolist() == [Evidence.OVERLAPPING_FRAGMENT] * 3
    assert found.frames["further"].tolist() == [1, 1, 0]
    assert found.connections == []


def test_what_the_capture_does_not_hold_is_incomplete() -> None:
    first, _, third = in_pieces(question(), 40)
    found = judged(first, third, question(20))
    assert found.column("reason")[:2] == [Reason.FRAGMENT_INCOMPLETE] * 2
    assert found.column("verdict") == [Verdict.NOT_EVALUATED] * 2 + [Verdict.ACCEPT]
    assert found.frames["further"].tolist() == [0, 1, 0]


@pytest.mark.parametrize("chunk_rows", [1, 2, 100])
def test_a_timeout_needs_no_fragment_to_be_noticed(chunk_rows: int) -> None:
    frames = framed([in_pieces(question(), 40)[0], question(20), question(30)])
    late: list[Frame] = [frames[0], *(replace(f, at_ns=f.at_ns + 31_000_000_000) for f in frames[1:])]
    found = replay(late, stage_rules(POLICIES["edge"], local=[]), chunk_rows=chunk_rows)
    assert found.column("reason")[0] == Reason.FRAGMENT_TIMEOUT


def test_a_duplicate_is_discarded_and_counts_with_its_datagram() -> None:
    first, second = in_pieces(question(), 64)
    found = judged(first, first, second)
    assert found.column("verdict") == [Verdict.ACCEPT, Verdict.NOT_EVALUATED, Verdict.ACCEPT]
    assert found.column("reason")[1] == Reason.FRAGMENT_DUPLICATE
    assert found.frames["further"].tolist() == [1, 1, 0]


def test_the_hop_limit_that_counts_is_that_of_the_first_fragment() -> None:
    first, second = in_pieces(question(), 64)
    assert judged(replace(first, ttl=1), second).column("reason") == [Reason.TTL_EXPIRED] * 2
    assert judged(first, replace(second, ttl=1)).column("verdict") == [Verdict.ACCEPT] * 2


def test_an_icmp_error_in_fragments_finds_its_connection() -> None:
    wall = Wall(EDGE)
    wall.ask(udp())
    decision = [wall.ask(piece) for piece in in_pieces(replace(error_about(udp(), THERE), ip_id=5), 16)][-1]
    assert (decision.ct_state, decision.reason) == (CtState.RELATED, Reason.ICMP_ERROR_RELATED)


@pytest.mark.parametrize("ends", [(HERE, THERE), (HERE6, THERE6)])
def test_a_simulator_asked_packet_by_packet_says_that_a_fragment_waits(ends: tuple[str, str]) -> None:
    wall = Wall(EDGE)
    first, second = in_pieces(replace(udp(*ends, data=100), ip_id=9), 64)
    waiting = wall.ask(first)
    assert (waiting.verdict, waiting.reason) == (Verdict.NOT_EVALUATED, Reason.FRAGMENT_WAITING)
    assert str(waiting) == "stateful: not_evaluated, fragment-waiting"
    assert wall.ask(second).admitted


def test_who_does_not_ask_later_is_kept_nothing_for() -> None:
    wall = Wall(EDGE)
    first, second = in_pieces(replace(udp(data=100), ip_id=9), 64)
    for packet in (first, second):
        wall.ask(packet)
    keeper = wall.simulator.defragmenter
    assert isinstance(keeper, Defragmenter)
    assert not keeper.final
    assert not keeper.pending


def test_a_batch_waits_until_all_is_said_about_it() -> None:
    """Who holds it back asks from another thread, at any time."""
    told: list[bool] = []

    class Watched(dict[int, int]):
        def __setitem__(self, serial: int, count: int) -> None:
            super().__setitem__(serial, count)
            if not count:
                told.append(bool(defragmenter.final.get(serial)))

    class Watching(Defragmenter):
        def __init__(self) -> None:
            super().__init__()
            self.pending = Watched()

    defragmenter = Watching()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fwsim.simulator.Defragmenter", lambda: defragmenter)
        replay(framed(in_pieces(question(), 40)), stage_rules(POLICIES["edge"], local=[]), chunk_rows=1)
    assert told == [True, True]


def test_a_cut_fragment_is_not_guessed_at() -> None:
    """Its datagram goes by what was captured; here not even the ports were."""
    wall = Wall(EDGE)
    first, second = in_pieces(replace(udp(data=100), ip_id=9), 64)
    wall.ask(first, cut=14 + 20 + 2)
    decision = wall.ask(second)
    assert (decision.verdict, decision.evidence) == (Verdict.UNKNOWN, ("cut",))
