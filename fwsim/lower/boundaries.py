"""Sets of numbers as ascending boundaries: an odd number of boundaries at or below a number puts it in.

Read first: `fwsim.ruleset.values`, `fwsim.engine.intervals`. A set is a tuple: (10, 21) is 10 .. 20, (0,) all numbers.
Addresses are numbers here: their four words as `fwsim.tables` orders them, put together into one key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

from fwsim.ruleset.values import Addresses, Choice, Interval, Masked, Names, Numbers, merged

Boundaries = tuple[int, ...]

SMALL = 256
"""Fields that hold at most 8 bits are looked up in a table, so any condition on them is a set of values."""

WHOLE = (1 << 62) - 1
"""The mask of a field that is compared as it is."""

GREATEST = (1 << 63) - 1
"""Of all numbers."""

V4_SHIFT = 96
V6_START = 1 << 128
"""Where the keys of IPv6 addresses begin: (2**32, 0, 0, 0)."""


def of_intervals(intervals: Iterable[Interval]) -> Boundaries:
    """The boundaries of inclusive intervals, in any order."""
    return tuple(number for low, high in merged(intervals) for number in (low, high + 1))


def of_numbers(value: Numbers) -> Boundaries:
    """Where a numeric match is true of a field that is there; no field holds more than 63 bits."""
    inside = tuple(number for number in of_intervals(value.intervals) if number <= GREATEST)
    return complement(inside) if value.negated else inside


def of_addresses(value: Addresses) -> Boundaries:
    """Where a match on an address is true. Of a family without an interval it is true of none, negated or not."""
    keys = [(low << V4_SHIFT, ((high + 1) << V4_SHIFT) - 1) for low, high in value.v4]
    keys += [(V6_START + low, V6_START + high) for low, high in value.v6]
    inside = of_intervals(keys)
    if not value.negated:
        return inside
    families = [(0, V6_START - 1)] * bool(value.v4) + [(V6_START, 2 * V6_START - 1)] * bool(value.v6)
    return intersection(complement(inside), of_intervals(families))


def of_names(value: Names, interfaces: Sequence[str]) -> Boundaries:
    """The numbers of the interfaces that are meant, or with negation of all others."""
    inside = of_intervals((n, n) for n, name in enumerate(interfaces) if value.matches(name))
    return complement(inside) if value.negated else inside


def of_choices(value: Masked, highest: int) -> tuple[Boundaries | None, int]:
    """Where a masked match is true of a field of at most `highest`, and of which of its bits that is told.

    None instead of the boundaries if that is no manageable set, since the choices look at different bits.
    """
    masks = {choice.mask & highest for choice in value.choices}
    mask = WHOLE
    if masks == {highest}:
        inside = of_intervals((choice.low, choice.high) for choice in value.choices)
    elif highest < SMALL:
        inside = _enumerated(value.choices)
    elif len(masks) == 1:
        mask = masks.pop()
        inside = of_intervals((choice.low, choice.high) for choice in value.choices)
    else:
        return None, WHOLE
    return complement(inside) if value.negated else inside, mask


@cache
def _enumerated(choices: tuple[Choice, ...]) -> Boundaries:
    """The 8-bit numbers of which one of the choices holds."""
    chosen = (n for n in range(SMALL) if any(c.low <= n & c.mask <= c.high for c in choices))
    return of_intervals((n, n) for n in chosen)


def complement(inside: Boundaries) -> Boundaries:
    """The numbers from 0 on that are not in the set."""
    return inside[1:] if inside[:1] == (0,) else (0, *inside)


def intersection(one: Boundaries, other: Boundaries) -> Boundaries:
    """The numbers in both sets."""
    result: list[int] = []
    places = sorted([(number, 0) for number in one] + [(number, 1) for number in other])
    inside = [False, False]
    for position, (number, which) in enumerate(places):
        inside[which] = not inside[which]
        last_here = position + 1 == len(places) or places[position + 1][0] != number
        if last_here and all(inside) != bool(len(result) & 1):
            result.append(number)
    return tuple(result)


def words_of(key: int) -> tuple[int, int, int, int]:
    """The four fields of an address key."""
    return key >> 96, key >> 64 & 0xFFFFFFFF, key >> 32 & 0xFFFFFFFF, key & 0xFFFFFFFF
