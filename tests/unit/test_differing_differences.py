"""All modes, hooks and families."""

from __future__ import annotations

from fwsim.differing.differences import Comparison
from tests.differing import model

OLD = {"rules": [{"proto": "tcp", "dport": 22, "verdict": "accept"}], "policy": "drop"}
NEW = {"rules": [], "policy": "drop"}


def test_a_chain_at_several_hooks_differs_at_each_for_both_families() -> None:
    found = list(Comparison(model(OLD), model(NEW)).differences())
    assert {(one.hook, one.family) for one in found} == {(hook, family) for hook in (1, 2, 3, 5) for family in (4, 6)}
    assert {one.mode for one in found} == {"stateful"}  # which is the same as stateless here


def test_one_family_may_be_asked_for() -> None:
    found = Comparison(model(OLD), model(NEW), families=(6,)).differences()
    assert {one.family for one in found} == {6}


def test_modes_are_the_same_unless_connections_are_asked_for() -> None:
    assert Comparison(model(OLD), model(NEW)).stateless_is_the_same
    asking = {"rules": [{"ct_state": "new", "verdict": "accept"}]}
    assert not Comparison(model(OLD), model(asking)).stateless_is_the_same


def test_a_budget_that_is_too_small_is_exceeded() -> None:
    comparison = Comparison(model(OLD), model(NEW), steps=3)
    list(comparison.differences())
    assert comparison.budget.exceeded
