"""Log messages as decisions."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.engine.path import LOCAL
from fwsim.kernel.answers import Reader, blank
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
    reader = Reader(lower(Ruleset.model_validate(CHAINS), interfaces=()))
    decisions, packets = empty(DECISION, rows), empty(PACKET, rows)
    packets["hook"] = hook
    for name, values in fields.items():
        packets[name] = values
    blank(decisions)
    reader.read(decisions, packets, [Heard(100 + row, at, prefix) for row, at, prefix in heard], 100)
    return [plain(decision) for decision in decisions]


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
    assert (accepted["verdict"], accepted["chain"], accepted["rule"]) == (Verdict.ACCEPT, 1, -2)


def test_a_rejection_tells_its_answer() -> None:
    (decision,) = read((0, FORWARD, "R2"))
    assert (decision["verdict"], decision["reject_with"]) == (Verdict.REJECT, RejectWith.TCP_RESET)


def test_accepted_but_not_gone_through_was_discarded_by_the_stack() -> None:
    (decision,) = read((0, 0, "S2r"), (0, FORWARD, "R0"))
    assert (decision["verdict"], decision["chain"], decision["ct_state"]) == (Verdict.NOT_EVALUATED, ABSENT, 2)


def test_without_a_chain_it_goes_through_unseen() -> None:
    (decision,) = read((0, 0, "S1-"), (0, INPUT, "E1"), hook=INPUT)
    assert (decision["verdict"], decision["hook"], decision["reason"]) == (Verdict.ACCEPT, INPUT, Reason.NO_CHAIN)
    assert decision["ct_direction"] == 2


@pytest.mark.parametrize(("ends", "verdict"), [(["E4"], Verdict.NOT_EVALUATED), (["E4", "E1"], Verdict.ACCEPT)])
def test_from_local_to_local_both_ends_are_passed(ends: list[str], verdict: Verdict) -> None:
    (decision,) = read((0, OUTPUT, "S8o"), *((0, int(end[1]), end) for end in ends), hook=LOCAL)
    assert decision["verdict"] == verdict


def test_fragments_share_what_was_heard_of_one_of_them() -> None:
    heard = [(1, 0, "S8o"), (1, FORWARD, "R1")]
    decisions = read(*heard, rows=4, fragment=[2, 1, 2, 0], ip_id=[7, 7, 8, 7])
    verdicts = [decision["verdict"] for decision in decisions]
    assert verdicts == [Verdict.DROP, Verdict.DROP, Verdict.NOT_EVALUATED, Verdict.NOT_EVALUATED]


def test_what_belongs_to_an_earlier_chunk_is_passed_over() -> None:
    (decision,) = read((-3, FORWARD, "R1"))
    assert decision["verdict"] == Verdict.NOT_EVALUATED
