"""Elements that are forgotten in time, of sets that no rule changes: how long each lives is one part more of it.

Read first: `fwsim.netfilter.model` (Set), `elapsed` in EXTRA of `fwsim.tables`. The ruleset counts as loaded when the
first packet comes. Sets that rules change keep the time of each element themselves (`keying`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeAlias

from fwsim.netfilter.model import Set, Table
from fwsim.netfilter.steps import Case, Choose, Element, Lookup, Match
from fwsim.ruleset.values import MatchValue, Numbers

from .asking import union
from .fields import ELAPSED

FOREVER = (1 << 62) - 1
"""More than a hundred years."""

Elements: TypeAlias = "tuple[Element, ...]"


def _while(lifetime: int) -> Numbers:
    """The times at which an element is there: it is gone when its time has come (__nft_set_elem_expired)."""
    return Numbers(((0, lifetime - 1 if lifetime else FOREVER),))


class Expiring:
    """The sets of a ruleset whose elements are forgotten, with the time as a part of each element."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._elements: dict[tuple[str, str, str], Elements] = {}

    def lookup(self, step: Lookup, own: Set, table: Table) -> Lookup:
        """A look-up in such a set, asking also how much time has gone by."""
        key = table.family, table.name, own.name
        if key not in self._elements:
            self._elements[key] = _timed(own)
        return replace(step, selectors=(*step.selectors, ELAPSED), elements=self._elements[key], set=None)

    def choice(self, step: Choose, own: Set) -> Choose:
        """A choice by such a map, likewise."""
        pairs = zip(own.cases or (), own.lifetimes, strict=True)
        cases = tuple(_timed_case(case, lifetime, step.text) for case, lifetime in pairs)
        return replace(step, selectors=(*step.selectors, ELAPSED), cases=cases, map=None)


def _timed(own: Set) -> Elements:
    """The elements of a set with their time; of one part, all that are forgotten together are one."""
    if len(own.kinds) > 1:
        return tuple((*element, _while(life)) for element, life in zip(own.elements, own.lifetimes, strict=True))
    together: dict[int, list[MatchValue]] = {}
    for (value,), life in zip(own.elements, own.lifetimes, strict=True):
        together.setdefault(life, []).append(value)
    return tuple((_one(values), _while(life)) for life, values in together.items())


def _one(values: Iterable[MatchValue]) -> MatchValue:
    """Values as one."""
    return union([(value,) for value in values], negated=False)


def _timed_case(case: Case, lifetime: int, text: str) -> Case:
    """A case with its time; that of all other elements (`*`) asks for it itself."""
    if case.element:
        return replace(case, element=(*case.element, _while(lifetime)))
    return replace(case, steps=(Match(ELAPSED, _while(lifetime), text=text), *case.steps))
