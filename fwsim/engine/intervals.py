"""Where a number or an address lies among sorted boundaries: by halving.

Read first: `fwsim.engine.program`. A set of intervals is its boundaries in ascending order, so an odd place is inside
and an even one outside; the index uses the place itself as the class of the value. Of addresses the boundaries of
IPv4 come first, one number each, then those of IPv6, four numbers each: so an IPv4 address costs no more than a port.
"""

from __future__ import annotations

from fwsim.engine import hot
from fwsim.engine.program import Numbers
from fwsim.tables import V6


@hot
def place_of(numbers: Numbers, first: int, count: int, value: int) -> int:
    """How many of the `count` boundaries from `first` on are at most `value`."""
    low = first
    high = first + count
    while low < high:
        middle = (low + high) >> 1
        if numbers[middle] <= value:
            low = middle + 1
        else:
            high = middle
    return low - first


@hot
def place_of_address(numbers: Numbers, first: int, narrow: int, wide: int, words: Numbers, field: int) -> int:
    """How many boundaries are at most the address in `field` and the three after it.

    From `first` on stand `narrow` boundaries of IPv4, then `wide` ones of IPv6.
    """
    value = words[0, field]
    if value < V6:
        return place_of(numbers, first, narrow, value)
    return narrow + place_of_wide(numbers, first + narrow, wide, words, field)


@hot
def place_of_wide(numbers: Numbers, first: int, count: int, words: Numbers, field: int) -> int:
    """How many of the `count` boundaries of four numbers from `first` on are at most the address in `field`."""
    low = 0
    high = count
    while low < high:
        middle = (low + high) >> 1
        at = first + 4 * middle
        word = numbers[at]
        if word < words[0, field] or (word == words[0, field] and is_tail_at_most(numbers, at, words, field)):
            low = middle + 1
        else:
            high = middle
    return low


@hot
def is_tail_at_most(numbers: Numbers, at: int, words: Numbers, field: int) -> bool:
    """Whether the last three words of the address at `at` are, in order, at most those of the field."""
    for n in range(1, 4):
        if numbers[at + n] != words[0, field + n]:
            return bool(numbers[at + n] < words[0, field + n])
    return True
