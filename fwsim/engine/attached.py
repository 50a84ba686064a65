"""What rules see of the connection that tracking has found for a packet, and what they leave on it.

Read first: TRACK and CONNECTION in `fwsim.tables`, `fwsim.engine.path` (Course).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fwsim.engine import hot, shared
from fwsim.engine.asked import AS_IT_CAME, show_headers
from fwsim.engine.beside import show_link, show_tuple
from fwsim.engine.binding import DONE, Nat
from fwsim.engine.conntrack import fresh_state
from fwsim.engine.expiry import UNCONFIRMED
from fwsim.engine.path import Course, go_on
from fwsim.engine.shard import Share
from fwsim.engine.translating import translate, visible
from fwsim.engine.tuples import Tracker
from fwsim.terms import ABSENT, UNKNOWN_VALUE, CtState, CtStatus, Reason

Row = Any
Table = npt.NDArray[np.void]

INVALID = int(CtState.INVALID)
UNTRACKED = int(CtState.UNTRACKED)
TENTATIVE = int(CtStatus.TENTATIVE)
HELPER = int(CtStatus.HELPER)
IN_DOUBT = int(CtStatus.HELPER_IN_DOUBT)
STRAY = int(CtStatus.STRAY)
R_TRANSLATED = int(Reason.TRANSLATED)
R_RELATED = int(Reason.ICMP_ERROR_RELATED)


class Stateful(NamedTuple):
    """All the stateful mode works with; `tracking` is 0 or 1.

    `results` holds three rows of TRACK: the packet's, its ghost's, and what it would be without its tentative
    connection. `scratch` is one row of DECISION, `hashes` as long as a chunk. Both trackers have the same hash key.
    `share` tells which packets are not for this tracker to decide.
    """

    course: Course
    tracker: Tracker
    ghosts: Tracker
    results: npt.NDArray[np.void]
    scratch: npt.NDArray[np.void]
    hashes: npt.NDArray[np.int64]
    tracking: int
    share: Share
    nat: Nat


@hot
def show(mode: Stateful, result: Row) -> None:
    """Make the rules see the ct state that tracking gave the packet."""
    seen = mode.course.seen[0]
    state = result["ct_state"]
    if not mode.tracking:
        state = INVALID  # nothing is attached
    seen["ct_state"] = state
    row = result["connection"]
    attached = mode.tracking and row >= 0 and state != INVALID and state != UNTRACKED
    mode.course.memory.keyed.books[0]["connection"] = row if attached else ABSENT
    if state == UNKNOWN_VALUE:
        mode.course.memory.keyed.books[0]["connection"] = UNKNOWN_VALUE
        seen["ct_direction"] = UNKNOWN_VALUE
        seen["ct_status"] = UNKNOWN_VALUE
        mode.course.memory.state[0]["bound"] = 0 if row == UNCONFIRMED else DONE
        seen["ct_mark"] = UNKNOWN_VALUE
        row = UNKNOWN_VALUE
    elif row >= 0 and state != INVALID and state != UNTRACKED:
        connection = mode.tracker.connections[row]
        seen["ct_direction"] = result["direction"]
        status = connection["status"]
        seen["ct_status"] = visible(status)
        mode.course.memory.state[0]["bound"] = 0 if row == UNCONFIRMED else DONE
        show_mark(mode, connection["mark"])
    else:
        seen["ct_direction"] = ABSENT
        seen["ct_status"] = ABSENT
        seen["ct_mark"] = ABSENT
        row = ABSENT
    show_tuple(mode.course.extra[0], mode.tracker.tuples, row)


@hot
def show_mark(mode: Stateful, mark: int) -> None:
    """Make the rules see the mark of a connection, or that it is not known, and the rule that is why."""
    lost = max(UNKNOWN_VALUE - mark, 0)
    mode.course.seen[0]["ct_mark"] = max(mark, UNKNOWN_VALUE)
    mode.course.memory.state[0]["lost_ct"] = lost if lost <= len(mode.course.program.rules) else 0


@hot
def show_nothing_attached(mode: Stateful, frame: Row, packet: Row) -> None:
    """Make the rules see the packet as it is before tracking."""
    mode.course.seen[0] = packet
    mode.course.memory.keyed.books[0]["connection"] = ABSENT
    seen = mode.course.seen[0]
    seen["ct_state"] = INVALID
    seen["ct_direction"] = ABSENT
    seen["ct_status"] = ABSENT
    seen["ct_mark"] = ABSENT
    if mode.course.extra[0]["wanted"]:
        show_headers(mode.course.extra[0], mode.course.words, mode.course.asked, AS_IT_CAME)
    show_link(mode.course.extra[0], frame, packet)
    show_tuple(mode.course.extra[0], mode.tracker.tuples, ABSENT)


@hot
def keep_mark(mode: Stateful, result: Row) -> None:
    """A rule may have set the connection's mark: it stays set, whatever the verdict."""
    row = result["connection"]
    mark = mode.course.seen[0]["ct_mark"]
    if row >= 0 and mark != ABSENT and mode.tracking:
        if mark == UNKNOWN_VALUE:
            mark -= mode.course.memory.state[0]["lost_ct"]
        mode.tracker.connections[row]["mark"] = mark


@hot
def keep_helper(mode: Stateful, result: Row) -> None:
    """A rule may have given a helper to the connection that the packet opens (`nft_ct_helper_obj_eval`)."""
    helper = mode.course.seen[0]["ct_helper"]
    if helper and result["fresh"]:
        mode.tracker.connections[result["connection"]]["status"] |= HELPER if helper > 0 else HELPER | IN_DOUBT


@hot
def doubt_strayed(mode: Stateful, result: Row) -> None:
    """What may have been packets of a connection, not recognised, may have changed its state."""
    row = result["connection"]
    if result["reason"] == R_RELATED:
        return  # whatever state that is in
    if result["stray"] or (row > 0 and mode.tracker.connections[row]["status"] & STRAY):
        result["ct_state"] = UNKNOWN_VALUE
        result["reason"] = R_TRANSLATED


@hot
def go_through_translation(mode: Stateful, result: Row, frame: Row, so_far: int, decision: Row, quiet: int) -> None:
    """Go on with a packet's way as often as it is interrupted for translation."""
    while mode.course.memory.state[0]["halt"] >= 0:
        so_far = translate(mode.course, mode.tracker, mode.nat, result, frame, so_far, decision)
        so_far = go_on(mode.course, so_far, decision, quiet)


@shared
def show_without(mode: Stateful, frame: Row, packet: Row, quotes: Table, mark: int, way: int) -> None:
    """Make the rules see a packet of a tentative connection as if that did not exist."""
    fresh_state(mode.tracker, frame, packet, quotes, mode.results[2])
    show_nothing_attached(mode, frame, packet)
    mode.course.seen[0]["mark"], mode.course.seen[0]["hook"] = mark, way
    show(mode, mode.results[2])


@hot
def is_tentative(mode: Stateful) -> bool:
    """Whether the packet belongs to a connection that may not exist."""
    row = mode.results[0]["connection"]
    return row > 0 and mode.tracking != 0 and mode.tracker.connections[row]["status"] & TENTATIVE != 0
