"""Log messages as decisions."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.engine.path import LOCAL
from fwsim.kernel import answers
from fwsim.kernel.answers import Answer, Reader, blank
from fwsim.kernel.orders import Heard
from fwsim.lower import lower
from fwsim.ruleset import Ruleset
from fwsim.tables import DECISION, PACKET, empty, plain
from fwsim.terms import ABSENT, Hook, Reason, RejectWith, Verdict

CHAINS: dict[str, Any] = {
    "chains": {
        "forward": {"hook": "forward", "policy": "drop", "rules": [
            {"name": "good", "ct_state": "new", "verdict": "accept"},
            {"name": "bad", "proto": "udp", "verdict": "drop"},
            {"name": "rude", "proto": "tcp", "verdict": "reject", "reject_with": "tcp-reset"},
        ]},
        "late": {"hook": "postrouting", "rules": [{"name": "later", "proto": "udp", "verdict": "drop"}]},
    }
}  # fmt: skip
FORWARD, POSTROUTING, INPUT, OUTPUT = (int(h) for h in (Hook.FORWARD, Hook.POSTROUTING, Hook.INPUT, Hook.OUTPUT))


def read(*heard: tuple[int, int, str], rows: int = 1, hook: int = FORWARD, **fields: list[int]) -> list[dict[str, int]]:
    """Decisions from messages of (row, hook, prefix)."""
    return [plain(decision) for decision in answered(*heard, rows=rows, hook=hook, **fields).decisions]


def answered(*heard: tuple[int, int, str], rows: int = 1, hook: int = FORWARD, **fields: list[int]) -> Answer:
    """The answer that these messages make."""
    return answer_of(
        Reader(lower(Ruleset.model_validate(CHAINS), interfaces=())), 100, *heard, rows=rows, hook=hook, **fields
    )


def answer_of(
    reader: Reader, first: int, *heard: tuple[int, int, str], rows: int = 1, hook: int = FORWARD, **fields: list[int]
) -> Answer:
    """The same by a reader that may have answered before; row 0 has the number `first`."""
    answer, packets = Answer(empty(DECISION, rows)), empty(PACKET, rows)
    packets["hook"] = hook
    for name, values in fields.items():
        packets[name] = values
    blank(answer.decisions)
    reader.read(answer, packets, [Heard(first + row, at, prefix) for row, at, prefix in heard], first)
    return answer


def test_nothing_heard_means_that_no_rule_saw_it() -> None:
    (decision,) = read()
    assert decision["verdict"] == Verdict.NOT_EVALUATED
    assert (decision["hook"], decision["rule"], decision["tcp_state"]) == (ABSENT, ABSENT, ABSENT)


def test_accepted_by_a_rule_and_gone_through() -> None:
    (decision,) = read((0, 0, "S8o"), (0, FORWARD, "R0"), (0, POSTROUTING, "E4"))
    assert (decision["verdict"], decision["chain"], decision["rule"]) == (Verdict.ACCEPT, 0, 0)
    assert (decision["ct_state"], decision["ct_direction"], decision["reason"]) == (8, 0, Reason.RULE)


def test_the_last_to_decide_counts() -> None:
    (decision,) = read((0, FORWARD, "R0"), (0, POSTROUTING, "R3"))
    assert (decision["verdict"], decision["hook"], decision["chain"]) == (Verdict.DROP, POSTROUTING, 1)


def test_a_policy_decides() -> None:
    (dropped,) = read((0, FORWARD, "P0"))
    assert (dropped["verdict"], dropped["rule"], dropped["reason"]) == (Verdict.DROP, -2, Reason.POLICY)
    (accepted,) = read((0, FORWARD, "R0"), (0, POSTROUTING, "P1"), (0, POSTROUTING, "E4"))
    assert (accepted["verdict"], accepted["chain"], accepted["rule"]) == (Verdict.ACCEPT, 0, 0)
    (policy,) = read((0, POSTROUTING, "P1"), (0, POSTROUTING, "E4"))
    assert (policy["verdict"], policy["chain"], policy["rule"]) == (Verdict.ACCEPT, 1, -2)


def test_a_rejection_tells_its_answer() -> None:
    (decision,) = read((0, FORWARD, "R2"))
    assert (decision["verdict"], decision["reject_with"]) == (Verdict.REJECT, RejectWith.TCP_RESET)


def test_accepted_but_not_gone_through_was_discarded_by_the_stack() -> None:
    (decision,) = read((0, 0, "S2r"), (0, FORWARD, "R0"))
    assert (decision["verdict"], decision["chain"], decision["ct_state"]) == (Verdict.NOT_EVALUATED, ABSENT, 2)


def test_accepted_behind_routing_but_not_gone_through_was_dropped_by_the_helper_if_there_is_one() -> None:
    gives = {"helpers": {"hook": "prerouting", "rules": [{"dport": 21, "proto": "tcp", "helper": "ftp"}]}}
    reader = Reader(lower(Ruleset.model_validate({"chains": {**CHAINS["chains"], **gives}}), interfaces=()))
    answer = answer_of(reader, 1, (0, FORWARD, "R0"), (1, 0, "P2"), rows=2)
    assert answer.decisions["verdict"].tolist() == [Verdict.DROP, Verdict.NOT_EVALUATED]
    assert answer.decisions["chain"].tolist() == [ABSENT, ABSENT]


def test_without_a_chain_it_goes_through_unseen() -> None:
    (decision,) = read((0, 0, "S1-"), (0, INPUT, "E1"), hook=INPUT)
    assert (decision["verdict"], decision["hook"], decision["reason"]) == (Verdict.ACCEPT, INPUT, Reason.NO_CHAIN)
    assert decision["ct_direction"] == 2


@pytest.mark.parametrize(("ends", "verdict"), [(["E4"], Verdict.NOT_EVALUATED), (["E4", "E1"], Verdict.ACCEPT)])
def test_from_local_to_local_both_ends_are_passed(ends: list[str], verdict: Verdict) -> None:
    (decision,) = read((0, OUTPUT, "S8o"), *((0, int(end[1]), end) for end in ends), hook=LOCAL)
    assert decision["verdict"] == verdict


def test_a_datagram_is_told_at_one_of_its_fragments_and_the_others_are_silent() -> None:
    heard = [(1, 0, "S8o"), (1, FORWARD, "R1")]
    answer = answered(*heard, rows=4, fragment=[2, 1, 2, 0], ip_id=[7, 7, 8, 7])
    drop, silence = Verdict.DROP, Verdict.NOT_EVALUATED
    assert answer.decisions["verdict"].tolist() == [silence, drop, silence, silence]
    assert answer.silent == {0, 2}


def test_what_belongs_to_a_fragment_of_an_earlier_chunk_comes_late() -> None:
    reader = Reader(lower(Ruleset.model_validate(CHAINS), interfaces=()))
    first = answer_of(reader, 100, rows=2, fragment=[1, 2])
    assert first.silent == {0, 1}
    assert first.late == {}
    second = answer_of(reader, 102, (-2, 0, "S8o"), (-2, FORWARD, "R0"), (-2, POSTROUTING, "E4"))
    assert list(second.late) == [-2]
    assert (second.late[-2]["verdict"], second.late[-2]["rule"], second.late[-2]["ct_state"]) == (Verdict.ACCEPT, 0, 8)
    assert second.decisions["verdict"].tolist() == [Verdict.NOT_EVALUATED]


def test_what_was_never_played_is_passed_over() -> None:
    answer = answered((7, 0, "S8o"), (-5, 0, "S8o"), (0, FORWARD, "R1"))
    assert answer.late == {}
    assert answer.decisions["verdict"].tolist() == [Verdict.DROP]


def test_of_the_fragments_that_wait_only_the_latest_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MOST_WAITING", 3)
    reader = Reader(lower(Ruleset.model_validate(CHAINS), interfaces=()))
    for first in (100, 102, 104):
        answer_of(reader, first, rows=2, fragment=[1, 1])
    assert list(reader.waiting) == [103, 104, 105]
    late = answer_of(reader, 106, (-1, FORWARD, "R1"), (-4, FORWARD, "R1"))
    assert list(late.late) == [-1]
