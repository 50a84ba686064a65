"""Putting the elements of sets into the match values that name them.

Read first: `values`, `sets`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from .mistakes import Mistakes
from .sets import read_set
from .values import Addresses, Masked, MatchValue, Names, Numbers, SetElements, merged


class Readings:
    """The sets of a ruleset, each read once for every kind of field that it is compared with."""

    def __init__(self, sets: Mapping[str, SetElements]) -> None:
        """`sets` by name."""
        self.sets = sets
        self.known: dict[tuple[str, str], MatchValue | Mistakes] = {}

    def read(self, name: str, kind: str) -> MatchValue:
        """The elements of the set for a field of this kind; `Mistakes` if they do not fit it."""
        if (name, kind) not in self.known:
            try:
                self.known[name, kind] = read_set(self.sets[name], kind)
            except Mistakes as error:
                self.known[name, kind] = error
        value = self.known[name, kind]
        if isinstance(value, Mistakes):
            raise value
        return value

    def resolved(self, value: MatchValue, kind: str) -> MatchValue:
        """The value with the elements of its sets put in and `sets` empty.

        A value that is nothing but one set shares that set's intervals (the same tuple), so that a table made of
        them can be shared too.
        """
        if not value.sets:
            return value
        result = replace(value, sets=())
        for name in value.sets:
            result = joined(result, self.read(name, kind))
        return result


def joined(value: MatchValue, more: MatchValue) -> MatchValue:
    """The alternatives of both values, with the negation and source of the first."""
    if isinstance(value, Addresses) and isinstance(more, Addresses):
        return replace(value, v4=_union(value.v4, more.v4), v6=_union(value.v6, more.v6))
    if isinstance(value, Numbers) and isinstance(more, Numbers):
        return replace(value, intervals=_union(value.intervals, more.intervals))
    if isinstance(value, Masked) and isinstance(more, Masked):
        return replace(value, choices=value.choices + more.choices)
    if isinstance(value, Names) and isinstance(more, Names):
        return replace(value, names=value.names + more.names, prefixes=value.prefixes + more.prefixes)
    raise TypeError(f"{type(more).__name__} cannot be joined to {type(value).__name__}")


def _union(intervals: tuple[tuple[int, int], ...], more: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    """Both sets of intervals; the very tuple of the one if the other is empty."""
    if not intervals:
        return more
    return merged(intervals + more) if more else intervals
