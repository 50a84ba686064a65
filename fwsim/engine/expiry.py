"""The life of connections in the table: in, out, and which of them goes next, by time and by age.

Read first: conntrack-spec §14, `fwsim.tables.COUNTERS`. Three orders are kept:

* An **expiry heap** of rows. Its keys are lower bounds of `expires`: a packet that extends a timeout leaves the heap
  alone, and the key is corrected when it comes to the top. A timeout that is cut short moves up at once (`rearm`). A
  connection that is deleted leaves its place to the next one in its row, or until that place comes to the top. So
  neither the usual packet nor a new connection that takes an old one's place costs anything here.
* Two **age chains** (`fwsim.tables.NEIGHBOURS`): the connections that are not ASSURED, oldest first, and the others.
* A chain of free rows (through `newer`).

`expire` runs before each packet, so the table holds live connections only: nothing else need ask whether one is dead,
and what a packet finds does not depend on when it was looked for.

Unlike Linux: eviction takes the oldest connection that is not ASSURED. The kernel takes those that share a
bucket, whose choice hangs on a random number.
"""

from __future__ import annotations

from fwsim.engine import entry, hot, shared
from fwsim.engine.expectation import give_back, take_expectation
from fwsim.engine.tuples import CONFIRMED, DYING, Tracker, is_live, link, unlink
from fwsim.tables import Row
from fwsim.terms import CtStatus, Proto

ASSURED = int(CtStatus.ASSURED)
HELPER = int(CtStatus.HELPER)
TCP = int(Proto.TCP)

UNCONFIRMED = 0
"""The row of the connection that a new packet would open; it is in no order and no bucket."""
BLANK = 1
"""A row of zeros, copied to begin a connection."""
FIRST = 2
"""The first row that can hold a confirmed connection."""

BRANCHES_LOG = 2
BRANCHES = 1 << BRANCHES_LOG
"""Of the heap: the keys of four children lie together, so that each level down costs one wait for memory, not two."""


@hot
def expire(tracker: Tracker, now: int) -> None:
    """Delete every connection of which nothing remains at `now` (`nf_ct_is_expired`), the first to die first."""
    if tracker.counters[0]["armed"] > 0 and tracker.heap_key[0] <= now:
        bury(tracker, now)


@entry
def pass_time(tracker: Tracker, now: int) -> None:
    """Let time pass where no packet comes: who looks into the table at `now` sees what lives then."""
    expire(tracker, now)


@shared
def bury(tracker: Tracker, now: int) -> None:
    """See to every place of the heap whose time has come: its connection has expired, is gone, or was extended."""
    counters = tracker.counters[0]
    while counters["armed"] > 0 and tracker.heap_key[0] <= now:
        row = int(tracker.heap_row[0])
        connection = tracker.connections[row]
        if not is_live(connection):
            disarm_first(tracker)
        elif connection["expires"] > tracker.heap_key[0]:
            connection["heap_key"] = connection["expires"]
            sink(tracker, row, connection["heap_key"])
        else:
            delete(tracker, row)
            counters["expired"] += 1


@hot
def keep(tracker: Tracker) -> int:
    """Move the unconfirmed connection into the table and return its row; `make_room` has made sure of one."""
    row = take_row(tracker)
    connection = tracker.connections[row]
    place, key = connection["heap_position"], connection["heap_key"]
    tracker.connections[row] = tracker.connections[UNCONFIRMED]
    for part in range(2):
        tracker.tuples[2 * row + part] = tracker.tuples[2 * UNCONFIRMED + part]
        tracker.sides[2 * row + part] = tracker.sides[2 * UNCONFIRMED + part]
    connection["status"] |= CONFIRMED
    link(tracker, row)
    if connection["status"] & HELPER:
        connection["extension"] = take_expectation(tracker)
    grow_old(tracker, row, connection["status"] & ASSURED)
    arm(tracker, row, place, key)
    counters = tracker.counters[0]
    counters["live"] += 1
    counters["created"] += 1
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
    if connection["status"] & HELPER:
        give_back(tracker, row)
    connection["status"] |= DYING
    counters = tracker.counters[0]
    counters["live"] -= 1
    tracker.neighbours[row]["newer"] = counters["free"]
    counters["free"] = row


