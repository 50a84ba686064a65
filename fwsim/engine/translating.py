"""Translation of addresses at a hook: what a new connection is bound to, and what its packets look like behind it.

Read first: `nf_nat_inet_fn`, `nf_nat_setup_info` and `nf_nat_packet` (net/netfilter/nf_nat_core.c). A connection is
bound twice, once for its destination (PREROUTING or OUTPUT) and once for its source (POSTROUTING or INPUT), by its
first packet; where no rule says how, it keeps what it has, if that is unique. All later packets look as the inverse of
the other direction's tuple says, one side at each hook.
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot, shared
from fwsim.engine.asked import lose_translated
from fwsim.engine.beside import show_ports, show_tuple
from fwsim.engine.binding import (
    DNAT,
    DNAT_DONE,
    DONE,
    IN_DOUBT,
    SNAT,
    SNAT_DONE,
    TRANSLATED,
    Nat,
    bind,
    bind_perhaps,
)
from fwsim.engine.expiry import UNCONFIRMED, delete
from fwsim.engine.icmp import ICMP, ICMPV6, ICMPV6_REDIRECT, is_icmp_error
from fwsim.engine.path import Course, refuse
from fwsim.engine.rerouting import reroute, reroute_own
from fwsim.engine.sources import NOWHERE
from fwsim.engine.transport import NAT_FAULT_DESTINATION, NAT_FAULT_SHORT
from fwsim.engine.tuples import GRE, SCTP, TCP, Tracker, is_live
from fwsim.engine.vague import (
    has_ports,
    shown_address,
    shown_id,
)
from fwsim.terms import ABSENT, UNKNOWN_VALUE, CtState, CtStatus, Direction, Hook, Reason, Verdict

Row = Any

PREROUTING = int(Hook.PREROUTING)
INPUT = int(Hook.INPUT)
OUTPUT = int(Hook.OUTPUT)
POSTROUTING = int(Hook.POSTROUTING)
REPLY = int(Direction.REPLY)
RELATED = int(CtState.RELATED)
DROP = int(Verdict.DROP)
TENTATIVE = int(CtStatus.TENTATIVE)
VISIBLE_STATUS = TENTATIVE - 1
STRAY = int(CtStatus.STRAY)
R_REDIRECT = int(Reason.NAT_REDIRECT)
R_UNWRITABLE = int(Reason.NAT_UNWRITABLE)
R_OTHER_INTERFACE = int(Reason.NAT_OTHER_INTERFACE)
ICMP_REDIRECT = 5


@shared
def translate(course: Course, tracker: Tracker, nat: Nat, result: Row, frame: Row, so_far: int, decision: Row) -> int:
    """Translate a packet where its way has been interrupted for it; the verdict so far, or DROP."""
    state = course.memory.state[0]
    seen = course.seen[0]
    source = 1 if state["hook"] == INPUT or state["hook"] == POSTROUTING else 0
    chosen = state["chosen"]
    state["chosen"] = ABSENT
    state["bound"] |= SNAT_DONE if source else DNAT_DONE
    row = result["connection"]
    dst0, dst1, dst2, dst3 = seen["dst0"], seen["dst1"], seen["dst2"], seen["dst3"]
    fault = 0
    if seen["ct_state"] == UNKNOWN_VALUE and (result["stray"] or row <= 0 or may_be_refused(seen["proto"])):
        if row == UNCONFIRMED:
            bind_perhaps(course, tracker, nat, chosen, source)
        if chosen != ABSENT or row < 0 or result["stray"] or tracker.connections[row]["status"] & TRANSLATED:
            lose(course, source)
    elif seen["ct_state"] == RELATED and is_icmp_error(seen):
        fault = translate_error(course, tracker, row, frame, source)
    else:
        done = SNAT_DONE if source else DNAT_DONE
        if row == UNCONFIRMED and tracker.connections[row]["status"] & done == 0:
            fault = bind(course, tracker, nat, chosen, source)
        elif source and state["hook"] == POSTROUTING and leaves_otherwise(tracker, row, result["direction"], state):
            fault = R_OTHER_INTERFACE
            if is_live(tracker.connections[row]):
                delete(tracker, row)
        if not fault:
            fault = show_translated(course, tracker, row, result["direction"], frame["nat_fault"], source)
    if fault:
        refuse(decision, DROP, fault)
        decision["hook"] = state["hook"]
        return DROP
    if seen["dst0"] != dst0 or seen["dst1"] != dst1 or seen["dst2"] != dst2 or seen["dst3"] != dst3:
        if state["hook"] == OUTPUT:
            reroute_own(nat.places, state, seen)
        elif state["stage"] == 0:
            reroute(nat.places, state, seen, frame["option_fault"], 1 if frame["egress"] else 0)
    return so_far


@hot
def leaves_otherwise(tracker: Tracker, row: int, direction: int, state: Row) -> bool:
    """Whether a masqueraded connection would leave by another interface than its first packet did.

    (`nf_nat_oif_changed`.)
    """
    out = tracker.sources[row]["out"]
    return bool(out != NOWHERE and direction != REPLY and state["oif"] >= 0 and out != 1 + state["oif"])


@hot
def may_be_refused(proto: int) -> bool:
    """Whether a packet may be invalid though its connection is there: then it is not translated."""
    return proto == TCP or proto == SCTP


@hot
def lose(course: Course, source: int) -> None:
    """What a packet looks like behind here is not known."""
    seen = course.seen[0]
    lose_asked(course)
    if source:
        seen["src0"] = UNKNOWN_VALUE
        seen["sport"] = UNKNOWN_VALUE if seen["sport"] != ABSENT else ABSENT
    else:
        seen["dst0"] = UNKNOWN_VALUE
        seen["dport"] = UNKNOWN_VALUE if seen["dport"] != ABSENT else ABSENT
    if seen["icmp_id"] != ABSENT:
        seen["icmp_id"] = UNKNOWN_VALUE


# --- packets -----------------------------------------------------------------------------------------------------


@hot
def applies(status: int, direction: int, source: int) -> bool:
    """Whether a connection with this status changes its packets of a direction here (`nf_nat_packet`)."""
    changed = SNAT if source else DNAT
    return bool(status & (changed ^ TRANSLATED if direction == REPLY else changed))


@hot
def visible(status: int) -> int:
    """A connection's status as rules see it."""
    return UNKNOWN_VALUE if status & (IN_DOUBT | STRAY) else status & VISIBLE_STATUS


