"""The numbers that a lowered ruleset uses."""

from __future__ import annotations

from fwsim.engine import program
from fwsim.terms import Verdict


def numbers(prefix: str) -> list[int]:
    return [
        value for name, value in vars(program).items() if name.startswith(prefix) and not name.startswith("OP_LAST")
    ]


def test_no_two_operations_ends_or_kinds_share_a_number() -> None:
    for prefix in ("OP_", "V_", "BY_"):
        assert sorted(numbers(prefix)) == list(range(len(numbers(prefix))))


def test_a_rule_that_decides_ends_with_the_number_of_its_verdict() -> None:
    assert (program.V_ACCEPT, program.V_DROP, program.V_REJECT) == (Verdict.ACCEPT, Verdict.DROP, Verdict.REJECT)
    assert min(program.V_CONTINUE, program.V_JUMP, program.V_GOTO, program.V_RETURN) > Verdict.REJECT


def test_only_matches_come_before_the_last_match() -> None:
    matches = {program.OP_VALUE, program.OP_ADDRESS, program.OP_CHOICE}
    assert {number for number in numbers("OP_") if number <= program.OP_LAST_MATCH} == matches


def test_a_word_of_rules_is_never_negative() -> None:
    assert program.ALL_RULES == 2**program.RULES_A_WORD - 1 == 2**63 - 1


def test_the_three_truths_differ() -> None:
    assert len({program.TRUE, program.FALSE, program.MAYBE}) == 3