@hot
def take_row(tracker: Tracker) -> int:
    """A free row: the one freed last, else the next one never used."""
    counters = tracker.counters[0]
    row = counters["free"]
    if row >= 0:
        counters["free"] = tracker.neighbours[row]["newer"]
    else:
        row = counters["used"]
        counters["used"] += 1
        tracker.connections[row]["heap_position"] = -1
    return int(row)


@hot
def make_room(tracker: Tracker) -> bool:
    """See to it that one more connection fits (`__nf_conntrack_alloc`, `early_drop`); False if the packet must go.

    The table itself is no limit: it has grown before the chunk began.
    """
    counters = tracker.counters[0]
    if not is_full(tracker):
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


@hot
def is_full(tracker: Tracker) -> bool:
    """Whether there is no room for one more connection."""
    room = len(tracker.connections) - FIRST
    limit = tracker.settings[0]["max"]
    if 0 < limit < room:
        room = limit
    return bool(tracker.counters[0]["live"] >= room)


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
    sides = tracker.neighbours[row]
    join_ends(tracker, int(sides["older"]), int(sides["newer"]), assured)


@hot
def join_ends(tracker: Tracker, older: int, newer: int, assured: int) -> None:
    """Make two connections neighbours in an age chain; -1 stands for the end."""
    if newer >= 0:
        tracker.neighbours[newer]["older"] = older
    else:
        set_end(tracker.counters[0], 1, assured, older)
    if older >= 0:
        tracker.neighbours[older]["newer"] = newer
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
def arm(tracker: Tracker, row: int, place: int, key: int) -> None:
    """Give a new connection a place in the heap: that of its row with its key, if it has one, else one at the end."""
    connection = tracker.connections[row]
    connection["heap_position"] = place
    connection["heap_key"] = key
    if place < 0:
        counters = tracker.counters[0]
        connection["heap_key"] = first_key(tracker, connection)
        rise(tracker, counters["armed"], row, connection["heap_key"])
        counters["armed"] += 1
    elif connection["expires"] < key:
        rearm(tracker, row)


@hot
def first_key(tracker: Tracker, connection: Row) -> int:
    """The key of a new connection: that of TCP is early, for the answer to its SYN usually cuts its timeout short."""
    answered = connection["created"] + tracker.settings[0]["syn_recv"]
    if tracker.tuples[UNCONFIRMED]["proto"] == TCP and answered < connection["expires"]:
        return int(answered)
    return int(connection["expires"])


@shared
def rearm(tracker: Tracker, row: int) -> None:
    """Move a connection up whose timeout was cut short: it would die earlier than its key says."""
    connection = tracker.connections[row]
    connection["heap_key"] = connection["expires"]
    rise(tracker, connection["heap_position"], row, connection["heap_key"])


@hot
def disarm_first(tracker: Tracker) -> None:
    """Take the first place out of the heap: what is at the last one fills it."""
    counters = tracker.counters[0]
    tracker.connections[tracker.heap_row[0]]["heap_position"] = -1
    counters["armed"] -= 1
    last = counters["armed"]
    if last > 0:
        sink(tracker, int(tracker.heap_row[last]), int(tracker.heap_key[last]))


@hot
def put(tracker: Tracker, at: int, row: int, key: int) -> None:
    """Write one place of the heap."""
    tracker.heap_key[at] = key
    tracker.heap_row[at] = row
    tracker.connections[row]["heap_position"] = at


@hot
def rise(tracker: Tracker, at: int, row: int, key: int) -> None:
    """Put a row where it belongs on the way from a place to the top, moving down what is later."""
    while at > 0:
        parent = (at - 1) >> BRANCHES_LOG
        if tracker.heap_key[parent] <= key:
            break
        put(tracker, at, int(tracker.heap_row[parent]), int(tracker.heap_key[parent]))
        at = parent
    put(tracker, at, row, key)


@hot
def sink(tracker: Tracker, row: int, key: int) -> None:
    """Put a row where it belongs on the way from the top down, moving up what is earlier."""
    size = tracker.counters[0]["armed"]
    at, child = 0, 1
    while child < size:
        least = child
        for other in range(child + 1, min(child + BRANCHES, size)):
            if tracker.heap_key[other] < tracker.heap_key[least]:
                least = other
        if tracker.heap_key[least] >= key:
            break
        put(tracker, at, int(tracker.heap_row[least]), int(tracker.heap_key[least]))
        at = least
        child = (at << BRANCHES_LOG) + 1
    put(tracker, at, row, key)
