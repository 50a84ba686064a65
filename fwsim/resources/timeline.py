"""The connection table over time, on the capture's clock: a bounded number of points, at equal distances.

Read first: `Clock`. Time is divided into buckets that begin with the first packet; when there would be more than `MOST`
of them, they become twice as long. At the end of each the table is looked at, which gives a `Point`. Those that no
longer are the end of a bucket are forgotten, so that the points depend on the packets alone, not on how these came.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

MOST = 512
"""Buckets; a power of two."""

LEAST_WIDTH = 1_000_000
"""Nanoseconds of a bucket at first."""

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Point:
    """The connection table at a time (ns): what lives then, and what has happened since the run began."""

    at: int
    live: int = 0
    opened: int = 0
    expired: int = 0
    evicted: int = 0
    refused: int = 0
    """Packets that were dropped because there was no room."""
    peak: int = 0
    """The most that ever lived at a time."""

    @classmethod
    def of(cls, at: int, counters: Mapping[str, int]) -> Point:
        """From a row of COUNTERS."""
        numbers = ("live", "created", "expired", "evicted", "dropped", "peak")
        return cls(at, *(counters[name] for name in numbers))

    @property
    def closed(self) -> int:
        """Connections that a packet has ended: by a reset, or one that opens another in their place."""
        return self.opened - self.expired - self.evicted - self.live

    @property
    def ended(self) -> int:
        """Connections that have ended in whatever way."""
        return self.opened - self.live

    def numbers(self) -> list[int]:
        """The fields, in their order."""
        return [getattr(self, one.name) for one in fields(self)]


class Marks(NamedTuple):
    """What to do before some packets: buckets are `width` long by now, and end at these times since the last ones."""

    width: int
    ends: range


class Piece(NamedTuple):
    """Rows of a chunk that lie in one bucket, or in the last one before its end; what to do before them."""

    start: int
    end: int
    marks: Marks


class Clock:
    """Says where buckets end."""

    def __init__(self) -> None:
        """No packet has come yet."""
        self.begin: int | None = None
        self.last = 0
        self.width = LEAST_WIDTH

    def pieces(self, nows: Numbers) -> Iterator[Piece]:
        """The rows with these times (not falling, and none before what came before), by bucket."""
        if not len(nows):
            return
        if self.begin is None:
            self.begin = self.last = int(nows[0])
        begin = self.begin
        while (int(nows[-1]) - begin) // self.width >= MOST:
            self.width *= 2
        before, self.last = (self.last - begin) // self.width, int(nows[-1])
        buckets = (nows - begin) // self.width
        starts = np.flatnonzero(np.diff(buckets, prepend=before))
        rows = [0, *starts[starts > 0].tolist(), len(nows)]
        for start, end in pairwise(rows):
            bucket = int(buckets[start])
            ends = range(begin + (before + 1) * self.width, begin + (bucket + 1) * self.width, self.width)
            yield Piece(start, end, Marks(self.width, ends))
            before = bucket


class Timeline:
    """The points so far."""

    def __init__(self) -> None:
        """None yet."""
        self.points: list[Point] = []
        self.width = LEAST_WIDTH

    def widen(self, begin: int, width: int) -> None:
        """Forget the points that are not the end of a bucket of this width."""
        if width != self.width:
            self.width = width
            self.points = [point for point in self.points if (point.at - begin) % width == 0]

    def add(self, at: int, counters: Mapping[str, int]) -> None:
        """Look at the table."""
        self.points.append(Point.of(at, counters))
