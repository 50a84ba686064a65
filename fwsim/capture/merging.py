"""Several captures of the same time as one: frames in the order of their timestamps.

Read first: `Merge.next`. Each reader stands at its own frame; the earliest comes next, and of equals that of
the earlier input (as `mergecap(1)` does). A file's own order is kept also where its timestamps run backwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from fwsim.capture.model import Scanned


class Source(Protocol):
    """Anything that gives frames batch by batch: a reader, a merge of readers, scapy packets."""

    def next(self, most: int) -> Scanned | None:
        """The next frames, at most so many; None at the end."""

    def estimate_remaining(self) -> int:
        """About how many frames are still to come."""

    def close(self) -> None:
        """Release what is open."""


class Head:
    """One input of a merge: the batch it stands in, and from which row on that is still to be given."""

    def __init__(self, source: Source) -> None:
        """Begin before the first batch."""
        self.source = source
        self.batch: Scanned | None = None
        self.keys: npt.NDArray[np.int64] = np.empty(0, np.int64)
        self.start = 0

    def fill(self, most: int) -> bool:
        """Read a batch if none is left; False at the end."""
        if self.start < len(self.keys):
            return True
        latest = int(self.keys[-1]) if len(self.keys) else -(1 << 63)
        self.batch = self.source.next(most)
        if self.batch is None:
            return False
        self.keys = np.maximum(np.maximum.accumulate(self.batch.frames["ts"]), latest)
        self.start = 0
        return True

    def take(self, horizon: int, including: bool) -> tuple[Scanned, npt.NDArray[np.int64]] | None:
        """The frames up to a time, their bytes alone, and their sort keys; None if there are none."""
        side: Any = "right" if including else "left"
        stop = self.start + int(np.searchsorted(self.keys[self.start :], horizon, side))
        if self.batch is None or stop == self.start:
            return None
        start, self.start = self.start, stop
        return part_of(self.batch, start, stop), self.keys[start:stop]

    def rest(self) -> Scanned:
        """The frames that are still to be given."""
        assert self.batch is not None
        return part_of(self.batch, self.start, len(self.keys))


def part_of(batch: Scanned, start: int, stop: int) -> Scanned:
    """Some frames of a batch, and their bytes alone."""
    frames = batch.frames[start:stop].copy()
    if not len(frames):
        return Scanned(frames, batch.buffer[:0], {})
    first = int(frames["offset"][0])
    last = int(frames["offset"][-1] + frames["captured"][-1])
    frames["offset"] -= first
    comments = {row - start: text for row, text in batch.comments.items() if start <= row < stop}
    return Scanned(frames, batch.buffer[first:last], comments)


class Merge:
    """Merges sources by timestamp, streaming."""

    def __init__(self, sources: Sequence[Source]) -> None:
        """Merge these; their order decides between equal times."""
        self._sources = sources
        self.heads = [Head(source) for source in sources]

    def next(self, most: int) -> Scanned | None:
        """The next frames in order of time; at most `most` from each source."""
        self.heads = [head for head in self.heads if head.fill(most)]
        if not self.heads:
            return None
        horizon, limiting = min((int(head.keys[-1]), index) for index, head in enumerate(self.heads))
        parts = [head.take(horizon, index <= limiting) for index, head in enumerate(self.heads)]
        return joined([part for part in parts if part is not None])

    def estimate_remaining(self) -> int:
        """About how many frames are still to come."""
        return sum(source.estimate_remaining() for source in self._sources)

    def close(self) -> None:
        """Close all sources."""
        for source in self._sources:
            source.close()


def joined(parts: list[tuple[Scanned, npt.NDArray[np.int64]]]) -> Scanned:
    """The frames of all parts, sorted by key; their bytes stand one part behind the other."""
    if len(parts) == 1:
        return parts[0][0]
    base = 0
    comments: dict[int, list[str]] = {}
    row = 0
    for part, _ in parts:
        part.frames["offset"] += base
        comments |= {row + index: text for index, text in part.comments.items()}
        base += len(part.buffer)
        row += len(part.frames)
    order = np.argsort(np.concatenate([keys for _, keys in parts]), kind="stable")
    frames = np.concatenate([part.frames for part, _ in parts])[order]
    if comments:
        place = np.argsort(order)
        comments = {int(place[index]): text for index, text in comments.items()}
    return Scanned(frames, np.concatenate([part.buffer for part, _ in parts]), comments)
