"""The life of connections in the table: in, out, and which of them goes next, by time and by age.

Read first: conntrack-spec §14, `fwsim.tables.COUNTERS`. Three orders are kept:

* An **expiry heap**, indexed by `CONNECTION["heap_position"]`. Its keys are lower bounds of `expires`: a packet
  that extends a timeout leaves the heap alone, and the key is corrected when it comes to the top. A timeout that is
  cut short moves up at once (`rearm`). So the usual packet costs nothing here.
* Two **age chains** (`older`, `newer`): the connections that are not ASSURED, oldest first, and the others.
* A chain of free rows (through `newer`).

`expire` runs before each packet, so the table holds live connections only: nothing else need ask whether one is dead,
and what a packet finds does not depend on when it was looked for.

Unlike Linux: eviction takes the oldest connection that is not ASSURED. The kernel takes those that share a
bucket, whose choice hangs on a random number.
"""

from __future__ import annotations

from fwsim.engine import hot
from fwsim.engine.expectation import begin_reading, withdraw
from fwsim.engine.tuples import Tracker, link, unlink
from fwsim.tables import Row
from fwsim.terms import CtStatus

ASSURED = int(CtStatus.ASSURED)
DYING = int(CtStatus.DYING)
HELPER = int(CtStatus.HELPER)
CONFIRMED = int(CtStatus.CONFIRMED)

UNCONFIRMED = 0
"""The row of the connection that a new packet would open; it is in no order and no bucket."""
BLANK = 1
"""A row of zeros, copied to begin a connection."""
FIRST = 2
"""The first row that can hold a confirmed connection."""


@hot
def expire(tracker: Tracker, now: int) -> None:
    """Delete every connection of which nothing remains at `now` (`nf_ct_is_expired`), the first to die first."""
    counters = tracker.counters[0]
    while counters["live"] > 0 and tracker.heap_key[0] <= now:
        row = int(tracker.heap_row[0])
        expires = tracker.connections[row]["expires"]
        if expires > tracker.heap_key[0]:
            tracker.heap_key[0] = expires
            sink(tracker, 0)
        else:
            delete(tracker, row)
            counters["expired"] += 1


@hot
def keep(tracker: Tracker) -> int:
    """Move the unconfirmed connection into the table and return its row; `make_room` has made sure of one."""
    row = take_row(tracker)
    tracker.connections[row] = tracker.connections[UNCONFIRMED]
    for part in range(2):
        tracker.tuples[2 * row + part] = tracker.tuples[2 * UNCONFIRMED + part]
        tracker.sides[2 * row + part] = tracker.sides[2 * UNCONFIRMED + part]
    connection = tracker.connections[row]
    connection["status"] |= CONFIRMED
    link(tracker, row)
    if connection["status"] & HELPER:
        begin_reading(tracker.expectations[row])
    grow_old(tracker, row, connection["status"] & ASSURED)
    counters = tracker.counters[0]
    put(tracker, counters["live"], row, connection["expires"])
    counters["live"] += 1
    counters["created"] += 1
    rise(tracker, counters["live"] - 1)
    if counters["live"] > counters["peak"]:
        counters["peak"] = counters["live"]
    return row


@hot
def delete(tracker: Tracker, row: int) -> None:
    """Take a connection out of the table (`nf_ct_delete`).

    Its fields can still be read until the next connection is confirmed: the packet that ended it has it attached.
    """
    unlink(tracker, row)
    connection = tracker.connections[row]
    leave_age(tracker, row, connection["status"] & ASSURED)
    disarm(tracker, row)
    if connection["status"] & HELPER:
        withdraw(tracker, row)
    connection["status"] |= DYING
    counters = tracker.counters[0]
    connection["newer"] = counters["free"]
    counters["free"] = row


@hot
def take_row(tracker: Tracker) -> int:
    """A free row: the one freed last, else the next one never used."""
    counters = tracker.counters[0]
    row = counters["free"]
    if row >= 0:
        counters["free"] = tracker.connections[row]["newer"]
    else:
        row = counters["used"]
        counters["used"] += 1
    return int(row)


