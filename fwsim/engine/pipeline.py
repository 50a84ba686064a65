"""The loop of the stateful mode: track, walk the chains, confirm or forget, write the decision.

Read first: conntrack-spec §1, then `conntrack.track` and `path.after_tracking`, which do the work. A new connection
is confirmed only if its packet was accepted; a refused opening leaves a *ghost*, which no rule can see, so that
what follows it can be explained.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fwsim.engine import entry, hot, shared
from fwsim.engine.ahead import hash_packets, look_ahead
from fwsim.engine.asked import lose_translated
from fwsim.engine.attached import (
    Stateful,
    doubt_strayed,
    go_through_translation,
    is_tentative,
    keep_helper,
    keep_mark,
    show,
    show_nothing_attached,
    show_without,
)
from fwsim.engine.beside import lose_link
from fwsim.engine.conntrack import UNSEEN, track
from fwsim.engine.conntrack import begin as exempt
from fwsim.engine.departing import note_arrival, note_departure, settle_departure
from fwsim.engine.egress import (
    ANNOUNCED,
    AS_IT_IS,
    STRAYED,
    is_captured,
    is_doubtful,
    is_lost,
    is_made_here,
    learn,
    look_behind,
    turn_back,
    veil,
)
from fwsim.engine.expiry import expire
from fwsim.engine.ftp import R_CLASH, R_PARTIAL, read_along
from fwsim.engine.path import after_tracking, before_tracking, begin, is_confirmed, refuse, set_out
from fwsim.engine.shard import BEFORE, MINE, NOBODY, hash_own, is_anothers, note_decided
from fwsim.engine.tuples import Tracker, find, is_live
from fwsim.engine.unique_tuple import ANSWER
from fwsim.engine.vague import find_vague, is_vague
from fwsim.engine.weighing import weigh
from fwsim.terms import (
    ABSENT,
    SUSPICIOUS,
    UNKNOWN_VALUE,
    CtState,
    CtStatus,
    Evidence,
    Proto,
    Reason,
    Verdict,
)

Row = Any
Table = npt.NDArray[np.void]

ACCEPT = int(Verdict.ACCEPT)
DROP = int(Verdict.DROP)
NOT_EVALUATED = int(Verdict.NOT_EVALUATED)
UNKNOWN = int(Verdict.UNKNOWN)
INVALID = int(CtState.INVALID)
UNTRACKED = int(CtState.UNTRACKED)
ESTABLISHED = int(CtState.ESTABLISHED)
TCP = int(Proto.TCP)
TENTATIVE = int(CtStatus.TENTATIVE)
NAT_CLASH = int(CtStatus.NAT_CLASH)
NAT_CLASH_IN_DOUBT = int(CtStatus.NAT_CLASH_IN_DOUBT)
HELPER = int(CtStatus.HELPER)
IN_DOUBT = int(CtStatus.HELPER_IN_DOUBT)
FOLLOWS_DENIED = int(Evidence.FOLLOWS_DENIED)
OF_OPENING = SUSPICIOUS | int(Evidence.MIDSTREAM)
"""The evidence of an opening that its connection remembers."""

R_TABLE_FULL = int(Reason.TABLE_FULL)
R_TENTATIVE = int(Reason.TENTATIVE)
R_EGRESS_COPY = int(Reason.EGRESS_COPY)
R_TRANSLATED = int(Reason.TRANSLATED)
R_CLASHING = int(Reason.NAT_CLASH)
R_ICMP_ERROR_RELATED = int(Reason.ICMP_ERROR_RELATED)


@hot
def judge(mode: Stateful, frame: Row, packet: Row, quotes: Table, raw: int, decision: Row) -> None:
    """Walk the chains behind tracking; `raw` is the verdict of those before it."""
    if is_tentative(mode):
        judge_tentative(mode, frame, packet, quotes, raw, decision)
    else:
        judge_once(mode, mode.results[0], frame, raw, decision, 0)
    keep_mark(mode, mode.results[0])
    keep_helper(mode, mode.results[0])


@shared
def judge_tentative(mode: Stateful, frame: Row, packet: Row, quotes: Table, raw: int, decision: Row) -> None:
    """Judge a packet of a tentative connection twice: only if both verdicts agree, that is the verdict.

    First, without any effect, as if the connection did not exist.
    """
    mark, way = mode.course.seen[0]["mark"], mode.course.seen[0]["hook"]
    for view in range(2):
        target = decision
        if view == 0:
            target = mode.scratch[0]
            begin(target, packet)
            target["verdict"] = raw
            show_without(mode, frame, packet, quotes, mark, way)
            if mode.tracker.settings[0]["translating"]:
                mode.tracker.counters[0]["apart"] = mode.results[0]["connection"]
        else:
            show_nothing_attached(mode, frame, packet)
            mode.course.seen[0]["mark"], mode.course.seen[0]["hook"] = mark, way
            show(mode, mode.results[0])
        judge_once(mode, mode.results[0 if view else 2], frame, raw, target, 1 - view)
    if mode.scratch[0]["verdict"] != decision["verdict"]:
        refuse(decision, UNKNOWN, R_TENTATIVE)


@hot
def judge_once(mode: Stateful, result: Row, frame: Row, raw: int, decision: Row, quiet: int) -> None:
    """Walk the chains behind tracking as rules are shown the packet now; `quiet` 1 leaves nothing behind."""
    verdict = after_tracking(mode.course, frame["route_fault"], raw, decision, quiet)
    if mode.tracker.settings[0]["translating"]:
        judge_translated(mode, result, frame, verdict, decision, quiet)


@shared
def judge_translated(mode: Stateful, result: Row, frame: Row, so_far: int, decision: Row, quiet: int) -> None:
    """Go on with the way of a packet that may be translated; `so_far` is the verdict where that is interrupted."""
    go_through_translation(mode, result, frame, so_far, decision, quiet)
    if result["fresh"]:
        refuse_clashing(mode, result, decision)
    mode.tracker.counters[0]["apart"] = 0
    note_departure(mode.course, mode.nat, decision, 0)


@hot
def refuse_clashing(mode: Stateful, result: Row, decision: Row) -> None:
    """Drop a packet whose connection could not be told from another one (`__nf_conntrack_confirm`)."""
    reply = mode.tracker.tuples[1]
    status = mode.tracker.connections[0]["status"]
    if decision["verdict"] == UNKNOWN or not is_confirmed(mode.course.seen[0]["hook"], decision):
        return
    if status & (NAT_CLASH | NAT_CLASH_IN_DOUBT):
        doubt = status & NAT_CLASH_IN_DOUBT or result["ct_state"] == UNKNOWN_VALUE
        refuse(decision, UNKNOWN if doubt else DROP, R_CLASHING)
    if is_vague(reply):
        return
    found = find(mode.tracker, reply)
    if found >= 0 and found >> 1 != mode.tracker.counters[0]["apart"]:
        doubt = result["ct_state"] == UNKNOWN_VALUE or is_in_doubt(mode.tracker, found >> 1)
        refuse(decision, UNKNOWN if doubt else DROP, R_CLASHING)
    elif found < 0 and mode.tracker.counters[0]["vague"]:
        if find_vague(mode.tracker, reply, 0, mode.tracker.tuples[ANSWER]) >= 0:
            refuse(decision, UNKNOWN, R_CLASHING)


@hot
def is_in_doubt(tracker: Tracker, row: int) -> bool:
    """Whether a connection may not exist."""
    return bool(tracker.connections[row]["status"] & TENTATIVE)


@hot
def is_helped(mode: Stateful, packet: Row, decision: Row) -> bool:
    """Whether a helper reads the packet, perhaps: it has come as far, and it belongs to a connection that has one."""
    result = mode.results[0]
    row = result["connection"]
    if row <= 0 or mode.tracker.connections[row]["status"] & HELPER == 0:
        return False  # hardly any connection has one
    if result["ct_state"] != ESTABLISHED and result["ct_state"] != UNKNOWN_VALUE:
        return False
    return is_confirmed(mode.course.seen[0]["hook"], decision) and is_live(mode.tracker.connections[row])


@shared
def help_out(mode: Stateful, packet: Row, quotes: Table, decision: Row) -> None:
    """Let the helper read a packet, which it may drop (`nf_confirm`)."""
    result = mode.results[0]
    row = result["connection"]
    unsure = mode.tracker.connections[row]["status"] & (IN_DOUBT | TENTATIVE) != 0
    doubt = unsure or decision["verdict"] == UNKNOWN or result["ct_state"] == UNKNOWN_VALUE
    reason = read_along(mode.tracker, row, packet, quotes, result["direction"], doubt)
    if reason and decision["verdict"] == ACCEPT:
        known = not doubt and (reason == R_PARTIAL or reason == R_CLASH)
        refuse(decision, DROP if known else UNKNOWN, reason)


@hot
def record(mode: Stateful, frame: Row, decision: Row, doubtful: bool) -> None:
    """Write what tracking said into the decision; `doubtful` if the packet's connection may not be there."""
    result = mode.results[0]
    decision["connection"] = frame["connection"]
    if not mode.tracking:
        return
    decision["tcp_state_before"] = result["state_before"]
    decision["tcp_state"] = result["state_after"]
    state = result["ct_state"]
    if doubtful and (mode.results[2]["ct_state"] != state or mode.results[2]["direction"] != result["direction"]):
        decision["ct_state"] = UNKNOWN_VALUE
    else:
        decision["ct_state"] = state
        if state != INVALID and state != UNTRACKED:
            decision["ct_direction"] = result["direction"]
    verdict = decision["verdict"]
    if not result["reason"] or verdict == NOT_EVALUATED:
        return
    if verdict == DROP and decision["chain"] == ABSENT:
        return  # no rule has dropped it, but the helper, or translation
    if verdict != UNKNOWN or (decision["reason"] == R_TENTATIVE and state == UNKNOWN_VALUE and decision["rule"] >= 0):
        decision["reason"] = result["reason"]  # a rule left open by the ct state hangs on what left that open


