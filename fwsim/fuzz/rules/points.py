"""The values worth trying of what a rule compares with: at its boundaries, beside them, and between.

Read first: `points`. Whether a value is met is for `fwsim.fuzz.rules.asking.meets` to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from random import Random

from fwsim.netfilter.fields import FIELDS
from fwsim.ruleset.values import Addresses, Intervals, Masked, MatchValue, Names

MOST = 12
"""Intervals of a value that points are taken from."""
ADDRESS_BITS = {4: 32, 6: 128}


def points(chance: Random, field: str, value: MatchValue, family: int) -> list[int | str]:
    """Values of a field, in no order that matters, some of which meet the value and some of which do not."""
    if isinstance(value, Names):
        return [*value.names, *(f"{prefix}0" for prefix in value.prefixes)]
    if isinstance(value, Masked):
        return list(of_choices(chance, value))
    if isinstance(value, Addresses):
        return list(around(chance, value.v4 if family == 4 else value.v6, (1 << ADDRESS_BITS[family]) - 1))
    return list(around(chance, value.intervals, largest(field)))


def largest(field: str) -> int:
    """The largest number that a field can hold."""
    kind = FIELDS.get(field)
    return (1 << (kind.bits if kind is not None else 8)) - 1


def around(chance: Random, intervals: Intervals, most: int) -> Iterator[int]:
    """At, beside and between the boundaries of some intervals."""
    chosen: Iterable[tuple[int, int]] = intervals if len(intervals) <= MOST else chance.sample(intervals, MOST)
    for low, high in chosen:
        for point in (low, high, low - 1, high + 1, chance.randint(low, high)):
            if 0 <= point <= most:
                yield point


def of_choices(chance: Random, value: Masked) -> Iterator[int]:
    """What the choices mean, and what lies beside."""
    for low, high, mask in value.choices[:MOST]:
        yield from (low, high, low & mask, mask, 0, (low & mask) ^ (mask & -mask))
        yield (chance.getrandbits(8) & ~mask) | low
        if (low, high) == (1, mask):  # any of these bits
            yield from (1 << bit for bit in range(mask.bit_length()) if mask >> bit & 1)
