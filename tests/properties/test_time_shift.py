"""Shifting all timestamps changes nothing: only differences of time matter, also to limits and timeouts."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.playbook_stage import START_NS
from tests.replaying import TIMES, Outcome, assert_same_decisions, assert_same_tables, replay
from tests.scenes import Scene, perform
from tests.strategies import Policy, policies, scenes

LATEST = 1 << 61
STARTS = st.sampled_from((0, 1, 999_999_999, START_NS - 1, START_NS + 86_400 * 10**9, LATEST)) | st.integers(0, LATEST)


@given(scenes(), policies(), STARTS)
def test_another_start_changes_nothing_but_the_times(scene: Scene, policy: Policy, start: int) -> None:
    before = replay([t.frame for t in perform(scene)], policy.ruleset())
    after = replay([t.frame for t in perform(scene, start_ns=start)], policy.ruleset())
    assert_same_decisions(before, after)
    assert_same_tables(before, after, except_for=(*TIMES, "heap_key"))
    assert times_of(before, START_NS) == times_of(after, start)


def times_of(outcome: Outcome, start: int) -> list[list[Any]]:
    """The times that connections and ghosts remember, counted from the start."""
    return [[listed[name] - start for name in TIMES] for listed in outcome.connections + outcome.ghosts]
