"""A rule behind one that catches everything is never named in a decision, and changes none."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.replaying import assert_same_decisions, assert_same_tables, replay
from tests.scenes import Json, Scene, perform
from tests.strategies import BASES, EXTRAS, Policy, policies, scenes

CATCHES = st.sampled_from(("accept", "drop", "reject"))
BEHIND = st.lists(st.sampled_from(EXTRAS + tuple(rule for base in BASES for rule in base)), min_size=1, max_size=4)


@given(scenes(), policies(), CATCHES, BEHIND)
def test_nothing_behind_a_catch_all_decides(scene: Scene, policy: Policy, verdict: str, behind: list[Json]) -> None:
    caught = (*policy.rules, {"name": "everything", "verdict": verdict})
    frames = [taken.frame for taken in perform(scene)]
    short = replay(frames, replace(policy, rules=caught).ruleset())
    extended = replay(frames, replace(policy, rules=(*caught, *behind)).ruleset())
    named = {*extended.column("rule"), *extended.column("rule", "stateless")}
    assert max(named, default=-1) < len(caught)
    if short.simulator.lowered["stateful"].uses_ct == extended.simulator.lowered["stateful"].uses_ct:
        assert_same_decisions(short, extended)
        assert_same_tables(short, extended)
