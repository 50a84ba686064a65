"""What is kept of a packet that has passed the rules or not: its connection or a ghost, and the evidence against it.

Read first: `fwsim.engine.evidence`; conntrack-spec §1. A new connection is confirmed only if its packet has come as far
as where the kernel does that. A refused opening leaves a *ghost*, which no rule can see, so that what follows it can be
explained.
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot, shared
from fwsim.engine.attached import Stateful
from fwsim.engine.binding import finish_binding
from fwsim.engine.conntrack import UNSEEN, confirm, forget, track
from fwsim.engine.evidence import of_history, tcp_in_connection, without_connection
from fwsim.engine.expiry import delete
from fwsim.engine.path import is_confirmed, is_stopped
from fwsim.engine.settled import counted_fault
from fwsim.engine.sources import hang_by_source
from fwsim.engine.vague import note_vague
from fwsim.tables import Table
from fwsim.terms import SUSPICIOUS, UNKNOWN_VALUE, CtStatus, Evidence, Proto, Reason, Verdict

Row = Any

UNKNOWN = int(Verdict.UNKNOWN)
TCP = int(Proto.TCP)
TENTATIVE = int(CtStatus.TENTATIVE)
NAT_IN_DOUBT = int(CtStatus.NAT_IN_DOUBT)
FOLLOWS_DENIED = int(Evidence.FOLLOWS_DENIED)
OF_OPENING = SUSPICIOUS | int(Evidence.MIDSTREAM)
"""The evidence of an opening that its connection remembers."""

R_ICMP_ERROR_RELATED = int(Reason.ICMP_ERROR_RELATED)
R_TRANSLATED = int(Reason.TRANSLATED)
"""The packet may belong to a connection of which not all is known: nothing that tracking knows speaks against it."""


@hot
def settle(mode: Stateful, frame: Row, packet: Row, evidence: int, verdict: int, passed: int) -> None:
    """Confirm a new connection if its packet has passed all hooks up to the confirmation, else forget it."""
    result = mode.results[0]
    if not result["fresh"]:
        return
    if passed:
        mode.tracker.connections[0]["evidence"] = evidence & OF_OPENING
        if mode.tracker.settings[0]["translating"]:
            finish_binding(mode.tracker)
            for side in range(2):
                note_vague(mode.tracker, mode.tracker.tuples[side])
        row = confirm(mode.tracker, frame, packet, result)
        result["connection"] = row
        if mode.tracker.settings[0]["translating"]:
            hang_by_source(mode.tracker, row)
        timed = mode.course.seen[0]["ct_status"] != UNKNOWN_VALUE  # else rules have given it a life of its own
        timed = timed or mode.tracker.connections[row]["status"] & NAT_IN_DOUBT != 0  # or its translation is not known
        if verdict == UNKNOWN or result["ct_state"] == UNKNOWN_VALUE or not timed:
            mode.tracker.connections[row]["status"] |= TENTATIVE
    else:
        forget(mode.tracker)
        result["connection"] = -1


@hot
def leave_ghost(mode: Stateful, frame: Row, packet: Row, evidence: int, decision: Row) -> None:
    """Remember a refused opening, with what refused it."""
    opened = mode.ghosts.connections[0]
    opened["evidence"] = evidence
    opened["extension"] = decision["rule"]
    numbers = mode.tracker.counters[0]
    mode.ghosts.counters[0]["next_number"] = numbers["next_number"]
    mode.results[1]["connection"] = confirm(mode.ghosts, frame, packet, mode.results[1])
    numbers["next_number"] = mode.ghosts.counters[0]["next_number"]


@shared
def haunt(mode: Stateful, frame: Row, packet: Row, quotes: Table, hashed: int, refused: int, decision: Row) -> int:
    """Look for the ghost of a packet that has no connection, or leave one; returns the packet's evidence."""
    ghost = mode.results[1]
    reason = mode.results[0]["reason"]
    bare = 0 if reason == R_TRANSLATED else without_connection(packet, reason)
    track(mode.ghosts, frame, packet, quotes, hashed, UNSEEN, ghost)
    row = ghost["connection"]
    if ghost["fresh"]:
        if refused:
            leave_ghost(mode, frame, packet, bare, decision)
        else:
            forget(mode.ghosts)
            ghost["connection"] = -1
        return int(bare)
    if row > 0 and ghost["reason"] == R_ICMP_ERROR_RELATED:
        return FOLLOWS_DENIED  # about a packet of a refused conversation
    if row > 0:
        return int(of_history(mode.ghosts.connections[row], ghost["direction"], ghost["replied_before"], 1))
    return int(bare)


@hot
def inherit_number(mode: Stateful, row: int, ghost: int) -> None:
    """A conversation that is admitted at last keeps the number that it had as a ghost, which goes."""
    mode.tracker.connections[row]["number"] = mode.ghosts.connections[ghost]["number"]
    mode.tracker.counters[0]["next_number"] -= 1
    delete(mode.ghosts, ghost)


@hot
def weigh_stranger(mode: Stateful, frame: Row, packet: Row, quotes: Table, hashed: int, decision: Row) -> int:
    """The evidence of a packet that belongs to no connection, which it may open; numbers its connection or ghost."""
    way = mode.course.seen[0]["hook"]
    fault = mode.course.memory.state[0]["fault"]
    passed = 1 if is_confirmed(way, decision) and not is_stopped(way, fault, decision) else 0
    mode.results[1]["connection"] = -1
    if not counted_fault(mode.tracker, frame, packet) and (not passed or mode.ghosts.counters[0]["live"] > 0):
        evidence = haunt(mode, frame, packet, quotes, hashed, 1 - passed, decision)
    else:
        evidence = without_connection(packet, mode.results[0]["reason"])
    if mode.results[0]["reason"] == R_TRANSLATED:
        evidence = 0  # whatever its ghost says
    settle(mode, frame, packet, evidence, decision["verdict"], passed)
    row = mode.results[0]["connection"]
    ghost = mode.results[1]["connection"]
    if row > 0:
        if ghost > 0:
            inherit_number(mode, row, ghost)
        frame["connection"] = mode.tracker.connections[row]["number"]
    elif ghost > 0:
        frame["connection"] = mode.ghosts.connections[ghost]["number"]
    return int(evidence)


@hot
def weigh(mode: Stateful, frame: Row, packet: Row, quotes: Table, hashed: int, decision: Row) -> int:
    """The evidence that tracking gives, the confirmation of a new connection, and the connection's number."""
    result = mode.results[0]
    row = result["connection"]
    frame["connection"] = 0
    if row <= 0:
        return int(weigh_stranger(mode, frame, packet, quotes, hashed, decision))
    connection = mode.tracker.connections[row]
    frame["connection"] = connection["number"]
    if result["reason"] == R_ICMP_ERROR_RELATED or result["reason"] == R_TRANSLATED:
        return 0
    evidence = of_history(connection, result["direction"], result["replied_before"], 0)
    if packet["proto"] == TCP:
        evidence |= tcp_in_connection(packet, result["reason"], result["state_before"], result["sender_end"])
    return int(evidence)
