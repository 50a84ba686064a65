"""Numbers in decisions, and the names they stand for."""

from __future__ import annotations

from fwsim.naming import DECISION_WORDS
from fwsim.terms import Reason, RejectWith, Verdict
from tests.batches import naming


def test_rules_are_named_or_numbered_and_policies_called_so() -> None:
    names = naming().rules["stateful"]
    assert [names.rule(number) for number in (0, 2, -2, -1)] == ["replies", "3", "policy", None]
    assert [names.title(number, 0) for number in (0, 2, -2, -1)] == [
        '"replies"', "rule 3 of forward", "policy of forward", None,
    ]  # fmt: skip
    assert [names.line(number, 0) for number in (0, -2, -1)] == [13, 8, None]
    assert names.line(-2, -1) is None
    assert (names.chain(0), names.chain(-1)) == ("forward", None)


def test_unknown_interfaces_have_no_name() -> None:
    assert [naming().interface(number) for number in (1, -1, -2)] == ["wan", None, None]
    assert naming().file(0) == "office.pcapng"


def test_every_verdict_and_reason_has_its_word() -> None:
    assert set(DECISION_WORDS["verdict"]) == set(map(int, Verdict))
    assert set(DECISION_WORDS["reason"]) == set(map(int, Reason))
    assert RejectWith.NONE not in DECISION_WORDS["reject_with"]
    assert DECISION_WORDS["tcp_state"][3] == "ESTABLISHED"
