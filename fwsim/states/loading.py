"""From files to tables, and back.

Read first: `fwsim.tracker`, `fwsim.engine.expiry.keep`. Connections are put in one after the other as if their packets
had opened them, in the order of the file, so the first are the oldest. They bear no frame: it is not in the capture.
"""

from __future__ import annotations

from typing import Any

from fwsim import tracker as trackers
from fwsim.engine.binding import DONE
from fwsim.engine.expectation import expectation_of
from fwsim.engine.expiry import UNCONFIRMED, keep
from fwsim.engine.sources import hang_by_source
from fwsim.engine.tcp_table import CLASS_NONE
from fwsim.engine.tuples import Tracker, find
from fwsim.errors import UsageError
from fwsim.states.as_json import LAST, READ
from fwsim.states.model import BITS, OF_SIDE, OF_TUPLE, STATES, TOLD, Entry, State, unknown_sides
from fwsim.tables import CONNECTION
from fwsim.tracker import connections_listing
from fwsim.uncompiled import flush, usable

HELPER = BITS["helper"]


def loaded(tracker: Tracker, state: State, begins_ns: int, path: str) -> Tracker:
    """A table of arrays with the connections of a file; `begins_ns` is when the run does. Raises UsageError."""
    at = begins_ns if state.at_ns is None else state.at_ns
    alive = [entry for entry in state.entries if at + entry.left_ns > begins_ns]
    most = int(tracker.settings[0]["max"])
    if most and len(alive) > most:
        raise UsageError(f"{path}: holds {len(alive):,} connections, and conntrack.max is {most:,}")
    tracker = trackers.grow(tracker, len(alive))
    tables = usable(tracker)
    for number, entry in enumerate(alive, 1):
        _put(tables, entry, at, f"{path}: connection {number}")
    counters = tables.counters[0]
    counters["created"] = 0  # by packets
    flush(tables)
    return tracker


def _put(tables: Any, entry: Entry, at: int, where: str) -> None:
    """Put one connection into the table."""
    for side, fields in enumerate((entry.original, entry.reply)):
        for name in OF_TUPLE:
            tables.tuples[side][name] = fields[name]
        if find(tables, tables.tuples[side]) >= 0:
            raise UsageError(f"{where}: another has the same addresses and ports")
        for name, value in (entry.sides or unknown_sides(entry.proto))[side].items():
            tables.sides[side][name] = value
    connection = tables.connections[UNCONFIRMED]
    for name in CONNECTION.names or ():
        connection[name] = entry.last.get(name, 0)
    counters, settings = tables.counters[0], tables.settings[0]
    connection["number"] = counters["next_number"]
    counters["next_number"] += 1
    connection["status"] = entry.status | (DONE if settings["translating"] else 0)
    connection["state"], connection["mark"] = entry.state, entry.mark
    connection["timeout"] = entry.timeout_ns or entry.left_ns
    connection["expires"] = at + entry.left_ns
    connection["created"] = at - entry.age_ns
    if not entry.last:
        connection["last_index"] = CLASS_NONE
    row = keep(tables)
    if settings["translating"]:
        hang_by_source(tables, row)
    if entry.expectation is not None:
        _read(tables, row, entry.expectation, at)


def _read(tables: Any, row: int, fields: dict[str, int], at: int) -> None:
    """What the helper of a connection has read of it, and what it expects."""
    expectation = expectation_of(tables, row)
    for name in READ:
        expectation[name] = fields[name]
    if not expectation["expects"]:
        return
    counters = tables.counters[0]
    expectation["expires"] += at
    expectation["newer"], expectation["older"] = -1, counters["newest_expecting"]
    if expectation["older"] >= 0:
        expectation_of(tables, expectation["older"])["newer"] = row
    counters["newest_expecting"] = row


def saved(tracker: Tracker, at: int) -> tuple[State, int]:
    """The connections of a table of arrays that are alive at a time, and how many of them cannot be told in a file.

    Those are the ones of which not all is known: to what they are translated, or in which state they are.
    """
    entries, untold = [], 0
    for listed in connections_listing(tracker):
        if listed["expires"] <= at:
            continue
        if listed["status"] & ~TOLD or listed["mark"] < 0 or min(_numbers(listed)) < 0:
            untold += 1
            continue
        entries.append(_entry(listed, tracker, at))
    return State(entries, at), untold


def _numbers(listed: dict[str, Any]) -> list[int]:
    """The numbers of both tuples."""
    return [listed[side][name] for side in ("original", "reply") for name in OF_TUPLE]


def _entry(listed: dict[str, Any], tracker: Tracker, at: int) -> Entry:
    """A connection as files have it."""
    proto, status = listed["original"]["proto"], listed["status"]
    expectation = None
    if status & HELPER:
        row: Any = tracker.expectations[listed["extension"]]
        expectation = {name: int(row[name]) for name in READ}
        expectation["expires"] = max(expectation["expires"] - at, 0) if expectation["expects"] else 0
    one, other = ({name: side[name] for name in OF_SIDE} for side in listed["sides"])
    return Entry(
        original={name: listed["original"][name] for name in OF_TUPLE},
        reply={name: listed["reply"][name] for name in OF_TUPLE},
        left_ns=listed["expires"] - at,
        state=listed["state"],
        status=status & sum(BITS.values()),
        mark=listed["mark"],
        timeout_ns=listed["timeout"],
        age_ns=max(at - listed["created"], 0),
        sides=(one, other) if proto in STATES else None,
        last={name: listed[name] for name in LAST} if proto in STATES else {},
        expectation=expectation,
    )