@hot
def decide_stateful(mode: Stateful, frame: Row, packet: Row, quotes: Table, hashed: int, decision: Row) -> None:
    """The stateful verdict on one packet, and why; leaves the tables as the kernel would."""
    if frame["reason"]:
        begin(decision, packet)
        refuse(decision, NOT_EVALUATED, frame["reason"])
        if frame["reason"] == R_EGRESS_COPY and mode.tracker.settings[0]["translating"]:
            see_copy(mode, frame, packet, quotes, decision)
        return
    expire(mode.tracker, packet["now"])
    expire(mode.ghosts, packet["now"])
    if frame["egress"] and mode.tracker.settings[0]["translating"]:
        decide_leaving(mode, frame, packet, quotes, hashed, decision)
    else:
        decide_entering(mode, frame, packet, quotes, hashed, UNSEEN, decision)


@shared
def see_copy(mode: Stateful, frame: Row, packet: Row, quotes: Table, decision: Row) -> None:
    """A copy teaches what the kernel has drawn; what only seems one may have been made here, and translated."""
    if frame["copy_of"]:
        if mode.tracker.counters[0]["vague"]:
            learn(mode.tracker, frame, packet)
        return
    expire(mode.tracker, packet["now"])
    found = look_behind(mode.course, mode.tracker, mode.nat, frame, packet, quotes)
    if found >= 0:
        turn_back(mode.tracker, mode.nat, found, frame, packet, quotes)
        if is_made_here(mode.nat.entered[0]):
            frame["route_fault"] = 0
            decide_returned(mode, frame, mode.nat.entered[0], quotes, -1, found, decision)
            note_arrival(mode.course, mode.nat, packet)


