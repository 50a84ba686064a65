"""The numbers of a program that are not rows, each group stored once.

Read first: `fwsim.engine.program` (what lies in `numbers`), `boundaries`.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from fwsim.ruleset.values import Choice

from .boundaries import V4_SHIFT, V6_START, Boundaries, words_of

Stretch = tuple[int, int]
"""Where something begins in `numbers`, and how many of it there are."""

Spread = tuple[int, int, int]
"""The same of boundaries of addresses: where they begin, how many of IPv4 there are, and how many of IPv6."""


class Stretches:
    """The array under construction: what is equal is stored once."""

    def __init__(self) -> None:
        """Begin with the numbers of the bits: 2 generates all of the field of 67, so no two powers collide."""
        self._size = 0
        self._places: dict[bytes, int] = {}
        """The groups in their order, and where each begins."""
        self._spreads: dict[int, tuple[Boundaries, Spread]] = {}
        """By the identity of the tuple, which is kept here: hashing a hundred thousand numbers takes too long."""
        numbers = [0] * 67
        for bit in range(63):
            numbers[(1 << bit) % 67] = bit
        self.place(numbers)

    def of_values(self, boundaries: Boundaries) -> Stretch:
        """A set of numbers."""
        first, count, _ = self._spread(boundaries, False)
        return first, count

    def of_addresses(self, boundaries: Boundaries) -> Spread:
        """A set of addresses: those of IPv4 as one number each, those of IPv6 as four."""
        return self._spread(boundaries, True)

    def _spread(self, boundaries: Boundaries, of_addresses: bool) -> Spread:
        """Where boundaries stand, by a look at the tuple itself if it was placed before."""
        seen = self._spreads.get(id(boundaries))
        if seen is not None:
            return seen[1]
        narrow = bisect_left(boundaries, V6_START) if of_addresses else len(boundaries)
        numbers = [key >> V4_SHIFT for key in boundaries[:narrow]] if of_addresses else list(boundaries)
        for key in boundaries[narrow:]:
            numbers += words_of(key)
        spread = self.place(numbers), narrow, len(boundaries) - narrow
        self._spreads[id(boundaries)] = (boundaries, spread)
        return spread

    def of_choices(self, choices: tuple[Choice, ...]) -> Stretch:
        """The choices of a masked match."""
        numbers = [number for choice in choices for number in (choice.mask, choice.low, choice.high)]
        return self.place(numbers), len(choices)

    def place(self, numbers: Iterable[int]) -> int:
        """Where these numbers begin, appended the first time."""
        wanted = tuple(numbers)
        return self.place_bytes(struct.pack(f"<{len(wanted)}q", *wanted))

    def place_bytes(self, group: bytes) -> int:
        """The same of numbers as bytes, the lowest first."""
        place = self._places.setdefault(group, self._size)
        if place == self._size:
            self._size += len(group) // 8
        return place

    def array(self) -> npt.NDArray[np.int64]:
        """The finished array."""
        return np.frombuffer(bytearray().join(self._places), dtype="<i8").astype(np.int64, copy=False)
