"""The stateless mode: what a careful engineer's reflexive access list admits (DESIGN section 3).

A ruleset without ct expressions is evaluated per packet, nothing else. One with them gets a twin that keeps no
state: a packet is admitted if it would be as NEW; or, if it could be a reply, when its mirror image would be
admitted as NEW *and* the packet itself as an ESTABLISHED reply; an ICMP error if it would be as RELATED.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fwsim.engine import entry, hot, shared
from fwsim.engine.asked import AS_IT_CAME, MIRRORED, show_headers
from fwsim.engine.beside import fill_own_tuple, for_nothing, show_link, show_ports
from fwsim.engine.binding import Nat
from fwsim.engine.departing import note_departure, settle_departure
from fwsim.engine.egress import may_be_translated
from fwsim.engine.icmp import is_icmp_error, is_never_tracked
from fwsim.engine.path import Course, after_tracking, before_tracking, begin, go_on, refuse, set_out
from fwsim.engine.translating_alone import translate_alone
from fwsim.terms import ABSENT, UNKNOWN_VALUE, CtState, CtStatus, Direction, Hook, Proto, Reason, TcpFlag, Verdict

Row = Any

ACCEPT = int(Verdict.ACCEPT)
NOT_EVALUATED = int(Verdict.NOT_EVALUATED)
UNKNOWN = int(Verdict.UNKNOWN)
NEW = int(CtState.NEW)
ESTABLISHED = int(CtState.ESTABLISHED)
RELATED = int(CtState.RELATED)
INVALID = int(CtState.INVALID)
UNTRACKED = int(CtState.UNTRACKED)
ORIGINAL = int(Direction.ORIGINAL)
REPLY = int(Direction.REPLY)
INPUT = int(Hook.INPUT)
OUTPUT = int(Hook.OUTPUT)
TCP = int(Proto.TCP)
ICMP = int(Proto.ICMP)
ICMPV6 = int(Proto.ICMPV6)
DONE = int(CtStatus.SNAT_DONE | CtStatus.DNAT_DONE)
ACK_OR_RST = int(TcpFlag.ACK | TcpFlag.RST)
R_TRANSLATED = int(Reason.TRANSLATED)
R_MIRROR = int(Reason.MIRROR)
R_ICMP_ERROR_TWIN = int(Reason.ICMP_ERROR_TWIN)
R_UNTRACKED_ND = int(Reason.UNTRACKED_ND)

AS_IT_IS = 0
MIRROR = 1
AS_REPLY = 2
VIEWS = 3
"""The ways in which the twin looks at a packet."""

REPLIES_NEVER = 0
REPLIES_ACK_OR_RST = 1
REPLIES_ANY = 2


class Stateless(NamedTuple):
    """All the stateless mode works with. `scratch` holds two rows of DECISION; the choices are ints."""

    course: Course
    scratch: npt.NDArray[np.void]
    twin: int
    replies: int
    icmp_errors: int
    nat: Nat


@hot
def icmp_request_of(family: int, kind: int) -> int:
    """The type of the request that an ICMP reply answers, or -1 if the type is no reply."""
    if family == 4:
        if kind == 0:
            return 8
        if kind == 14 or kind == 16 or kind == 18:
            return int(kind - 1)
        return -1
    if kind == 129 or kind == 140:
        return int(kind - 1)
    return -1


@hot
def could_be_reply(packet: Row, replies: int) -> bool:
    """Whether a router's `established` keyword, or its like for other protocols, would take it for a reply."""
    if replies == REPLIES_NEVER or packet["fragment"] == 2:
        return False
    proto = packet["proto"]
    if proto == TCP:
        flags = packet["flags"]
        return replies == REPLIES_ANY or flags < 0 or flags & ACK_OR_RST != 0
    if proto == ICMP or proto == ICMPV6:
        return icmp_request_of(packet["family"], packet["icmp_type"]) >= 0
    return True


