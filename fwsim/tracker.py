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

from fwsim.engine.expiry import FIRST
from fwsim.engine.tuples import PRIME, Tracker, relink
from fwsim.tables import CONNECTION, COUNTERS, EXPECTATION, SETTINGS, SIDE, TUPLE, empty
from fwsim.uncompiled import flush, usable

LEAST_ROWS = 64
"""Of a new table; it doubles from there."""

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
    for end in ("free", "oldest", "newest", "oldest_assured", "newest_assured", "newest_expecting"):
        counters[0][end] = -1
    counters[0]["used"] = FIRST
    counters[0]["next_number"] = 1
    counters[0]["hash_key"] = LEAST_KEY + key % (PRIME - LEAST_KEY)
    if ghosts:
        counters[0]["evict_assured"] = 1
        own[0]["loose"] = 1
    return with_rows(LEAST_ROWS, counters, own)


def with_rows(rows: int, counters: npt.NDArray[np.void], settings: npt.NDArray[np.void]) -> Tracker:
    """A table for `rows` connections, all its buckets empty: one for each tuple or more."""
    return Tracker(
        tuples=empty(TUPLE, 2 * rows),
        sides=empty(SIDE, 2 * rows),
        connections=empty(CONNECTION, rows),
        expectations=empty(EXPECTATION, rows),
        buckets=np.full(1 << (2 * rows - 1).bit_length(), -1, dtype=np.int64),
        heap_key=np.zeros(rows, dtype=np.int64),
        heap_row=np.zeros(rows, dtype=np.int64),
        counters=counters,
        settings=settings,
    )


def rows_wanted(tracker: Tracker, room: int) -> int:
    """How many rows the table should have before a chunk that may open `room` connections."""
    needed = int(tracker.counters[0]["live"]) + room
    limit = int(tracker.settings[0]["max"])
    if limit > 0:
        needed = min(needed, limit)
    rows = len(tracker.connections)
    while rows < needed + FIRST:
        rows *= 2
    return rows


def grow(tracker: Tracker, room: int) -> Tracker:
    """The same table with room for `room` more connections, or as many as `nf_conntrack_max` allows.

    Takes and returns arrays, not wrapped ones; the old table must not be used any more. It at least doubles, or stays
    what it is. Connections keep their rows.
    """
    rows = rows_wanted(tracker, room)
    old = len(tracker.connections)
    if rows == old:
        return tracker
    larger = with_rows(rows, tracker.counters, tracker.settings)
    larger.connections[:old] = tracker.connections
    larger.expectations[:old] = tracker.expectations
    larger.tuples[: 2 * old] = tracker.tuples
    larger.sides[: 2 * old] = tracker.sides
    larger.heap_key[:old] = tracker.heap_key
    larger.heap_row[:old] = tracker.heap_row
    tables = usable(larger)
    relink(tables)
    flush(tables)
    return larger


def copy(tracker: Tracker) -> Tracker:
    """A snapshot of a table of arrays."""
    return Tracker(*(array.copy() for array in tracker))


def connections_listing(tracker: Tracker) -> Iterator[dict[str, Any]]:
    """The live connections in the order of their numbers, each a dict; takes arrays.

    All fields of CONNECTION, and `row`, `original` and `reply` (dicts of TUPLE), `sides` (two dicts of SIDE).
    """
    used = int(tracker.counters[0]["used"])
    live = np.flatnonzero(tracker.connections["heap_position"][FIRST:used] >= 0) + FIRST
    for row in live[np.argsort(tracker.connections["number"][live], kind="stable")].tolist():
        listed: dict[str, Any] = _fields(tracker.connections[row])
        listed["row"] = row
        listed["original"] = _fields(tracker.tuples[2 * row])
        listed["reply"] = _fields(tracker.tuples[2 * row + 1])
        listed["sides"] = [_fields(tracker.sides[2 * row]), _fields(tracker.sides[2 * row + 1])]
        yield listed


def _fields(record: Any) -> dict[str, Any]:
    """A record as a dict of Python integers."""
    return dict(zip(record.dtype.names, record.item(), strict=True))
