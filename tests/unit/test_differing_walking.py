"""Searches within one budget."""

from __future__ import annotations

from fwsim.differing.sides import sides_of
from fwsim.differing.universe import start_of
from fwsim.differing.walking import Budget, Walker
from fwsim.space import Goal, way_through
from fwsim.space.fields import DPORT
from fwsim.terms import Hook, Verdict
from tests.differing import model

RULES = [{"proto": "tcp", "dport": port, "verdict": "drop"} for port in range(1, 30)]
RULES += [{"proto": "tcp", "dport": "20-40", "verdict": "accept"}]
ACCEPTED = Goal(frozenset((int(Verdict.ACCEPT),)))


def walker(budget: Budget) -> Walker:
    written = model({"chains": {"forward": {"hook": "forward", "policy": "drop", "rules": RULES}}})
    side = sides_of(written, written).old
    return Walker(side, way_through(side.model, int(Hook.FORWARD)), budget)


def test_a_region_keeps_what_the_ruleset_does_not_look_at() -> None:
    (one,) = walker(Budget()).reach(ACCEPTED, {**start_of(2, 4, 2), 200: ((5, 5),)})
    assert one.region[200] == ((5, 5),)
    assert one.region[DPORT] == ((30, 40),)


def test_a_budget_that_is_used_up_is_exceeded() -> None:
    budget = Budget(2)
    assert list(walker(budget).reach(ACCEPTED, start_of(2, 4, 2))) == []
    assert budget.exceeded


def test_a_few_steps_may_fall_short_without_exceeding_the_budget() -> None:
    budget = Budget(1_000)
    with budget.of_these(2):
        assert list(walker(budget).reach(ACCEPTED, start_of(2, 4, 2))) == []
    assert budget.fell_short
    assert not budget.exceeded
    assert len(list(walker(budget).reach(ACCEPTED, start_of(2, 4, 2)))) == 1
    assert budget.left < 1_000
