"""The numbers of a program that are not rows, each group stored once.

Read first: `fwsim.engine.program` (what lies in `numbers`), `boundaries`.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from fwsim.ruleset.values import Choice

from .boundaries import Boundaries, words_of

Stretch = tuple[int, int]
"""Where something begins in `numbers`, and how many of it there are."""


class Stretches:
    """The array under construction: what is equal is stored once."""

    def __init__(self) -> None:
        """Begin with the numbers of the bits: 2 generates all of the field of 67, so no two powers collide."""
        self.numbers = [0] * 67
        for bit in range(63):
            self.numbers[(1 << bit) % 67] = bit
        self._known: dict[tuple[int, ...], int] = {}

    def of_values(self, boundaries: Boundaries) -> Stretch:
        """A set of numbers."""
        return self.place(boundaries), len(boundaries)

    def of_addresses(self, boundaries: Boundaries) -> Stretch:
        """A set of addresses."""
        return self.place(word for key in boundaries for word in words_of(key)), len(boundaries)

    def of_choices(self, choices: tuple[Choice, ...]) -> Stretch:
        """The choices of a masked match."""
        numbers = (number for choice in choices for number in (choice.mask, choice.low, choice.high))
        return self.place(numbers), len(choices)

    def place(self, numbers: Iterable[int]) -> int:
        """Where these numbers begin, appended the first time."""
        wanted = tuple(numbers)
        place = self._known.setdefault(wanted, len(self.numbers))
        if place == len(self.numbers):
            self.numbers += wanted
        return place

    def array(self) -> npt.NDArray[np.int64]:
        """The finished array."""
        return np.array(self.numbers, dtype=np.int64)