@hot
def show(course: Course, packet: Row, state: int, direction: int) -> None:
    """Make the rules see the packet with this ct state; nothing is marked, no status bit is set."""
    course.seen[0] = packet
    seen = course.seen[0]
    seen["ct_state"] = state
    seen["ct_direction"] = direction
    tracked = state == NEW or state == ESTABLISHED or state == RELATED
    bound = 0 if state == NEW else DONE
    course.memory.state[0]["bound"] = bound
    seen["ct_status"] = bound if tracked else ABSENT
    seen["ct_mark"] = 0 if tracked else ABSENT
    if course.extra[0]["wanted"]:
        show_headers(course.extra[0], course.words, course.asked, AS_IT_CAME)
        show_beside(course.extra[0], packet, state, direction == REPLY)


@shared
def show_beside(extra: Row, packet: Row, state: int, is_reply: bool) -> None:
    """Make the rules see what else there is of it."""
    show_ports(extra, packet)
    if state == NEW or state == ESTABLISHED:
        fill_own_tuple(extra, packet, is_reply)
    else:
        for_nothing(extra, UNKNOWN_VALUE if state == RELATED else ABSENT)


@hot
def show_mirror(course: Course, packet: Row) -> None:
    """Make the rules see the packet that this one would answer, as NEW."""
    show(course, packet, NEW, ORIGINAL)
    seen = course.seen[0]
    for_hook = packet["hook"]
    seen["src0"], seen["dst0"] = packet["dst0"], packet["src0"]
    seen["src1"], seen["dst1"] = packet["dst1"], packet["src1"]
    seen["src2"], seen["dst2"] = packet["dst2"], packet["src2"]
    seen["src3"], seen["dst3"] = packet["dst3"], packet["src3"]
    seen["sport"], seen["dport"] = packet["dport"], packet["sport"]
    seen["iif"], seen["oif"] = packet["oif"], packet["iif"]
    if for_hook == INPUT:
        seen["hook"] = OUTPUT
    elif for_hook == OUTPUT:
        seen["hook"] = INPUT
    if packet["proto"] == TCP:
        seen["flags"] = 2  # what opens a connection is a SYN
    elif packet["icmp_type"] >= 0:
        seen["icmp_type"] = icmp_request_of(packet["family"], packet["icmp_type"])
    if course.extra[0]["wanted"]:
        show_headers(course.extra[0], course.words, course.asked, MIRRORED)
        fill_own_tuple(course.extra[0], packet, True)
        show_ports(course.extra[0], seen)


@hot
def evaluate(mode: Stateless, frame: Row, view: int, decision: Row) -> int:
    """Walk the whole path with the ct state that `seen` shows; nobody has routed a mirror image."""
    course = mode.course
    quiet = 0 if view == AS_IT_IS else 1
    route_fault = 0 if view == MIRROR else frame["route_fault"]
    out = 1 if view == MIRROR or frame["egress"] else 0
    seen = course.seen[0]
    begin(decision, seen)
    state = seen["ct_state"]
    seen["ct_state"] = INVALID  # nothing is attached before tracking
    verdict = before_tracking(course, decision, quiet)
    if verdict != ACCEPT and verdict != UNKNOWN:
        return verdict
    if seen["ct_state"] == INVALID:
        seen["ct_state"] = state
    else:  # a notrack rule applies, or may
        rest = ABSENT if seen["ct_state"] == UNTRACKED else UNKNOWN_VALUE
        seen["ct_direction"] = rest
        seen["ct_status"] = rest
        seen["ct_mark"] = rest
    verdict = after_tracking(course, route_fault, verdict, decision, quiet)
    if course.memory.state[0]["halt"] >= 0:
        return go_through_alone(mode, frame, out, verdict, decision, quiet)
    return verdict


@shared
def go_through_alone(mode: Stateless, frame: Row, out: int, so_far: int, decision: Row, quiet: int) -> int:
    """Go on with a packet's way as often as it is interrupted for translation."""
    while mode.course.memory.state[0]["halt"] >= 0:
        translate_alone(mode.course, mode.nat, frame["option_fault"], out)
        so_far = go_on(mode.course, so_far, decision, quiet)
    return so_far


@hot
def first_state(mode: Stateless, packet: Row) -> int:
    """The ct state that the twin gives a packet at first."""
    if is_never_tracked(packet):
        return UNTRACKED
    if not mode.twin:
        return INVALID
    if is_icmp_error(packet):
        return RELATED if mode.icmp_errors else INVALID
    return NEW


