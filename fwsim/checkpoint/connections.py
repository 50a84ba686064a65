"""The connection tables in a checkpoint: the rows in use, and the orders in which connections go.

Read first: `fwsim.tracker`, `fwsim.engine.expiry`. The hash is not saved: its key is secret, and no result depends on
it; the tuples are linked anew. The orders are, and are walked through once when they are read, because the engine
follows them without looking.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fwsim.checkpoint.by_source import restore_sources, save_sources
from fwsim.checkpoint.saved import Bounds, Saved
from fwsim.engine.expiry import BRANCHES_LOG, FIRST
from fwsim.engine.tuples import Tracker, is_live, relink
from fwsim.engine.vague import VAGUE_ADDRESS
from fwsim.tables import CONNECTION, COUNTERS, EXPECTATION, NEIGHBOURS, SIDE, TUPLE
from fwsim.terms import CtStatus, Proto, SctpState, TcpState
from fwsim.tracker import with_rows
from fwsim.uncompiled import flush, usable

NOT_SAVED = ("evict_assured", "hash_key")
"""Counters that a fresh table has of itself."""
ENDS = ("free", "oldest", "newest", "oldest_assured", "newest_assured", "newest_expecting")
COUNTED = ("next_number", "peak", "created", "expired", "evicted", "dropped")
OF_HELPERS = ("helped", "helped_used")
FAR = 1 << 60
"""More than this is not counted to."""
ROWS_MAX = 1 << 26
"""More connections than this would take 32 GiB."""
STATES = {int(Proto.TCP): len(TcpState), int(Proto.SCTP): len(SctpState)}
"""How many states a connection of these protocols can be in: the engine looks them up in a table."""
WITH_PORTS = [int(proto) for proto in (Proto.TCP, Proto.UDP, Proto.UDPLITE, Proto.SCTP)]
TRANSLATED = int(CtStatus.SNAT | CtStatus.DNAT)
TUPLES: Bounds = {"proto": (0, 255)} | {
    f"{end}{word}": (0, 0xFFFFFFFF if word else VAGUE_ADDRESS) for end in ("src", "dst") for word in range(4)
}
SIDES: Bounds = {"scale": (0, 14)}
CONNECTIONS: Bounds = {"last_wscale": (0, 14), "state": (0, 63)}
EXPECTATIONS: Bounds = {"direction": (0, 1), "expects": (0, 2)}


def save_tracker(tracker: Tracker) -> dict[str, Any]:
    """What is saved of a table of arrays."""
    used, armed, helped = (int(tracker.counters[0][name]) for name in ("used", "armed", "helped_used"))
    counters = tracker.counters.copy()
    for name in NOT_SAVED:
        counters[name] = 0
    return {
        "counters": counters,
        "connections": tracker.connections[:used],
        "neighbours": tracker.neighbours[:used],
        "expectations": tracker.expectations[:helped],
        "tuples": tracker.tuples[: 2 * used],
        "sides": tracker.sides[: 2 * used],
        "heap_key": tracker.heap_key[:armed],
        "heap_row": tracker.heap_row[:armed].astype(np.int64),
        "sources": save_sources(tracker),
    }


def restored_tracker(fresh: Tracker, saved: Saved) -> Tracker:
    """The table that was saved, with the settings and the hash key of a fresh one."""
    counters = saved.rows("counters", COUNTERS, 1)
    for name in NOT_SAVED:
        counters[name] = fresh.counters[name]
    used, live, helped = (int(counters[0][name]) for name in ("used", "live", "helped_used"))
    saved.must(FIRST <= used <= ROWS_MAX and 0 <= live <= used - FIRST and 0 <= helped <= used, "counters")
    saved.check("counters", counters, dict.fromkeys(ENDS, (-1, used - 1)) | dict.fromkeys(COUNTED, (0, FAR)))
    saved.check("counters", counters, dict.fromkeys(OF_HELPERS, (0, helped)) | {"helped_free": (-1, helped - 1)})
    connections = saved.rows("connections", CONNECTION, used, CONNECTIONS)  # they are there before room is made
    tuples = saved.rows("tuples", TUPLE, 2 * used)
    rows, helped_rows = len(fresh.connections), len(fresh.expectations)
    while rows < used:
        rows *= 2
    while helped_rows < helped:
        helped_rows *= 2
    tracker = with_rows(rows, helped_rows, counters, fresh.settings)
    neighbours = {"older": (-1, used - 1), "newer": (-1, used - 1)}
    tracker.connections[FIRST:used] = connections[FIRST:]
    tracker.neighbours[FIRST:used] = saved.rows("neighbours", NEIGHBOURS, used, neighbours)[FIRST:]
    tracker.expectations[:helped] = saved.rows("expectations", EXPECTATION, helped, {**EXPECTATIONS, **neighbours})
    tracker.tuples[2 * FIRST : 2 * used] = tuples[2 * FIRST :]
    saved.check("tuples", tracker.tuples[2 * FIRST : 2 * used], TUPLES)
    tracker.sides[2 * FIRST : 2 * used] = saved.rows("sides", SIDE, 2 * used, SIDES)[2 * FIRST :]
    _restore_heap(tracker, saved, used)
    _check_states(tracker, saved, used)
    _check_chains(tracker, saved, used, live)
    restore_sources(tracker, saved.part("sources"))
    tables = usable(tracker)
    relink(tables)
    flush(tables)
    return tracker


def _restore_heap(tracker: Tracker, saved: Saved, used: int) -> None:
    """The order of expiry: a heap that holds every live connection once, and whose places the rows know."""
    armed = int(tracker.counters[0]["armed"])
    keys, rows = saved.numbers("heap_key"), saved.numbers("heap_row", bounds=(FIRST, used - 1))
    saved.must(len(keys) == len(rows) == armed, "heap_row")
    places = np.full(used, -1, np.int64)
    places[rows] = np.arange(armed)
    connections = tracker.connections[:used]
    saved.must(int((places >= 0).sum()) == armed, "heap_row")
    saved.must(bool((connections["heap_position"][FIRST:] == places[FIRST:]).all()), "heap_position")
    saved.must(bool((connections["heap_key"][rows] == keys).all()), "heap_key")
    saved.must(bool((keys[1:] >= keys[(np.arange(1, armed) - 1) >> BRANCHES_LOG]).all()), "heap_key")
    saved.must(not (is_live(connections[FIRST:]) & (places[FIRST:] < 0)).any(), "heap_row")
    tracker.heap_key[:armed], tracker.heap_row[:armed] = keys, rows


def _check_states(tracker: Tracker, saved: Saved, used: int) -> None:
    """No connection is in a state that its protocol does not have.

    Its reply is the inverse of its original, unless it is translated; then it is at least of the same protocol.
    """
    states, protocols = tracker.connections["state"][:used], tracker.tuples["proto"][: 2 * used : 2]
    original, reply = (tracker.tuples[2 * FIRST + side : 2 * used : 2] for side in range(2))
    saved.must(bool((original["proto"] == reply["proto"]).all()), "tuples")
    straight = tracker.connections["status"][FIRST:used] & TRANSLATED == 0
    pairs = [(f"src{word}", f"dst{word}") for word in range(4)]
    for one, other in [*pairs, *((other, one) for one, other in pairs)]:
        saved.must(bool((original[one] == reply[other])[straight].all()), "tuples")
    with_ports = straight & np.isin(original["proto"], WITH_PORTS)
    for one, other in (("src_id", "dst_id"), ("dst_id", "src_id")):
        saved.must(bool((original[one] == reply[other])[with_ports].all()), "tuples")
    for protocol, count in STATES.items():
        saved.must(bool((states[FIRST:][protocols[FIRST:] == protocol] < count).all()), "connections.state")


def _check_chains(tracker: Tracker, saved: Saved, used: int, live: int) -> None:
    """Each live connection is in the chain of its age, each free row in that of the free, and all chains end."""
    counters = tracker.counters[0]
    there: npt.NDArray[np.bool_] = np.asarray(is_live(tracker.connections[:used]))
    there[:FIRST] = False
    saved.must(int(there.sum()) == live, "counters")
    assured = (tracker.connections["status"][:used] & int(CtStatus.ASSURED)) != 0
    for oldest, newest, members in (
        ("oldest", "newest", there & ~assured),
        ("oldest_assured", "newest_assured", there & assured),
    ):
        forth = _walk(tracker.neighbours["newer"], int(counters[oldest]), used)
        back = _walk(tracker.neighbours["older"], int(counters[newest]), used)
        saved.must(forth == back[::-1] and sorted(forth) == np.flatnonzero(members).tolist(), oldest)
    free = _walk(tracker.neighbours["newer"], int(counters["free"]), used)
    gone = np.flatnonzero(~there[FIRST:]) + FIRST
    saved.must(sorted(free) == gone.tolist() and len(free) + live == used - FIRST, "free")
    _check_expecting(tracker, saved, there)


def _check_expecting(tracker: Tracker, saved: Saved, there: npt.NDArray[np.bool_]) -> None:
    """Each live connection with a helper has a row of its own; those that expect one are in the chain of these."""
    counters = tracker.counters[0]
    used, helped = len(there), int(counters["helped_used"])
    status, extension = tracker.connections["status"][:used], tracker.connections["extension"][:used]
    with_helper = np.flatnonzero(there & (status & int(CtStatus.HELPER) != 0))
    owned = extension[with_helper]
    saved.must(bool(((owned >= 0) & (owned < helped)).all()), "connections.extension")
    free = _walk(tracker.expectations["newer"], int(counters["helped_free"]), helped)
    saved.must(sorted([*owned.tolist(), *free]) == list(range(helped)), "connections.extension")
    saved.must(len(owned) == int(counters["helped"]), "counters")
    row_of = np.full(used, -1, np.int64)
    row_of[with_helper] = owned
    following = np.where(row_of >= 0, tracker.expectations["older"][row_of], -1)
    chain = _walk(following, int(counters["newest_expecting"]), used)
    expecting = with_helper[tracker.expectations["expects"][owned] > 0]
    saved.must(sorted(chain) == expecting.tolist(), "expectations")
    saved.must(
        tracker.expectations["newer"][row_of[chain]].tolist() == [-1, *chain][: len(chain)], "expectations.newer"
    )


def _walk(chain: npt.NDArray[Any], start: int, most: int) -> list[int]:
    """The rows of a chain; if it does not end or leads out of the table, also one that there cannot be."""
    following = chain[:most].tolist()
    found: list[int] = []
    while 0 <= start < most and len(found) <= most:
        found.append(start)
        start = following[start]
    return found if start < 0 else [*found, most]
