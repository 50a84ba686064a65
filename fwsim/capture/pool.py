"""Arrays that are used again as soon as nobody holds them.

A fresh 1 MiB buffer costs more in page faults than its frames cost to find. An array counts as free when the only
reference left is the pool's own: views, memoryviews and chunks all keep a reference to the array they look into, so
whoever still holds a chunk keeps its arrays, and who drops it gives them back.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import numpy.typing as npt

Array = TypeVar("Array", bound=npt.NDArray[Any])

KEPT_MAX = 16
"""Arrays kept for use again; more than that are handed out and forgotten."""


class Pool(Generic[Array]):
    """Equal arrays, handed out one by one; what is in them then is what was left by the last use."""

    def __init__(self, make: Callable[[], Array]) -> None:
        """`make` allocates one more array."""
        self._make = make
        self._arrays: list[Array] = [make()]
        self._idle = self._references(0)

    def take(self) -> Array:
        """An array that nobody else holds."""
        for index in range(len(self._arrays)):
            if self._references(index) == self._idle:
                return self._arrays[index]
        array = self._make()
        if len(self._arrays) < KEPT_MAX:
            self._arrays.append(array)
        return array

    def _references(self, index: int) -> int:
        """How many references there are to an array of the pool."""
        return sys.getrefcount(self._arrays[index])
