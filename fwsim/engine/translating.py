"""Translation of addresses at a hook: what a new connection is bound to, and what its packets look like behind it.

Read first: `nf_nat_inet_fn`, `nf_nat_setup_info` and `nf_nat_packet` (net/netfilter/nf_nat_core.c). A connection is
bound twice, once for its destination (PREROUTING or OUTPUT) and once for its source (POSTROUTING or INPUT), by its
first packet; where no rule says how, it keeps what it has, if that is unique. All later packets look as the inverse of
the other direction's tuple says, one side at each hook.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from fwsim.engine import hot, shared
from fwsim.engine.asked import lose_translated
from fwsim.engine.beside import show_ports, show_tuple
from fwsim.engine.expiry import UNCONFIRMED, delete
from fwsim.engine.icmp import ICMP, ICMPV6, ICMPV6_REDIRECT, is_error
from fwsim.engine.path import Course, refuse
from fwsim.engine.places import Places
from fwsim.engine.program import TO_ADDRESSES, TO_INTERFACE, TO_NETWORK, TO_UNKNOWN
from fwsim.engine.rerouting import reroute, reroute_own
from fwsim.engine.sources import NOWHERE
from fwsim.engine.transport import NAT_FAULT_DESTINATION, NAT_FAULT_SHORT
from fwsim.engine.tuples import GRE, SCTP, TCP, Tracker, invert, is_live, is_same
from fwsim.engine.unique_tuple import ANSWER, PERHAPS_KEPT, PROPOSED, make_unique
from fwsim.engine.vague import DESTINATION as VAGUE_DESTINATION
from fwsim.engine.vague import (
    DESTINATION_ADDRESS,
    SOURCE_ADDRESS,
    blur,
    has_ports,
    shown_address,
    shown_id,
    take,
)
from fwsim.engine.vague import SOURCE as VAGUE_SOURCE
from fwsim.tables import V6, Table
from fwsim.terms import ABSENT, UNKNOWN_VALUE, CtState, CtStatus, Direction, Hook, Reason, Verdict

Row = Any

PREROUTING = int(Hook.PREROUTING)
INPUT = int(Hook.INPUT)
OUTPUT = int(Hook.OUTPUT)
POSTROUTING = int(Hook.POSTROUTING)
REPLY = int(Direction.REPLY)
RELATED = int(CtState.RELATED)
DROP = int(Verdict.DROP)
SNAT = int(CtStatus.SNAT)
DNAT = int(CtStatus.DNAT)
TRANSLATED = SNAT | DNAT
SNAT_DONE = int(CtStatus.SNAT_DONE)
DNAT_DONE = int(CtStatus.DNAT_DONE)
DONE = SNAT_DONE | DNAT_DONE
TENTATIVE = int(CtStatus.TENTATIVE)
VISIBLE_STATUS = TENTATIVE - 1
IN_DOUBT = int(CtStatus.NAT_IN_DOUBT)
STRAY = int(CtStatus.STRAY)
R_NO_ADDRESS = int(Reason.NAT_NO_ADDRESS)
R_REDIRECT = int(Reason.NAT_REDIRECT)
R_UNWRITABLE = int(Reason.NAT_UNWRITABLE)
R_OTHER_INTERFACE = int(Reason.NAT_OTHER_INTERFACE)
ICMP_REDIRECT = 5
LOOPBACK_V4 = 0x7F000001


class Nat(NamedTuple):
    """What translation works with: where addresses lie, and scratch.

    That is one row of TRANSLATION, what a rule makes of a packet, two of TUPLE, and one of PACKET, what came in where
    only what left was captured. `departures` has a row of DEPARTURE for each packet at hand, or none if nothing is
    translated.
    """

    places: Places
    wanted: Table
    tuples: Table
    entered: Table
    departures: Table


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
def is_icmp_error(seen: Row) -> bool:
    """Whether a packet that is related is an ICMP error."""
    proto = seen["proto"]
    return (proto == ICMP or proto == ICMPV6) and seen["icmp_type"] >= 0 and is_error(seen)


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


# --- binding a new connection ------------------------------------------------------------------------------------


@hot
def bind(course: Course, tracker: Tracker, nat: Nat, chosen: int, source: int) -> int:
    """Bind one side of the unconfirmed connection, as row `chosen` of TRANSLATION says; why that fails, or 0."""
    connection = tracker.connections[UNCONFIRMED]
    reply = tracker.tuples[2 * UNCONFIRMED + 1]
    connection["status"] |= SNAT_DONE if source else DNAT_DONE
    wanted = nat.wanted[0]
    keep_address(reply, wanted, source)
    if source:
        tracker.sources[UNCONFIRMED]["out"] = NOWHERE
    if chosen >= 0:
        take_rule(course.program.translations[chosen], wanted)
        if source and wanted["to"] == TO_INTERFACE and course.memory.state[0]["oif"] >= 0:
            tracker.sources[UNCONFIRMED]["out"] = 1 + course.memory.state[0]["oif"]
        take_own_address(course, nat.places, wanted, source)
        if wanted["low0"] == ABSENT:
            return R_NO_ADDRESS
    if chosen == UNKNOWN_VALUE or wanted["to"] == TO_UNKNOWN or wanted["low0"] == UNKNOWN_VALUE:
        connection["status"] |= IN_DOUBT | (SNAT if source else DNAT)
        blur(reply, VAGUE_DESTINATION if source else VAGUE_SOURCE)
        tracker.counters[0]["vague"] = 1
        return 0
    if wanted["to"] == TO_NETWORK:
        keep_host(reply, wanted, source)
    parts = make_unique(tracker, wanted, source)
    proposed = tracker.tuples[PROPOSED]
    answer = tracker.tuples[ANSWER]
    if parts & PERHAPS_KEPT:
        invert(proposed, answer)
        if has_same_ends(answer, reply) or parts & (SOURCE_ADDRESS | DESTINATION_ADDRESS):
            connection["status"] |= IN_DOUBT
    if parts:
        blur(proposed, parts)
        tracker.counters[0]["vague"] = 1
    invert(proposed, answer)
    if not is_same(answer, reply):
        take(answer, reply)
        connection["status"] |= SNAT if source else DNAT
    return 0


@hot
def finish_binding(tracker: Tracker) -> None:
    """What the unconfirmed connection is bound to where its packet was not followed, is not known."""
    connection = tracker.connections[UNCONFIRMED]
    status = connection["status"]
    if status & DONE == DONE or status & (DONE | IN_DOUBT) == 0:
        return
    reply = tracker.tuples[2 * UNCONFIRMED + 1]
    if status & SNAT_DONE == 0:
        blur(reply, VAGUE_DESTINATION)
    if status & DNAT_DONE == 0:
        blur(reply, VAGUE_SOURCE)
    connection["status"] |= DONE | IN_DOUBT | TRANSLATED
    tracker.counters[0]["vague"] = 1


@hot
def has_same_ends(one: Row, other: Row) -> bool:
    """Whether two tuples have the same addresses."""
    return bool(
        one["src0"] == other["src0"]
        and one["dst0"] == other["dst0"]
        and one["src1"] == other["src1"]
        and one["src2"] == other["src2"]
        and one["src3"] == other["src3"]
        and one["dst1"] == other["dst1"]
        and one["dst2"] == other["dst2"]
        and one["dst3"] == other["dst3"]
    )


@hot
def bind_perhaps(course: Course, tracker: Tracker, nat: Nat, chosen: int, source: int) -> None:
    """Bind the unconfirmed connection of a packet that may belong to another one."""
    connection = tracker.connections[UNCONFIRMED]
    if connection["status"] & (SNAT_DONE if source else DNAT_DONE):
        return
    if bind(course, tracker, nat, chosen, source):
        connection["status"] |= IN_DOUBT | (SNAT if source else DNAT)
        blur(tracker.tuples[2 * UNCONFIRMED + 1], VAGUE_DESTINATION if source else VAGUE_SOURCE)
        tracker.counters[0]["vague"] = 1


@hot
def keep_address(reply: Row, wanted: Row, source: int) -> None:
    """Begin with no rule: the address that it has (`nf_nat_alloc_null_binding`)."""
    wanted["to"] = TO_ADDRESSES
    wanted["random"], wanted["persistent"] = 0, 0
    wanted["offset"], wanted["ports"] = 0, 0
    if source:
        set_range(wanted, reply["dst0"], reply["dst1"], reply["dst2"], reply["dst3"])
    else:
        set_range(wanted, reply["src0"], reply["src1"], reply["src2"], reply["src3"])


@hot
def set_range(wanted: Row, word0: int, word1: int, word2: int, word3: int) -> None:
    """One address."""
    wanted["low0"], wanted["high0"] = word0, word0
    wanted["low1"], wanted["high1"] = word1, word1
    wanted["low2"], wanted["high2"] = word2, word2
    wanted["low3"], wanted["high3"] = word3, word3


@hot
def take_rule(rule: Row, wanted: Row) -> None:
    """Copy what a rule says; one without addresses leaves the one that it has."""
    wanted["to"] = rule["to"]
    wanted["random"], wanted["persistent"] = rule["random"], rule["persistent"]
    wanted["offset"], wanted["base_port"] = rule["offset"], rule["base_port"]
    wanted["ports"] = rule["ports"]
    wanted["low_port"], wanted["high_port"] = rule["low_port"], rule["high_port"]
    if rule["to"] == TO_ADDRESSES or rule["to"] == TO_NETWORK:
        set_range(wanted, rule["low0"], rule["low1"], rule["low2"], rule["low3"])
        wanted["high0"], wanted["high1"] = rule["high0"], rule["high1"]
        wanted["high2"], wanted["high3"] = rule["high2"], rule["high3"]


@hot
def take_own_address(course: Course, places: Places, wanted: Row, source: int) -> None:
    """The address of the interface by which the packet leaves (masquerade) or came in (redirect); of own ones loopback.

    For a rule that wants it; ABSENT if it has none, UNKNOWN_VALUE if that is not known.
    """
    if wanted["to"] != TO_INTERFACE:
        return
    state = course.memory.state[0]
    is_v4 = course.seen[0]["family"] == 4
    wanted["to"] = TO_ADDRESSES
    if not source and state["hook"] == OUTPUT:
        set_range(wanted, LOOPBACK_V4 if is_v4 else V6, 0, 0, 0 if is_v4 else 1)
        return
    interface = state["oif"] if source else state["iif"]
    if interface < 0:
        set_range(wanted, UNKNOWN_VALUE, 0, 0, 0)
        return
    own = places.interfaces[interface]
    if is_v4:
        set_range(wanted, own["own4"], 0, 0, 0)
    else:
        set_range(wanted, own["own60"], own["own61"], own["own62"], own["own63"])


@hot
def keep_host(reply: Row, wanted: Row, source: int) -> None:
    """The same host in another network: the bits that both ends of the range share are the network's (NETMAP)."""
    word0, word1 = reply["src0"], reply["src1"]
    word2, word3 = reply["src2"], reply["src3"]
    if source:
        word0, word1 = reply["dst0"], reply["dst1"]
        word2, word3 = reply["dst2"], reply["dst3"]
    mask0, mask1 = ~(wanted["low0"] ^ wanted["high0"]), ~(wanted["low1"] ^ wanted["high1"])
    mask2, mask3 = ~(wanted["low2"] ^ wanted["high2"]), ~(wanted["low3"] ^ wanted["high3"])
    wanted["to"] = TO_ADDRESSES
    set_range(
        wanted,
        word0 & ~mask0 | wanted["low0"] & mask0,
        word1 & ~mask1 | wanted["low1"] & mask1,
        word2 & ~mask2 | wanted["low2"] & mask2,
        word3 & ~mask3 | wanted["low3"] & mask3,
    )


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
    if is_redirect and (status & DONE != DONE or status & TRANSLATED):
        return R_REDIRECT
    direction = seen["ct_direction"]
    if applies(status, direction, source):
        if frame["nat_fault"] == NAT_FAULT_SHORT or (frame["nat_fault"] == NAT_FAULT_DESTINATION and source):
            return R_UNWRITABLE
        lose_asked(course)
        show_end(seen, tracker.tuples[2 * row + 1 - direction], source)
    return 0
