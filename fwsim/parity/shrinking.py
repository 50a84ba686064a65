"""The fewest packets that still show a difference: delta debugging of a capture.

Read first: A. Zeller, R. Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", IEEE TSE 28(2), 2002, whose
`ddmin` this is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def shrunk(items: Sequence[Item], fails: Callable[[Sequence[Item]], bool]) -> list[Item]:
    """A part of the items, in order, that fails still, and of which none can be left out alone.

    `fails` is asked about parts; the whole has been seen to fail. The answer is minimal if `fails` is deterministic.
    """
    left = list(items)
    parts = 2
    while len(left) > 1:
        size = max(len(left) // parts, 1)
        for start in range(0, len(left), size):
            rest = left[:start] + left[start + size :]
            if rest and fails(rest):
                left = rest
                parts = max(parts - 1, 2)
                break
        else:
            if size == 1:
                break
            parts = min(2 * parts, len(left))
    return left
