"""The packets that a page shows one by one: so many at the most, in the order in which they were captured.

Read first: nothing. Everything that is counted is counted of all packets; only what is told of single ones is bounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from fwsim.capture import Chunk
from fwsim.resources.cutting import part

LIMIT = 5_000
"""Packets that a page shows one by one, unless more are asked for: about 1.5 MB."""

STRETCH = 1_000
"""Packets that are counted together where the window is chosen, at first."""
STRETCHES = 1_024
"""So many stretches are told apart at the most; with more they become twice as long."""


class Window:
    """Which packets are shown, counted from 0 in the order of the run."""

    def __init__(self, first: int = 0, count: int = LIMIT) -> None:
        """`count` packets from the packet `first` on."""
        self.first = first
        self.count = count

    @property
    def end(self) -> int:
        """The packet behind the last."""
        return self.first + self.count

    def rows(self, position: int, length: int) -> range:
        """Which rows of a chunk are shown, whose first row is the packet `position`."""
        return range(min(max(self.first - position, 0), length), max(min(self.end - position, length), 0))

    def cut(self, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
        """The chunks, each either shown as a whole or not at all."""
        position = 0
        for chunk in chunks:
            length = len(chunk)
            edges = [edge - position for edge in (self.first, self.end) if 0 < edge - position < length]
            for start, end in pairwise([0, *edges, length]):
                yield part(chunk, start, end)
            position += length


class Busiest:
    """Counts where in a run the modes differ, in a bounded number of stretches."""

    def __init__(self) -> None:
        """Nothing has come yet."""
        self.width = STRETCH
        self.counts = np.zeros(STRETCHES, dtype=np.int64)
        self.packets = 0

    def add(self, batch: Any) -> None:
        """Count a batch."""
        places = self.packets + np.flatnonzero(batch.stateless["verdict"] != batch.stateful["verdict"])
        self.packets += len(batch)
        while self.packets > self.width * STRETCHES:
            self.counts = np.concatenate([self.counts.reshape(-1, 2).sum(axis=1), np.zeros(STRETCHES // 2, np.int64)])
            self.width *= 2
        np.add.at(self.counts, places // self.width, 1)

    def window(self, count: int) -> Window:
        """The window of so many packets in which the modes differ most often; the first of several such."""
        stretches = max(count // self.width, 1)
        sums = np.convolve(self.counts, np.ones(stretches, dtype=np.int64), mode="full")[stretches - 1 :]
        first = int(np.argmax(sums[: max(-(-self.packets // self.width) - stretches + 1, 1)]))
        return Window(first * self.width, count)
