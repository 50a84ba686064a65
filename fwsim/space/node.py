"""Where a region of packets has come to on its way.

Read first: `model`, `ways`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from fwsim.engine.program import TRUE

from .index import View
from .intervals import Set

Region = tuple[Set | None, ...]
"""For each field of a model its values; None: not known to rules."""

NO_CHAIN = -1
POLICY = -1
"""Instead of the number of a rule: the policy."""


class Narrowing(NamedTuple):
    """A view that has yet to be narrowed: a field of the region got fewer values, `removed` ones less if told."""

    view: View
    place: int
    removed: Set | None


class Node(NamedTuple):
    """A region at rule number `at` of a chain, or (`chain` NO_CHAIN) before the next stop of the way.

    `under` are the values with which the packets came of fields that are seen with others now; `stack` the places to
    return to; `view` what the chain's rules say of the region, if that was asked. `kept` are truths that rules have
    kept, `doubts` the numbers of the rules of which it is not known whether they apply, or did; `by` the rule that let
    the region pass last. Inside a rule (`step` 0 or more): the step to take, the truth so far, the value being made.
    `trail`: see Leaf.
    """

    stop: int
    region: Region
    under: tuple[tuple[int, Set | None], ...] = ()
    passed: bool = False
    chain: int = NO_CHAIN
    at: int = 0
    stack: tuple[tuple[int, int], ...] = ()
    view: View | Narrowing | None = None
    kept: tuple[tuple[int, int], ...] = ()
    doubts: tuple[int, ...] = ()
    by: tuple[int, int] = (POLICY, NO_CHAIN)
    step: int = -1
    truth: int = TRUE
    value: int = 0
    trail: tuple[tuple[int, int], ...] = ()

    def noting(self, line: int, truth: int) -> Node:
        """The node with another line on its trail."""
        return self._replace(trail=(*self.trail, (line, truth)))

    def seeing(self, place: int, values: Set | None) -> Node:
        """The node with other values of a field; what its chain says of it has to be asked anew."""
        return self._replace(region=(*self.region[:place], values, *self.region[place + 1 :]), view=None)


@dataclass(frozen=True)
class Leaf:
    """A region that reaches the goal: the packets as they come, by field; None where a value is not known.

    `rule` is the line that decided last, or POLICY of the `chain`. If there are `doubts`, these are the lines of which
    it is not known whether they apply to the packets on this way, so that packets may take another one.
    """

    packets: Mapping[int, Set | None]
    verdict: int
    rule: int
    chain: int
    doubts: tuple[int, ...] = ()
    trail: tuple[tuple[int, int], ...] = ()
