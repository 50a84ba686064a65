"""Connection tables as a whole: make one, let it grow, copy it, list it.

Read first: `fwsim.engine.tuples.Tracker`. The engine may not allocate, so a table grows here, between chunks: `grow`
leaves room for as many new connections as the next chunk has packets. What a packet does to a table is in
`fwsim.engine.conntrack`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from fwsim.engine.ahead import LINE
from fwsim.engine.expiry import FIRST
from fwsim.engine.tuples import PRIME, Tracker, is_live, relink
from fwsim.engine.vague import shown_address, shown_id
from fwsim.tables import CONNECTION, COUNTERS, EXPECTATION, NEIGHBOURS, SETTINGS, SIDE, SOURCE, TUPLE, empty
from fwsim.uncompiled import flush, usable

LEAST_ROWS = 64
"""Of a new table."""

STEP_UP = 4
"""How many times larger a table gets when it is full, unless that is beyond its limit. Rows take memory only when they
are used, so large steps cost little but buckets, and what is copied and hashed again is a third of the table."""

ENDLESS = (1 << 30) - 1 - FIRST
"""Connections of a table without a limit: so many that tuple rows have numbers below 2**31."""

SOURCE_BUCKETS = (1 << 16) + 1
"""Buckets of connections by their source, and one for those that hang in none."""

LEAST_KEY = 1 << 29
"""Smaller keys would spread badly."""


def make_tracker(
    settings: npt.NDArray[np.void], *, key: int, capacity_limit: int | None = None, ghosts: bool = False
) -> Tracker:
    """An empty table with its own copy of a one-row SETTINGS table.

    `key` is any number, chosen per run; no result depends on it. `capacity_limit` replaces `nf_conntrack_max`
    (0: no limit). A table of ghosts picks up whatever comes (`tcp_loose`), and evicts ASSURED ones too.
    """
    own = empty(SETTINGS, 1)
    own[0] = settings[0]
    if capacity_limit is not None:
        own[0]["max"] = capacity_limit
    counters = empty(COUNTERS, 1)
    ends = ("free", "oldest", "newest", "oldest_assured", "newest_assured", "newest_expecting", "helped_free")
    for end in ends:
        counters[0][end] = -1
    counters[0]["used"] = FIRST
    counters[0]["next_number"] = 1
    counters[0]["hash_key"] = LEAST_KEY + key % (PRIME - LEAST_KEY)
    if ghosts:
        counters[0]["evict_assured"] = 1
        own[0]["loose"] = 1
    return with_rows(LEAST_ROWS, LEAST_ROWS, counters, own)


def with_rows(rows: int, helped: int, counters: npt.NDArray[np.void], settings: npt.NDArray[np.void]) -> Tracker:
    """A table for `rows` connections, `helped` of them with a helper; all its buckets are empty.

    There is a bucket for each tuple or more. What lies in one cache line is told in `fwsim.tables`.
    """
    translates = bool(settings[0]["translating"])
    return Tracker(
        tuples=_in_lines(TUPLE, 2 * rows),
        sides=_in_lines(SIDE, 2 * rows),
        connections=_in_lines(CONNECTION, rows),
        neighbours=_in_lines(NEIGHBOURS, rows),
        expectations=empty(EXPECTATION, helped),
        buckets=np.full(1 << (2 * (rows - FIRST) - 1).bit_length(), -1, dtype=np.int32),
        heap_key=np.zeros(rows, dtype=np.int64),
        heap_row=np.zeros(rows, dtype=np.int32),
        counters=counters,
        settings=settings,
        sources=empty(SOURCE, rows if translates else 1),
        source_buckets=np.zeros(SOURCE_BUCKETS if translates else 2, dtype=np.int32),
    )


def bytes_of_a_connection() -> int:
    """What a connection takes in a table that is full: its rows, its place in the expiry heap, two buckets."""
    place = np.dtype(np.int64).itemsize + np.dtype(np.int32).itemsize
    buckets = 2 * np.dtype(np.int32).itemsize
    return CONNECTION.itemsize + NEIGHBOURS.itemsize + 2 * TUPLE.itemsize + 2 * SIDE.itemsize + place + buckets


def bytes_held(tracker: Tracker) -> int:
    """What a table takes as it is: the rows that have ever been used, and all buckets, empty ones too."""
    counters = tracker.counters[0]
    place = np.dtype(np.int64).itemsize + np.dtype(np.int32).itemsize
    row = CONNECTION.itemsize + NEIGHBOURS.itemsize + 2 * TUPLE.itemsize + 2 * SIDE.itemsize + place
    row += SOURCE.itemsize if tracker.settings[0]["translating"] else 0
    buckets = (len(tracker.buckets) + len(tracker.source_buckets)) * np.dtype(np.int32).itemsize
    return int(counters["used"]) * row + int(counters["helped_used"]) * EXPECTATION.itemsize + buckets


def _in_lines(row: np.dtype[np.void], count: int) -> npt.NDArray[np.void]:
    """A table of zeros that begins where a cache line does. It takes memory only where it is written."""
    memory = np.zeros(count * row.itemsize + LINE, dtype=np.uint8)
    skipped = -memory.ctypes.data % LINE
    return memory[skipped : skipped + count * row.itemsize].view(row)


def has_room(tracker: Tracker, room: int) -> bool:
    """Whether a chunk may open so many connections."""
    return _rows_wanted(tracker, room) == _rows_of(tracker)


def _rows_of(tracker: Tracker) -> tuple[int, int]:
    """For how many connections there are rows, and for how many with a helper."""
    return len(tracker.connections), len(tracker.expectations)


def _rows_wanted(tracker: Tracker, room: int) -> tuple[int, int]:
    """For how many there should be before a chunk that may open `room` connections, any of them with a helper."""
    counters = tracker.counters[0]
    most = min(int(tracker.settings[0]["max"]) or ENDLESS, ENDLESS)
    rows, helped = _rows_of(tracker)
    while rows < min(int(counters["live"]) + room, most) + FIRST:
        rows = STEP_UP * rows if STEP_UP * rows < most else most + FIRST
    while helped < int(counters["helped"]) + room:
        helped *= 2
    return rows, helped


def grow(tracker: Tracker, room: int) -> Tracker:
    """The same table with room for `room` more connections, or as many as `nf_conntrack_max` allows.

    Takes and returns arrays, not wrapped ones; the old table must not be used any more. It grows by `STEP_UP`, to its
    limit, or stays what it is. Connections keep their rows.
    """
    rows, helped = _rows_wanted(tracker, room)
    old, old_helped = _rows_of(tracker)
    if (rows, helped) == (old, old_helped):
        return tracker
    expectations = empty(EXPECTATION, helped)
    expectations[:old_helped] = tracker.expectations
    if rows == old:
        return tracker._replace(expectations=expectations)
    larger = with_rows(rows, 0, tracker.counters, tracker.settings)._replace(expectations=expectations)
    _copy_rows(tracker, larger)
    tables = usable(larger)
    relink(tables)
    flush(tables)
    return larger


def copy(tracker: Tracker) -> Tracker:
    """A snapshot of a table of arrays."""
    own = with_rows(len(tracker.connections), 0, tracker.counters.copy(), tracker.settings.copy())
    _copy_rows(tracker, own)
    own.buckets[:] = tracker.buckets
    return own._replace(expectations=tracker.expectations.copy())


def _copy_rows(tracker: Tracker, to: Tracker) -> None:
    """Copy the rows of connections, as many as have ever been used, into another table."""
    used = int(tracker.counters[0]["used"])
    to.connections[:used] = tracker.connections[:used]
    to.neighbours[:used] = tracker.neighbours[:used]
    to.tuples[: 2 * used] = tracker.tuples[: 2 * used]
    to.sides[: 2 * used] = tracker.sides[: 2 * used]
    to.heap_key[:used] = tracker.heap_key[:used]
    to.heap_row[:used] = tracker.heap_row[:used]
    to.sources[:used] = tracker.sources[:used]
    to.source_buckets[:] = tracker.source_buckets


def connections_listing(tracker: Tracker) -> Iterator[dict[str, Any]]:
    """The live connections in the order of their numbers, each a dict; takes arrays.

    All fields of CONNECTION, and `row`, `original` and `reply` (dicts of TUPLE), `sides` (two dicts of SIDE).
    """
    used = int(tracker.counters[0]["used"])
    live = np.flatnonzero(is_live(tracker.connections[:used]))
    for row in live[np.argsort(tracker.connections["number"][live], kind="stable")].tolist():
        listed: dict[str, Any] = _fields(tracker.connections[row])
        listed["row"] = row
        listed["original"] = tuple_fields(tracker.tuples[2 * row])
        listed["reply"] = tuple_fields(tracker.tuples[2 * row + 1])
        listed["sides"] = [_fields(tracker.sides[2 * row]), _fields(tracker.sides[2 * row + 1])]
        yield listed


def tuple_fields(record: Any) -> dict[str, Any]:
    """A row of TUPLE as a dict: what of it is vague is UNKNOWN_VALUE."""
    shown = {name: shown_id(record[name]) for name in ("src_id", "dst_id")}
    return _fields(record) | shown | {name: shown_address(record[name]) for name in ("src0", "dst0")}


def _fields(record: Any) -> dict[str, Any]:
    """A record as a dict of Python integers."""
    return dict(zip(record.dtype.names, record.item(), strict=True))
