"""What an instruction asks of a field, as a set of values.

Read first: INSTRUCTION in `fwsim.tables`, `fwsim.engine.instructions.match`. Most questions are sets. A comparison of
some bits of a long field is none that is short to write: it is asked value by value, of a region that has few.
"""

from __future__ import annotations

from typing import NamedTuple

from fwsim.engine.program import OP_ADDRESS, OP_CHOICE, OP_VALUE, Numbers
from fwsim.lower.boundaries import V6_START
from fwsim.tables import Row
from fwsim.terms import ABSENT

from .fields import ADDRESS_FIELDS, domain, first_word, number_of_words
from .intervals import Set, meet, minus, of_intervals, size, values

MANY = 4_096
"""Values that are not asked one by one."""

MATCHES = (OP_VALUE, OP_ADDRESS, OP_CHOICE)


class Bits(NamedTuple):
    """A comparison of bits: one of the choices (mask, lowest, highest) holds, or with `negate` none."""

    choices: tuple[tuple[int, int, int], ...]
    negate: bool
    absent: bool

    def is_met(self, field: int, value: int) -> bool:
        """Whether a value is as wanted."""
        if value < 0:
            return self.absent
        word = first_word(field, value)
        return any(low <= word & mask <= high for mask, low, high in self.choices) != self.negate


class Ask(NamedTuple):
    """A question: the field, and the values that are wanted; `bits` instead if they are no short set."""

    field: int
    wanted: Set
    bits: Bits | None = None

    def chosen(self, among: Set) -> Set | None:
        """Those of some values that are wanted; None if they are too many to be told apart."""
        if self.bits is None:
            return meet(among, self.wanted)
        if size(among) > MANY:
            return None
        return of_intervals((v, v) for v in values(among) if self.bits.is_met(self.field, v))


def ask_of(row: Row, numbers: Numbers) -> Ask:
    """The question of an instruction that is a match."""
    field, absent = row["field"], bool(row["absent"])
    first, count = row["first"], row["count"]
    if row["op"] == OP_CHOICE:
        return _of_bits(field, numbers[first : first + 3 * count].tolist(), bool(row["negate"]), absent)
    if row["op"] == OP_ADDRESS:
        boundaries = boundaries_of_addresses(numbers, first, count, row["value"])
    else:
        boundaries = numbers[first : first + count].tolist()
    return Ask(field, set_of(field, boundaries, absent))


def boundaries_of_addresses(numbers: Numbers, first: int, narrow: int, wide: int) -> list[int]:
    """Boundaries of addresses as the numbers that sets are made of."""
    found: list[int] = numbers[first : first + narrow].tolist()
    words = numbers[first + narrow : first + narrow + 4 * wide].tolist()
    return found + [number_of_words(*words[4 * n : 4 * n + 4]) for n in range(wide)]


def set_of(field: int, boundaries: list[int], absent: bool) -> Set:
    """The set that ascending boundaries enclose, of values that the field can have."""
    ends = [*boundaries[1::2], 2 * V6_START] if len(boundaries) & 1 else boundaries[1::2]
    inside = tuple((low, end - 1) for low, end in zip(boundaries[::2], ends, strict=True))
    return with_absent(meet(domain(field), inside), absent)


def with_absent(inside: Set, absent: bool) -> Set:
    """A set, and ABSENT if that is meant too."""
    return of_intervals([*inside, (ABSENT, ABSENT)]) if absent else inside


def _of_bits(field: int, numbers: list[int], negate: bool, absent: bool) -> Ask:
    """A comparison of bits; of a field of few values the set of those for which it is true."""
    bits = Bits(tuple(zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True)), negate, absent)
    every = meet(domain(field), ((0, 2 * V6_START),))
    ask = Ask(field, (), bits)
    if size(every) <= MANY:
        return Ask(field, with_absent(ask.chosen(every) or (), absent))
    if field in ADDRESS_FIELDS:
        return ask
    wanted: list[tuple[int, int]] = []
    for mask, low, high in bits.choices:
        open_bits = every[-1][1] & ~mask
        if open_bits & open_bits + 1:
            return ask  # not the lowest bits only
        wanted.append((-(-low // (open_bits + 1)) * (open_bits + 1), high & ~open_bits | open_bits))
    inside = meet(every, of_intervals((low, high) for low, high in wanted if low <= high))
    if negate:
        inside = minus(every, inside)
    return Ask(field, with_absent(inside, absent))
