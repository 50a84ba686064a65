"""The key of the connection table's hash changes nothing, not even where a connection lies in the table."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.replaying import assert_same_decisions, assert_same_tables, replay
from tests.scenes import Scene, perform
from tests.strategies import Policy, policies, scenes

KEYS = st.sampled_from((0, 1, (1 << 28) - 1)) | st.integers(0, (1 << 28) - 1)


@given(scenes(), policies(), KEYS, KEYS)
def test_another_key_changes_nothing(scene: Scene, policy: Policy, one: int, other: int) -> None:
    frames = [taken.frame for taken in perform(scene)]
    first = replay(frames, policy.ruleset(), key=one)
    second = replay(frames, policy.ruleset(), key=other)
    assert_same_decisions(first, second)
    assert_same_tables(first, second)
    assert {**first.counters, "hash_key": 0} == {**second.counters, "hash_key": 0}