@shared
def decide_leaving(mode: Stateful, frame: Row, packet: Row, quotes: Table, hashed: int, decision: Row) -> None:
    """The verdict on a packet that was seen going out: on what it was when it came in."""
    found = look_behind(mode.course, mode.tracker, mode.nat, frame, packet, quotes)
    if found == AS_IT_IS:
        decide_returned(mode, frame, packet, quotes, hashed, UNSEEN, decision)
        return
    begin(decision, packet)
    if found < 0 and found != ANNOUNCED:
        decide_blindly(mode, frame, packet, quotes, found, decision)
        return
    turn_back(mode.tracker, mode.nat, found, frame, packet, quotes)
    entered = mode.nat.entered[0]
    if is_lost(entered) or (found >= 0 and is_doubtful(mode.tracker, found >> 1)):
        decide_blindly(mode, frame, packet, quotes, found, decision)
        note_arrival(mode.course, mode.nat, packet)
    elif is_captured(frame, entered):
        frame["connection"] = mode.tracker.connections[found >> 1]["number"] if found >= 0 else 0
        refuse(decision, NOT_EVALUATED, R_EGRESS_COPY)
    else:
        frame["route_fault"] = 0  # it has left
        decide_returned(mode, frame, entered, quotes, -1, found, decision)
        note_arrival(mode.course, mode.nat, packet)


@shared
def decide_returned(
    mode: Stateful, frame: Row, packet: Row, quotes: Table, hashed: int, known: int, decision: Row
) -> None:
    """The same as `decide_entering`, of a packet that was seen going out: called, where that is all one function."""
    decide_entering(mode, frame, packet, quotes, hashed, known, decision)