@hot
def show_view(mode: Stateless, packet: Row, view: int, state: int) -> None:
    """Make the rules see the packet as it is, as its mirror image, or as a reply."""
    set_out(mode.course)
    if view == MIRROR:
        show_mirror(mode.course, packet)
    elif view == AS_REPLY:
        show(mode.course, packet, ESTABLISHED, REPLY)
    elif state == NEW:
        show(mode.course, packet, NEW, ORIGINAL)
    else:
        show(mode.course, packet, state, REPLY if state == RELATED else ABSENT)


@hot
def goes_on(mode: Stateless, packet: Row, view: int, state: int, verdict: int) -> bool:
    """Whether the next view matters: the mirror image for what could be a reply, then the packet as that reply."""
    if view == AS_IT_IS:
        refused = verdict != ACCEPT and verdict != NOT_EVALUATED
        return state == NEW and refused and could_be_reply(packet, mode.replies)
    return view == MIRROR and (verdict == ACCEPT or verdict == UNKNOWN)


@hot
def decide_stateless(mode: Stateless, frame: Row, packet: Row, decision: Row) -> None:
    """The stateless verdict on one packet, and why."""
    if frame["reason"]:
        begin(decision, packet)
        refuse(decision, NOT_EVALUATED, frame["reason"])
        return
    if frame["egress"] and may_be_translated(mode.course, mode.nat.places, frame["interface"], packet):
        begin(decision, packet)
        refuse(decision, UNKNOWN, R_TRANSLATED)  # only a connection would tell what it was
        return
    show_link(mode.course.extra[0], frame, packet)
    state = first_state(mode, packet)
    last = AS_IT_IS
    for view in range(VIEWS):
        last = view
        show_view(mode, packet, view, state)
        target = decision if view == AS_IT_IS else mode.scratch[view - 1]
        verdict = evaluate(mode, frame, view, target)
        if view != MIRROR:
            note_departure(mode.course, mode.nat, target, 1 if view == AS_REPLY and verdict == ACCEPT else 0)
        if not goes_on(mode, packet, view, state, verdict):
            break
    if last > AS_IT_IS:
        admit_reply(mode, last, decision)
    elif state == UNTRACKED:
        decision["ct_state"] = UNTRACKED
    elif state == RELATED and decision["verdict"] == ACCEPT:
        decision["reason"] = R_ICMP_ERROR_TWIN
    settle_departure(mode.course, mode.nat, packet, decision)


@hot
def admit_reply(mode: Stateless, last: int, decision: Row) -> None:
    """Turn the decision into an acceptance if the packet passes as a reply, through its mirror image."""
    mirror = mode.scratch[0]
    reply = mode.scratch[1]
    decision["tried"] += mirror["tried"]
    if last == MIRROR:
        return
    decision["tried"] += reply["tried"]
    if mirror["verdict"] == ACCEPT and reply["verdict"] == ACCEPT:
        decision["verdict"] = ACCEPT
        decision["reason"] = R_MIRROR
        decision["reject_with"] = 0
        decision["hook"] = mirror["hook"]
        decision["chain"] = mirror["chain"]
        decision["rule"] = mirror["rule"]
        decision["mirror"] = 1
    elif (reply["verdict"] == ACCEPT or reply["verdict"] == UNKNOWN) and decision["verdict"] != UNKNOWN:
        doubtful = mirror if mirror["verdict"] == UNKNOWN else reply
        refuse(decision, UNKNOWN, doubtful["reason"])
        decision["hook"], decision["chain"], decision["rule"] = doubtful["hook"], doubtful["chain"], doubtful["rule"]


@entry
def run_stateless(
    mode: Stateless,
    frames: npt.NDArray[np.void],
    packets: npt.NDArray[np.void],
    decisions: npt.NDArray[np.void],
    start: int,
    end: int,
) -> None:
    """Decide rows `start` to `end` of a chunk."""
    for i in range(start, end):
        mode.course.extra[0]["row"] = i
        decide_stateless(mode, frames[i], packets[i], decisions[i])
