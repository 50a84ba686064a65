"""A simulator whose costs are measured: how full its connection table is, how often it is searched, how long it takes.

Read first: `fwsim.simulator.Simulator`, and `timeline`. A run is cut where buckets end (`Meter.cut`), and before what
comes behind that the table is looked at (`Meter.look`); packets are decided as they would have been.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fwsim.capture import Chunk
from fwsim.resources.cutting import part
from fwsim.resources.searching import searches
from fwsim.resources.stopwatch import Speed, Stopwatch
from fwsim.resources.timeline import Clock, Marks, Point, Timeline
from fwsim.running import StatefulRun
from fwsim.sharding import ShardedRun
from fwsim.simulator import Batch, Simulator, Tracked

BEGIN, END = -1, -2
"""Parts of the stateful mode beside its shards, from 0 on (`Stopwatch.timed`)."""


@dataclass(frozen=True)
class Measured:
    """What a run has cost. The points are `width` ns apart, but for the last one, the end."""

    begin: int
    width: int
    points: tuple[Point, ...]
    packets: int
    """Packets that were evaluated, a datagram in fragments once."""
    searches: int
    speeds: dict[str, Speed | None]
    shards: int
    """In how many the connections were tracked, at last."""
    limit: int
    """How many connections there may be; 0: as many as come."""
    held: int
    """Bytes that this process holds for connections."""
    ghosts: int
    """The same for refused openings, which are remembered to explain what follows them."""

    @property
    def end(self) -> Point:
        """How things were at the end."""
        return self.points[-1]


class Meter:
    """Measures one run."""

    def __init__(self, stopwatch: Stopwatch | None = None) -> None:
        """Nothing has happened yet."""
        self.clock = Clock()
        self.timeline = Timeline()
        self.stopwatch = stopwatch or Stopwatch()
        self.packets = 0
        self.searches = 0
        self.shards = 1
        self._marks: deque[Marks] = deque()

    def cut(self, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
        """The chunks in pieces, before each of which `look` is to be called."""
        for chunk in chunks:
            for piece in list(self.clock.pieces(chunk.packets["now"])):
                self._marks.append(piece.marks)
                yield part(chunk, piece.start, piece.end)

    def look(self, stateful: StatefulRun | ShardedRun) -> None:
        """Look at the connection table, where buckets have ended before the packets that come now."""
        self.shards = shards_of(stateful)
        if not self._marks or self.clock.begin is None:
            return
        marks = self._marks.popleft()
        self.timeline.widen(self.clock.begin, marks.width)
        for end in marks.ends:
            stateful.pass_time(end)
            self.timeline.add(end, stateful.counters())

    def count(self, tracked: Tracked) -> None:
        """Count how often the table was searched for packets that were decided."""
        batch, whole, start, end = tracked.batch, tracked.assembled, tracked.start, tracked.end
        if whole is not None:
            tables: Any = (whole.frames, whole.packets, whole.quotes, whole.decisions)
        else:
            rows = slice(start, end)
            tables = (batch.frames[rows], batch.packets[rows], batch.quotes, batch.stateful[rows])
        self.packets += int((tables[0]["reason"] == 0).sum())
        self.searches += searches(*tables)

    def measured(self, simulator: Simulator, modes: tuple[str, ...]) -> Measured:
        """What was measured, behind the last packet."""
        stateful = simulator.stateful
        held, ghosts = stateful.held()
        return Measured(
            begin=self.clock.begin or 0,
            width=self.timeline.width,
            points=(*self.timeline.points, Point.of(self.clock.last, stateful.counters())),
            packets=self.packets,
            searches=self.searches,
            speeds={mode: self.stopwatch.speed(mode) for mode in modes},
            shards=self.shards,
            limit=int(simulator.lowered["stateful"].settings[0]["max"]),
            held=held,
            ghosts=ghosts,
        )


def shards_of(stateful: StatefulRun | ShardedRun) -> int:
    """In how many shards connections are tracked."""
    return stateful.shards if isinstance(stateful, ShardedRun) and stateful.one_because is None else 1


class MeteredSimulator(Simulator):
    """A simulator that a meter is at."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """As any simulator."""
        super().__init__(*arguments, **options)
        self.meter = Meter()

    def cut(self, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
        """The chunks in pieces, between which the table is looked at."""
        return self.meter.cut(chunks)

    def run(self, chunk: Chunk) -> Batch:
        """Decide about every packet of a chunk, one mode after the other."""
        batch = self.undecided(chunk)
        self.run_stateless(batch)
        self.run_stateful(batch)
        return batch

    def run_stateless(self, batch: Batch) -> None:
        """The stateless half of `run`, timed."""
        with self.meter.stopwatch.timed("stateless", len(batch)):
            super().run_stateless(batch)

    def begin_stateful(self, batch: Batch, start: int, end: int, rows: tuple[Any, Any] | None = None) -> Tracked:
        """The rows for the stateful mode; before that, a look at the table."""
        self.meter.look(self.stateful)
        with self.meter.stopwatch.timed("stateful", end - start, BEGIN):
            return super().begin_stateful(batch, start, end, rows)

    def run_tracked(self, tracked: Tracked) -> None:
        """Decide about the rows, timed."""
        with self.meter.stopwatch.timed("stateful", tracked.end - tracked.start):
            super().run_tracked(tracked)

    def run_shard(self, number: int, tracked: Tracked) -> None:
        """Decide about those of one shard, timed; the times of all are added up."""
        with self.meter.stopwatch.timed("stateful", tracked.end - tracked.start, number):
            super().run_shard(number, tracked)

    def end_stateful(self, tracked: Tracked) -> None:
        """Write back what was decided, timed; then count the searches."""
        with self.meter.stopwatch.timed("stateful", tracked.end - tracked.start, END):
            super().end_stateful(tracked)
        self.meter.count(tracked)
