"""Searches through one of two rulesets, all within one budget of steps.

Read first: `sides`, `fwsim.space.search`. Regions come and go by the common numbers of fields; what a ruleset does not
look at stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from fwsim.space import Goal, Leaf, Search
from fwsim.space.intervals import Set
from fwsim.space.ways import Stop

from .sides import Region, Side

STEPS = 600_000
"""How many regions are looked at in all."""


class Budget:
    """How many steps are left for a whole comparison."""

    def __init__(self, steps: int = STEPS) -> None:
        """So many."""
        self.left = steps
        self.floor = 0
        """How many are to be left, for now."""
        self.fell_short = False
        """Whether a search was given up because of that."""
        self.exceeded = False
        """Whether one was given up since none was left."""

    @contextmanager
    def of_these(self, steps: int | None) -> Iterator[None]:
        """Within this, at most so many more are taken; afterwards `fell_short` says whether that was too few."""
        self.fell_short = False
        self.floor = 0 if steps is None else max(self.left - steps, 0)
        yield
        self.floor = 0

    def gave_up(self) -> None:
        """A search was not complete."""
        if self.floor:
            self.fell_short = True
        else:
            self.exceeded = True


class Reached(NamedTuple):
    """A region that a search has found, by the common numbers, and how."""

    region: dict[int, Set | None]
    leaf: Leaf


class Walker:
    """One ruleset and its way, to be searched for this and that."""

    def __init__(self, side: Side, way: Sequence[Stop], budget: Budget) -> None:
        """The way that packets take through it."""
        self.side = side
        self.way = way
        self.budget = budget
        self._idle: dict[Goal, list[Search]] = {}

    def reach(self, goal: Goal, region: Region) -> Iterator[Reached]:
        """The parts of a region that reach a goal."""
        idle = self._idle.setdefault(goal, [])
        search = idle.pop() if idle else Search(self.side.model, self.way, goal)
        search.complete = True
        found = search.leaves(self.side.own(region))
        while True:
            search.left = before = self.budget.left - self.budget.floor
            leaf = next(found, None)
            self.budget.left -= before - search.left
            if leaf is None:
                break
            yield Reached({**region, **self.side.in_common(leaf.packets)}, leaf)
        if not search.complete:
            self.budget.gave_up()
        idle.append(search)
