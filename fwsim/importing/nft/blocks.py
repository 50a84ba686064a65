"""Elements of several parts as boxes, and whether they overlap as the kernel sees it.

Read first: nothing. The kernel (nft_set_pipapo) refuses an element whose first or last corner lies in another one.
"""

from __future__ import annotations

import itertools
import math

Box = tuple[tuple[int, int], ...]
"""From and to, for each part."""

MOST_BLOCKS = 64
"""Aligned blocks that an element may fall apart into; one of more is compared with every other."""


class Corners:
    """The elements so far, by the aligned blocks of which each part consists."""

    def __init__(self) -> None:
        """None so far."""
        self._blocks: dict[tuple[int, ...], dict[tuple[int, ...], Box]] = {}
        self._wide: list[Box] = []

    def add(self, each: Box) -> None:
        """One more element."""
        parts = [blocks(*part) for part in each]
        if math.prod(len(part) for part in parts) > MOST_BLOCKS:
            self._wide.append(each)
            return
        for combined in itertools.product(*parts):
            shifts = tuple(shift for _, shift in combined)
            self._blocks.setdefault(shifts, {}).setdefault(tuple(low >> shift for low, shift in combined), each)

    def hit(self, each: Box) -> bool:
        """Whether the first or last corner of an element lies in one of them; an equal element is none."""
        corners = (tuple(part[0] for part in each), tuple(part[1] for part in each))
        return any(self._holds(corner, each) for corner in corners)

    def _holds(self, corner: tuple[int, ...], each: Box) -> bool:
        """Whether another element holds a corner of this one."""
        for shifts, table in self._blocks.items():
            other = table.get(tuple(value >> shift for value, shift in zip(corner, shifts, strict=True)))
            if other is not None and other != each:
                return True
        return any(
            other != each and all(low <= value <= high for value, (low, high) in zip(corner, other, strict=True))
            for other in self._wide
        )


def blocks(low: int, high: int) -> list[tuple[int, int]]:
    """The aligned blocks from `low` to `high`, each with the bits that are free in it."""
    found = []
    while low <= high:
        shift = (high - low + 1).bit_length() - 1
        if low:
            shift = min(shift, (low & -low).bit_length() - 1)
        found.append((low, shift))
        low += 1 << shift
    return found