@hot
def make_room(tracker: Tracker) -> bool:
    """See to it that one more connection fits (`__nf_conntrack_alloc`, `early_drop`); False if the packet must go.

    The table itself is no limit: it has grown before the chunk began.
    """
    counters = tracker.counters[0]
    limit = len(tracker.connections) - FIRST
    wanted = tracker.settings[0]["max"]
    if 0 < wanted < limit:
        limit = wanted
    if counters["live"] < limit:
        return True
    victim = counters["oldest"]
    if victim < 0 and counters["evict_assured"]:
        victim = counters["oldest_assured"]
    if victim < 0:
        counters["dropped"] += 1
        return False
    delete(tracker, victim)
    counters["evicted"] += 1
    return True


# --- the order of age ------------------------------------------------------------------------------------------


@hot
def become_assured(tracker: Tracker, row: int) -> None:
    """Move a connection that has just become ASSURED into the chain of those."""
    leave_age(tracker, row, 0)
    grow_old(tracker, row, ASSURED)


@hot
def grow_old(tracker: Tracker, row: int, assured: int) -> None:
    """Put a connection at the young end of its age chain."""
    counters = tracker.counters[0]
    newest = counters["newest_assured"] if assured else counters["newest"]
    join_ends(tracker, newest, row, assured)
    join_ends(tracker, row, -1, assured)


@hot
def leave_age(tracker: Tracker, row: int, assured: int) -> None:
    """Take a connection out of its age chain."""
    connection = tracker.connections[row]
    join_ends(tracker, connection["older"], connection["newer"], assured)


@hot
def join_ends(tracker: Tracker, older: int, newer: int, assured: int) -> None:
    """Make two connections neighbours in an age chain; -1 stands for the end."""
    if newer >= 0:
        tracker.connections[newer]["older"] = older
    else:
        set_end(tracker.counters[0], 1, assured, older)
    if older >= 0:
        tracker.connections[older]["newer"] = newer
    else:
        set_end(tracker.counters[0], 0, assured, newer)


@hot
def set_end(counters: Row, young: int, assured: int, row: int) -> None:
    """Write one of the four ends of the age chains."""
    if assured:
        if young:
            counters["newest_assured"] = row
        else:
            counters["oldest_assured"] = row
    elif young:
        counters["newest"] = row
    else:
        counters["oldest"] = row


# --- the heap of expiry ----------------------------------------------------------------------------------------


@hot
def rearm(tracker: Tracker, row: int) -> None:
    """Bring the heap up to date after a packet: needed only if the connection now dies earlier than its key says."""
    connection = tracker.connections[row]
    at = connection["heap_position"]
    if connection["expires"] < tracker.heap_key[at]:
        tracker.heap_key[at] = connection["expires"]
        rise(tracker, at)


@hot
def disarm(tracker: Tracker, row: int) -> None:
    """Take a connection out of the heap: the last one fills its place."""
    counters = tracker.counters[0]
    at = tracker.connections[row]["heap_position"]
    tracker.connections[row]["heap_position"] = -1
    counters["live"] -= 1
    last = counters["live"]
    if at != last:
        put(tracker, at, tracker.heap_row[last], tracker.heap_key[last])
        sink(tracker, at)
        rise(tracker, at)


@hot
def put(tracker: Tracker, at: int, row: int, key: int) -> None:
    """Write one place of the heap."""
    tracker.heap_key[at] = key
    tracker.heap_row[at] = row
    tracker.connections[row]["heap_position"] = at


@hot
def rise(tracker: Tracker, at: int) -> None:
    """Move an entry up until its parent is not later."""
    row = int(tracker.heap_row[at])
    key = int(tracker.heap_key[at])
    while at > 0 and tracker.heap_key[(at - 1) >> 1] > key:
        parent = (at - 1) >> 1
        put(tracker, at, tracker.heap_row[parent], tracker.heap_key[parent])
        at = parent
    put(tracker, at, row, key)


@hot
def sink(tracker: Tracker, at: int) -> None:
    """Move an entry down until no child is earlier."""
    size = tracker.counters[0]["live"]
    row = int(tracker.heap_row[at])
    key = int(tracker.heap_key[at])
    child = 2 * at + 1
    while child < size:
        if child + 1 < size and tracker.heap_key[child + 1] < tracker.heap_key[child]:
            child += 1
        if tracker.heap_key[child] >= key:
            break
        put(tracker, at, tracker.heap_row[child], tracker.heap_key[child])
        at = child
        child = 2 * at + 1
    put(tracker, at, row, key)
