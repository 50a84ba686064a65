"""Captures read up to a packet or a time, and decided packet by packet: what it takes to look in between.

Read first: `fwsim.capture.Captures`, whose place `Partly` takes in a `Result`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from fwsim.capture import Captures, Chunk
from fwsim.cli.streams import Compiling
from fwsim.explain.reaching import FrameRange, going_over, undecided
from fwsim.simulator import Batch, Simulator

End = Callable[[Chunk], int | None]
"""Tells how many rows of a chunk are still wanted; None for all of them and more."""


class Partly:
    """The chunks of captures, cut off where `end` says."""

    def __init__(self, captures: Captures, end: End) -> None:
        """Nothing is read yet."""
        self.captures = captures
        self.end = end
        self.reached = False
        """Whether the end was found (and not that of the captures)."""

    def __iter__(self) -> Iterator[Chunk]:
        """The chunks."""
        for chunk in self.captures:
            wanted = self.end(chunk)
            self.reached = wanted is not None
            count = len(chunk) if wanted is None else wanted
            if count:
                yield rows_of(chunk, 0, count)
            if self.reached:
                return

    def __getattr__(self, name: str) -> Any:
        """All else is the captures'."""
        return getattr(self.captures, name)


def rows_of(chunk: Chunk, first: int, end: int) -> Chunk:
    """Some rows of a chunk, sharing its memory."""
    comments = {row - first: texts for row, texts in chunk.comments.items() if first <= row < end}
    return replace(chunk, frames=chunk.frames[first:end], packets=chunk.packets[first:end], comments=comments)


def one_by_one(simulator: Simulator, captures: Partly) -> Iterator[tuple[Batch, int]]:
    """Decide about one packet after the other; gives the batch and the row that has just been decided."""
    for chunk in going_over(captures.captures, captures, Compiling()):
        simulator.topology.locate(captures.captures, chunk)
        batch = undecided(chunk)
        for row in range(len(chunk)):
            simulator.step(batch, row)
            yield batch, row


def never(chunk: Chunk) -> int | None:
    """No end before that of the captures."""
    return None


def behind(frame: FrameRange) -> End:
    """The end right behind a frame."""

    def end(chunk: Chunk) -> int | None:
        places = np.flatnonzero((chunk.frames["file"] == frame.file) & (chunk.frames["number"] == frame.first))
        return int(places[0]) + 1 if len(places) else None

    return end


class Until:
    """The end before the first packet later than a time."""

    def __init__(self, since_epoch: Callable[[int], int]) -> None:
        """`since_epoch` gives the time, once that of the first packet is known."""
        self.since_epoch = since_epoch
        self.first = 0
        self.time: int | None = None

    def __call__(self, chunk: Chunk) -> int | None:
        """See `End`."""
        now = chunk.packets["now"]
        if self.time is None:
            self.first = int(now[0])
            self.time = self.since_epoch(self.first)
        wanted = int(np.searchsorted(now, self.time, side="right"))
        return wanted if wanted < len(now) else None
