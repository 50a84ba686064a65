"""Splitting a capture anywhere changes nothing: into chunks, into pieces of a chunk, into files."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.playbook_capture import Frame
from tests.replaying import assert_same_decisions, assert_same_tables, replay
from tests.scenes import Scene, Step, Talk, perform
from tests.strategies import Policy, policies, scenes

CROWD = 100
"""More connections than a new table has rows."""
CUTS = st.lists(st.integers(0, 40), max_size=6)


@given(scenes(), policies(), st.integers(1, 12), CUTS)
def test_smaller_chunks_change_nothing(scene: Scene, policy: Policy, rows: int, cuts: list[int]) -> None:
    frames = [taken.frame for taken in perform(scene)]
    whole = replay(frames, policy.ruleset())
    split = replay(frames, policy.ruleset(), chunk_rows=rows, cuts=cuts)
    assert_same_decisions(whole, split)
    assert_same_tables(whole, split)


@given(scenes(), policies(), CUTS)
def test_several_files_change_nothing(scene: Scene, policy: Policy, cuts: list[int]) -> None:
    frames = [taken.frame for taken in perform(scene)]
    whole = replay(frames, policy.ruleset())
    split = replay(frames, policy.ruleset(), files=cuts)
    assert_same_decisions(whole, split)
    places = ("opened_frame", "opened_file", "last_frame", "last_file")
    assert_same_tables(whole, split, except_for=places)


@given(scenes(most=2, orderly=True), policies(limits=False), st.integers(1, 20))
def test_a_table_that_grows_on_the_way_changes_nothing(scene: Scene, policy: Policy, place: int) -> None:
    """In chunks of ten the table grows while conversations are open; in one chunk it has grown before the first."""
    frames = [taken.frame for taken in perform(scene)]
    crowd = [taken.frame for taken in perform(CROWDED, start_ns=frames[:place][-1].at_ns)] if frames else []
    frames = in_order(frames[:place] + crowd + frames[place:])
    whole = replay(frames, policy.ruleset())
    split = replay(frames, policy.ruleset(), chunk_rows=10)
    assert_same_decisions(whole, split)
    assert_same_tables(whole, split)


CROWDED = Scene(tuple(Talk("udp", 4, ("lan", "wan"), 3, 1000 + n, (Step(0, {}, gap=1000),)) for n in range(CROWD)))


def in_order(frames: list[Frame]) -> list[Frame]:
    return sorted(frames, key=lambda frame: frame.at_ns)
