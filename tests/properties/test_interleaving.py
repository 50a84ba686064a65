"""Unrelated conversations do not touch each other: what happens to one is what would have happened to it alone."""

from __future__ import annotations

from typing import Any

from hypothesis import given

from fwsim.tables import DECISION
from tests.replaying import OF_THE_TABLE, cut_down, replay
from tests.scenes import Scene, Taken, perform
from tests.strategies import Policy, policies, scenes

FIELDS = [name for name in DECISION.names or () if name != "connection"]
FRAME_NUMBERS = ("opened_frame", "last_frame")


@given(scenes(orderly=True), policies(limits=False))
def test_a_conversation_among_others_is_judged_as_alone(scene: Scene, policy: Policy) -> None:
    taken = perform(scene)
    together = replay([one.frame for one in taken], policy.ruleset())
    for number in range(len(scene.talks)):
        rows = [row for row, one in enumerate(taken) if one.talk == number]
        alone = replay([taken[row].frame for row in rows], policy.ruleset())
        for mode in ("stateless", "stateful"):
            for name in FIELDS:
                assert [together.column(name, mode)[row] for row in rows] == alone.column(name, mode), (mode, name)
        assert together.frames["evidence"][rows].tolist() == alone.frames["evidence"].tolist()
        assert_one_to_one(together.frames["connection"][rows].tolist(), alone.frames["connection"].tolist())


@given(scenes(orderly=True), policies(limits=False))
def test_the_table_holds_what_each_conversation_would_have_left(scene: Scene, policy: Policy) -> None:
    taken = perform(scene)
    together = replay([one.frame for one in taken], policy.ruleset())
    for name in ("connections", "ghosts"):
        apart: list[dict[str, Any]] = []
        for number in range(len(scene.talks)):
            alone = replay([one.frame for one in taken if one.talk == number], policy.ruleset())
            apart += still_alive(getattr(alone, name), taken)
        assert sorted(map(repr, apart)) == sorted(map(repr, still_alive(getattr(together, name), taken)))


def still_alive(connections: list[dict[str, Any]], taken: list[Taken]) -> list[dict[str, Any]]:
    """The connections that outlive the last frame of all, without their places in the table."""
    end = max((one.frame.at_ns for one in taken), default=0)
    return [cut_down(c, OF_THE_TABLE + FRAME_NUMBERS) for c in connections if c["expires"] > end]


def assert_one_to_one(numbers: list[int], others: list[int]) -> None:
    """Two numberings of the same connections."""
    pairs = set(zip(numbers, others, strict=True))
    assert len({a for a, _ in pairs}) == len({b for _, b in pairs}) == len(pairs)
    assert all((a == 0) == (b == 0) for a, b in pairs)
