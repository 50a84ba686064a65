"""Numbers that stand for words, as dictionary arrays: looked up in one step for a whole column.

Read first: `fwsim.naming`, which knows the words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Column = npt.NDArray[np.int64]


class Vocabulary:
    """Words by number. A number without a word becomes null; equal words are one entry of the dictionary."""

    def __init__(self, words: Mapping[int, str | None]) -> None:
        """Any numbers, not too far apart."""
        self.low = min(words, default=0)
        self.codes = np.full(max(words, default=0) - self.low + 3, -1, np.int32)
        entries: dict[str, int] = {}
        for number, word in words.items():
            if word is not None:
                self.codes[number - self.low + 1] = entries.setdefault(word, len(entries))
        self.words = pa.array(list(entries), pa.string())

    def array(self, numbers: Column) -> Any:
        """The words of a column."""
        codes = self.codes[np.clip(numbers - (self.low - 1), 0, len(self.codes) - 1)]
        return pa.DictionaryArray.from_arrays(nullable(codes, codes < 0), self.words, safe=False)


def nullable(values: npt.NDArray[Any], absent: npt.NDArray[np.bool_]) -> Any:
    """A column, null where it is absent."""
    return pa.array(values, mask=absent) if absent.any() else pa.array(values)


def lookup(values: Mapping[int, int | None], numbers: Column) -> Any:
    """Numbers by number, as `Vocabulary` gives words."""
    low = min(values, default=0)
    table = np.full(max(values, default=0) - low + 3, -1, np.int64)
    for number, value in values.items():
        table[number - low + 1] = -1 if value is None else value
    return table[np.clip(numbers - (low - 1), 0, len(table) - 1)]
