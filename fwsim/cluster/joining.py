"""A file's rows put together again, in the order of the capture: decisions, numbers, and what became of fragments.

Read first: `fwsim.cluster.deciding`. Two things need all files at once, and are small: the numbers of connections, and
the decisions about datagrams, whose fragments may lie in several files.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from fwsim import tracker as trackers
from fwsim.capture import Chunk
from fwsim.capture.captures import CHUNK_ROWS
from fwsim.capture.model import Table
from fwsim.cluster.deciding import Answer, Decided, Numbers, Tables
from fwsim.cluster.locating import Located, Record, Recording
from fwsim.defragmenting import Final, apply
from fwsim.engine.tuples import Tracker
from fwsim.running import GHOSTS
from fwsim.sharding import COUNTED, FULL, FULL_OF_GHOSTS, united
from fwsim.simulator import Batch
from fwsim.tables import DECISION, DEPARTURE, PACKET, QUOTE, empty


def chunk_of(frames: Table, packets: Table) -> Chunk:
    """A chunk of what is left of frames when they are decided: without quotes and bytes."""
    return Chunk(frames, packets, empty(QUOTE, 0), np.zeros(0, np.uint8), {})


@dataclass(frozen=True)
class Rows:
    """Frames, packets, and what both modes decided; numbers of connections are provisional until `finish`.

    `departures` are as of a batch.
    """

    frames: Table
    packets: Table
    stateless: Table
    stateful: Table
    departures: dict[str, Table] = field(default_factory=dict)

    def batches(self) -> Iterator[Batch]:
        """Chunk by chunk."""
        for start in range(0, len(self.frames), CHUNK_ROWS):
            rows = slice(start, start + CHUNK_ROWS)
            chunk = chunk_of(self.frames[rows], self.packets[rows])
            left = {mode: table[rows] for mode, table in self.departures.items()}
            yield Batch(chunk, self.stateless[rows], self.stateful[rows], departures=left)


@dataclass(frozen=True)
class Figures:
    """What is known of a file's rows as a whole.

    `births` are the provisional numbers that began, `peaks` the most connections and ghosts behind a row. `frames`,
    `stateful` and `departures` are the rows that `records` are about, which number them by their places here.
    """

    births: Numbers
    peaks: tuple[int, int]
    counters: list[dict[str, int]]
    records: list[Record]
    finals: list[tuple[int, Final]]
    frames: Table
    stateful: Table
    departures: dict[str, Table] = field(default_factory=dict)


def merge(located: Located, stateless: Decided, answers: Sequence[Answer]) -> tuple[Rows, Figures]:
    """Put the answers of all shards about a file together."""
    count = len(located.own)
    frames, stateful = located.own.frames.copy(), empty(DECISION, count)
    for answer in answers:
        for name, column in answer.told.items():
            frames[name][answer.places] = column
        stateful[answer.places] = answer.decisions
    departures = departures_of(stateless, answers, count)
    told_of = rows_of(located.records)
    place_of = {row: place for place, row in enumerate(told_of)}
    records = [placed(record, place_of) for record in located.records]
    numbers = frames["connection"]
    births = numbers[numbers == located.base + 1 + np.arange(count)]
    figures = Figures(
        births=births,
        peaks=peaks_of(answers, count),
        counters=[one.counters for one in answers],
        records=records,
        finals=located.finals,
        frames=frames[told_of],
        stateful=stateful[told_of],
        departures={mode: table[told_of] for mode, table in departures.items()},
    )
    return Rows(frames, located.own.packets, stateless.decisions, stateful, departures), figures


def departures_of(stateless: Decided, answers: Sequence[Answer], count: int) -> dict[str, Table]:
    """How packets left, by mode, of those that translate."""
    found = {} if stateless.departures is None else {"stateless": stateless.departures}
    for answer in answers:
        if answer.departures is not None:
            found.setdefault("stateful", empty(DEPARTURE, count))[answer.places] = answer.departures
    return found


def rows_of(records: Sequence[Record]) -> list[int]:
    """The rows whose frames and decisions tell what becomes of fragments."""
    rows = {whole.row for record in records for whole in record.wholes}
    return sorted(rows | {row for record in records for row, _ in record.with_it})


def placed(record: Record, place_of: Mapping[int, int]) -> Record:
    """The same about other rows."""
    wholes = [replace(whole, row=place_of[whole.row]) for whole in record.wholes]
    return Record(wholes, record.lost, [(place_of[row], lost) for row, lost in record.with_it])


def peaks_of(answers: Sequence[Answer], count: int) -> tuple[int, int]:
    """The most connections and ghosts that there were in all shards behind a row of a file."""
    if not count or len(answers) < 2:
        return 0, 0
    live, ghosts = ([getattr(one, name).spread(count) for one in answers] for name in ("live", "ghosts"))
    return int(sum(live).max()), int(sum(ghosts).max())


# --- all files together ----------------------------------------------------------------------------------------------


def full(limit: int, figures: Sequence[Figures]) -> str | None:
    """Why one table is needed, if it is: shards do not know when all of them together are full (`limit` 0: never)."""
    if len(figures[0].counters) < 2:
        return None
    if 0 < limit <= max(one.peaks[0] for one in figures):
        return FULL
    return FULL_OF_GHOSTS if max(one.peaks[1] for one in figures) >= GHOSTS else None


def counters_of(figures: Sequence[Figures]) -> dict[str, int]:
    """The bookkeeping of the connection table at the end, as that of a single run."""
    last = figures[-1].counters
    if len(last) == 1:
        return last[0]
    whole = dict.fromkeys(last[0], -1) | {name: sum(one[name] for one in last) for name in COUNTED}
    begun = sum(len(one.births) for one in figures)
    return whole | {"peak": max(one.peaks[0] for one in figures), "next_number": 1 + begun}


def numbers_of(figures: Sequence[Figures]) -> Numbers | None:
    """The provisional numbers in the order of the final ones; None if they are final."""
    if len(figures[0].counters) < 2:
        return None
    return np.concatenate([one.births for one in figures])


def settle(figures: Sequence[Figures]) -> dict[int, list[Final]]:
    """What is to be said of fragments in the end, by file."""
    said: dict[int, list[Final]] = {}
    defragmenter = Recording()
    for one in figures:
        chunk = chunk_of(one.frames, empty(PACKET, 0))
        batch = Batch(chunk, empty(DECISION, 0), one.stateful, departures=one.departures)
        for record in one.records:
            defragmenter.say(batch, record)
        for file, final in [*one.finals, *defragmenter.take()]:
            said.setdefault(file, []).append(final)
    return said


def finish(merged: Rows, finals: Sequence[Final], numbers: Numbers | None) -> Rows:
    """Say of the fragments of a file what is to be said, and number connections."""
    left = {mode: table.copy() for mode, table in merged.departures.items()}
    rows = Rows(merged.frames.copy(), merged.packets, merged.stateless, merged.stateful.copy(), left)
    batch = Batch(chunk_of(rows.frames, rows.packets), rows.stateless, rows.stateful, departures=left)
    for final in finals:
        apply(batch, final)
    if numbers is not None:
        for table in (rows.frames, rows.stateful):
            table["connection"] = final_numbers(table["connection"], numbers)
    return rows


def final_numbers(provisional: Numbers, numbers: Numbers) -> Numbers:
    """The numbers that a single run would have given; 0 stays 0."""
    return np.where(provisional > 0, np.searchsorted(numbers, provisional) + 1, 0)


def table(contents: Sequence[bytes], numbers: Numbers | None, counters: dict[str, int]) -> Tracker:
    """The connection table at the end, as that of a single run."""
    tables: list[Tables] = [pickle.loads(content) for content in contents]
    if numbers is None:
        return trackers.copy(tables[0].tracker)
    whole = united([one.tracker for one in tables], [one.joined for one in tables], counters["next_number"],
                   counters["peak"])  # fmt: skip
    whole.connections["number"] = final_numbers(whole.connections["number"], numbers)
    return whole