@hot
def show_translated(course: Course, tracker: Tracker, row: int, direction: int, unwritable: int, source: int) -> int:
    """Make rules see the packet as it looks behind the hook, and what was done to its connection; or a fault."""
    seen = course.seen[0]
    status = tracker.connections[row]["status"]
    seen["ct_status"] = visible(status)
    show_tuple(course.extra[0], tracker.tuples, row)
    if not applies(status, direction, source):
        return 0
    if unwritable == NAT_FAULT_SHORT or (unwritable == NAT_FAULT_DESTINATION and not source):
        return R_UNWRITABLE
    lose_asked(course)
    other = tracker.tuples[2 * row + 1 - direction]
    show_end(seen, other, source)
    proto = seen["proto"]
    if proto == ICMP or proto == ICMPV6:
        seen["icmp_id"] = shown_id(other["src_id"])
    elif has_ports(proto):
        if source:
            seen["sport"] = shown_id(other["dst_id"])
        else:
            seen["dport"] = shown_id(other["src_id"])
        if course.extra[0]["wanted"]:
            show_ports(course.extra[0], seen)
    elif proto == GRE and not source and seen["icmp_id"] >= 0:
        seen["icmp_id"] = shown_id(other["src_id"])
    return 0


@hot
def lose_asked(course: Course) -> None:
    """What rules ask besides of headers that are changed here, is not known."""
    if course.extra[0]["wanted"]:
        lose_translated(course.words)


@hot
def show_end(seen: Row, other: Row, source: int) -> None:
    """The address of one side: where the answer goes, or comes from."""
    if source:
        seen["src0"], seen["src1"] = shown_address(other["dst0"]), other["dst1"]
        seen["src2"], seen["src3"] = other["dst2"], other["dst3"]
    else:
        seen["dst0"], seen["dst1"] = shown_address(other["src0"]), other["src1"]
        seen["dst2"], seen["dst3"] = other["src2"], other["src3"]


@hot
def translate_error(course: Course, tracker: Tracker, row: int, frame: Row, source: int) -> int:
    """Translate an ICMP error about a packet of a connection, in the direction opposite to that packet's; or a fault.

    (`nf_nat_icmp_reply_translation`.) What it quotes, no rule asks for: there the other side is translated.
    """
    seen = course.seen[0]
    if frame["transport_fault"]:
        return R_UNWRITABLE  # its checksum, which tracking was told not to mind
    status = tracker.connections[row]["status"]
    is_redirect = seen["icmp_type"] == (ICMP_REDIRECT if seen["proto"] == ICMP else ICMPV6_REDIRECT)
    fault = R_REDIRECT if is_redirect and (status & DONE != DONE or status & TRANSLATED) else 0
    if not fault and applies(status, seen["ct_direction"], source):
        if frame["nat_fault"] == NAT_FAULT_SHORT or (frame["nat_fault"] == NAT_FAULT_DESTINATION and source):
            fault = R_UNWRITABLE
        else:
            show_reporter(course, tracker.tuples[2 * row + 1 - seen["ct_direction"]], status, source)
    if fault and status & IN_DOUBT:
        seen["hook"] = UNKNOWN_VALUE  # it may go on
        return 0
    return fault


@hot
def show_reporter(course: Course, other: Row, status: int, source: int) -> None:
    """The address of one side of an ICMP error: who reports it is hidden, if its connection is translated."""
    seen = course.seen[0]
    src0, src1, src2, src3 = seen["src0"], seen["src1"], seen["src2"], seen["src3"]
    lose_asked(course)
    show_end(seen, other, source)
    if status & IN_DOUBT and (
        seen["src0"] != src0 or seen["src1"] != src1 or seen["src2"] != src2 or seen["src3"] != src3
    ):
        seen["src0"] = UNKNOWN_VALUE
