"""Renaming addresses consistently, in the packets, the rules and the networks behind interfaces, changes nothing."""

from __future__ import annotations

from hypothesis import given

from tests.replaying import assert_same_decisions, assert_same_tables, replay
from tests.scenes import BRANCH, OFFICE, Scene, perform
from tests.strategies import Policy, policies, scenes


@given(scenes(), policies())
def test_the_same_people_elsewhere_are_judged_alike(scene: Scene, policy: Policy) -> None:
    here = replay([t.frame for t in perform(scene, OFFICE)], policy.ruleset(OFFICE))
    there = replay([t.frame for t in perform(scene, BRANCH)], policy.ruleset(BRANCH))
    assert_same_decisions(here, there)
    assert_same_tables(here, there, except_for=("original", "reply"))