@shared
def decide_blindly(mode: Stateful, frame: Row, packet: Row, quotes: Table, found: int, decision: Row) -> None:
    """No rule can be asked about a packet of which it is not known what it was; its connection goes on."""
    result = mode.results[0]
    show_nothing_attached(mode, frame, packet)
    set_out(mode.course)
    mode.course.memory.state[0]["fault"] = 0
    if found == STRAYED:
        exempt(result)
    else:
        track(mode.tracker, frame, packet, quotes, -1, found, result)
        if result["fresh"]:
            veil(mode.course, mode.tracker, mode.nat, frame["interface"], packet)
            if mode.tracker.settings[0]["helping"] and packet["proto"] == TCP:
                mode.tracker.connections[0]["status"] |= HELPER | IN_DOUBT
    refuse(decision, UNKNOWN, R_TRANSLATED)
    if is_helped(mode, packet, decision):
        help_out(mode, packet, quotes, decision)
    if result["reason"] != R_ICMP_ERROR_RELATED:
        result["reason"] = R_TRANSLATED  # what it was may have had a connection: nothing speaks against it
    frame["evidence"] |= weigh(mode, frame, packet, quotes, -1, decision)
    record(mode, frame, decision, False)
    decision["ct_state"] = UNKNOWN_VALUE
    decision["reason"] = R_TRANSLATED


@hot
def decide_entering(
    mode: Stateful, frame: Row, packet: Row, quotes: Table, hashed: int, known: int, decision: Row
) -> None:
    """The verdict on a packet as it came in, or was made here; `known` is the row of its tuple where that is known."""
    begin(decision, packet)
    show_nothing_attached(mode, frame, packet)
    if known != UNSEEN and mode.course.extra[0]["wanted"]:
        lose_link(mode.course.extra[0])
        lose_translated(mode.course.words)
    set_out(mode.course)
    raw = before_tracking(mode.course, decision, 0)
    if raw != ACCEPT and raw != UNKNOWN:
        return
    result = mode.results[0]
    seen_state = mode.course.seen[0]["ct_state"]
    exempted = seen_state == UNTRACKED
    if exempted:
        exempt(result)
    else:
        track(mode.tracker, frame, packet, quotes, hashed, known, result)
        if mode.tracker.settings[0]["translating"]:
            doubt_strayed(mode, result)
        if seen_state == UNKNOWN_VALUE:
            doubt(mode.tracker, result)
            result["stray"] = 1
        show(mode, result)
    doubtful = is_tentative(mode)
    if result["reason"] == R_TABLE_FULL and mode.tracking:
        refuse(decision, DROP, R_TABLE_FULL)
    else:
        judge(mode, frame, packet, quotes, raw, decision)
        if is_helped(mode, packet, decision):
            help_out(mode, packet, quotes, decision)
        settle_departure(mode.course, mode.nat, packet, decision)
    if exempted:
        decision["ct_state"] = UNTRACKED
    else:
        frame["evidence"] |= weigh(mode, frame, packet, quotes, hashed, decision)
        record(mode, frame, decision, doubtful)


@hot
def doubt(tracker: Tracker, result: Row) -> None:
    """A rule may have exempted a packet from tracking, or given it a zone: its connection may not have seen it."""
    result["ct_state"] = UNKNOWN_VALUE
    row = result["connection"]
    if row > 0 and result["reason"] != R_ICMP_ERROR_RELATED:
        tracker.connections[row]["status"] = tracker.connections[row]["status"] | TENTATIVE


@entry
def run_stateful(
    mode: Stateful, frames: Table, packets: Table, quotes: Table, decisions: Table, start: int, end: int
) -> None:
    """Decide rows `start` to `end` of a chunk, in order: of several shards, each its own."""
    share = mode.share
    is_alone = share.state[MINE] == NOBODY
    if is_alone:
        hash_packets(mode.tracker, packets, mode.hashes, start, end)
    else:
        hash_own(mode.tracker, packets, mode.hashes, share, start, end)
    for i in range(start, end):
        if mode.tracker.counters[0]["live"] > 0:
            look_ahead(mode.tracker, packets, mode.hashes, i, end)
        if mode.ghosts.counters[0]["live"] > 0:
            look_ahead(mode.ghosts, packets, mode.hashes, i, end)
        if not is_alone and is_anothers(mode.tracker, mode.ghosts, share, i):
            continue
        mode.course.extra[0]["row"] = i
        decide_stateful(mode, frames[i], packets[i], quotes, mode.hashes[i], decisions[i])
        if not is_alone:
            note_decided(mode.tracker, mode.ghosts, mode.results, share, i, share.state[BEFORE] + i - start)
