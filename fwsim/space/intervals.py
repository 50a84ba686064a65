"""Sets of values as intervals: ascending pairs of the lowest and the highest value, both in the set, none adjoining.

Read first: nothing. A field that a packet does not have has the value ABSENT (-1), which is in a set or not as others.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

Interval = tuple[int, int]
Set = tuple[Interval, ...]

BEYOND = 1 << 200
"""More than any value."""


def point(value: int) -> Set:
    """The set of one value."""
    return ((value, value),)


def of_intervals(intervals: Iterable[Interval]) -> Set:
    """The union of intervals in any order."""
    result: list[Interval] = []
    for low, high in sorted(intervals):
        if result and low <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(result[-1][1], high))
        else:
            result.append((low, high))
    return tuple(result)


def union(sets: Iterable[Set]) -> Set:
    """The values of all sets together."""
    return of_intervals(interval for one in sets for interval in one)


def meet(one: Set, other: Set) -> Set:
    """The values in both."""
    if len(one) > len(other):
        one, other = other, one
    result: list[Interval] = []
    for low, high in one:
        at = max(bisect_right(other, (low, BEYOND)) - 1, 0)
        while at < len(other) and other[at][0] <= high:
            if other[at][1] >= low:
                result.append((max(low, other[at][0]), min(high, other[at][1])))
            at += 1
    return tuple(result)


def narrowed(one: Set | None, other: Set | None) -> Set | None:
    """The values in both, where None stands for any value."""
    if one is None or other is None:
        return one if other is None else other
    return meet(one, other)


def minus(one: Set, other: Set) -> Set:
    """The values of the first that are not in the second."""
    result: list[Interval] = []
    for first, last in one:
        low = first
        at = max(bisect_right(other, (low, BEYOND)) - 1, 0)
        while at < len(other) and other[at][0] <= last:
            if other[at][1] >= low:
                if other[at][0] > low:
                    result.append((low, other[at][0] - 1))
                low = other[at][1] + 1
            at += 1
        if low <= last:
            result.append((low, last))
    return tuple(result)


def touches(one: Set, other: Set) -> bool:
    """Whether some value is in both."""
    if len(one) > len(other):
        one, other = other, one
    for low, high in one:
        at = bisect_right(other, (high, BEYOND)) - 1
        if at >= 0 and other[at][1] >= low:
            return True
    return False


def within(inner: Set, outer: Set) -> bool:
    """Whether every value of the first is in the second."""
    for low, high in inner:
        at = bisect_right(outer, (low, BEYOND)) - 1
        if at < 0 or outer[at][1] < high:
            return False
    return True


def holds(one: Set, value: int) -> bool:
    """Whether a value is in a set."""
    at = bisect_right(one, (value, BEYOND)) - 1
    return at >= 0 and one[at][1] >= value


def size(one: Set) -> int:
    """How many values there are."""
    return sum(high - low + 1 for low, high in one)


def values(one: Set) -> Iterable[int]:
    """Each value of a set that is small."""
    for low, high in one:
        yield from range(low, high + 1)


def only(one: Set) -> int | None:
    """The value of a set that has but one."""
    return one[0][0] if len(one) == 1 and one[0][0] == one[0][1] else None


def moved(one: Set, distance: int) -> Set:
    """Every value so much greater."""
    return tuple((low + distance, high + distance) for low, high in one)
