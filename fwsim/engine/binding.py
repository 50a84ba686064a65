"""What a new connection is bound to: one side of it at each of two hooks.

Read first: `nf_nat_setup_info`, `nf_nat_alloc_null_binding` (net/netfilter/nf_nat_core.c); `fwsim.engine.unique_tuple`.
Where no rule says how, a side keeps what it has, if that is unique.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from fwsim.engine import hot
from fwsim.engine.expiry import UNCONFIRMED
from fwsim.engine.following import doubt_following
from fwsim.engine.path import Course
from fwsim.engine.places import Places
from fwsim.engine.program import TO_ADDRESSES, TO_INTERFACE, TO_NETWORK, TO_UNKNOWN
from fwsim.engine.sources import NOWHERE
from fwsim.engine.tuples import TCP, Tracker, invert, is_same
from fwsim.engine.unique_tuple import ANSWER, NOBODY, PERHAPS_KEPT, PROPOSED, make_unique
from fwsim.engine.vague import DESTINATION as VAGUE_DESTINATION
from fwsim.engine.vague import DESTINATION_ADDRESS, SOURCE_ADDRESS, blur, take
from fwsim.engine.vague import SOURCE as VAGUE_SOURCE
from fwsim.tables import V6, Table
from fwsim.terms import ABSENT, UNKNOWN_VALUE, CtStatus, Hook, Reason

Row = Any

FORWARD = int(Hook.FORWARD)
OUTPUT = int(Hook.OUTPUT)
SNAT = int(CtStatus.SNAT)
DNAT = int(CtStatus.DNAT)
TRANSLATED = SNAT | DNAT
SNAT_DONE = int(CtStatus.SNAT_DONE)
DNAT_DONE = int(CtStatus.DNAT_DONE)
DONE = SNAT_DONE | DNAT_DONE
IN_DOUBT = int(CtStatus.NAT_IN_DOUBT)
R_NO_ADDRESS = int(Reason.NAT_NO_ADDRESS)
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


@hot
def bind(course: Course, tracker: Tracker, nat: Nat, chosen: int, source: int) -> int:
    """Bind one side of the unconfirmed connection, as row `chosen` of TRANSLATION says; why that fails, or 0."""
    connection = tracker.connections[UNCONFIRMED]
    reply = tracker.tuples[2 * UNCONFIRMED + 1]
    connection["status"] |= SNAT_DONE if source else DNAT_DONE
    wanted = nat.wanted[0]
    own = 0
    keep_address(reply, wanted, source)
    if source:
        tracker.sources[UNCONFIRMED]["out"] = NOWHERE
    if chosen >= 0:
        take_rule(course.program.translations[chosen], wanted)
        if source and wanted["to"] == TO_INTERFACE and course.memory.state[0]["oif"] >= 0:
            tracker.sources[UNCONFIRMED]["out"] = 1 + course.memory.state[0]["oif"]
        own = 1 if wanted["to"] == TO_INTERFACE else 0
        take_own_address(course, nat.places, wanted, source)
        if wanted["low0"] == ABSENT:
            return R_NO_ADDRESS
    if chosen == UNKNOWN_VALUE or wanted["to"] == TO_UNKNOWN or wanted["low0"] == UNKNOWN_VALUE:
        if own == 0 or source == 0 or course.seen[0]["hook"] != FORWARD:
            connection["status"] |= IN_DOUBT  # else it is masqueraded for sure: nobody else has that address
        connection["status"] |= SNAT if source else DNAT
        blur(reply, VAGUE_DESTINATION if source else VAGUE_SOURCE)
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
    invert(proposed, answer)
    if not is_same(answer, reply):
        take(answer, reply)
        connection["status"] |= SNAT if source else DNAT
    return 0


@hot
def bind_perhaps(course: Course, tracker: Tracker, nat: Nat, chosen: int, source: int) -> None:
    """Bind the unconfirmed connection of a packet that may belong to another one."""
    connection = tracker.connections[UNCONFIRMED]
    if connection["status"] & (SNAT_DONE if source else DNAT_DONE):
        return
    counters = tracker.counters[0]
    apart = counters["apart"]
    if apart == 0:
        counters["apart"] = NOBODY
    fault = bind(course, tracker, nat, chosen, source)
    side = VAGUE_DESTINATION if source else VAGUE_SOURCE
    if fault:
        connection["status"] |= IN_DOUBT | (SNAT if source else DNAT)
        blur(tracker.tuples[2 * UNCONFIRMED + 1], side)
    elif course.seen[0]["proto"] == TCP and counters["newest_expecting"] >= 0:
        doubt_following(tracker, connection["created"], nat.tuples[0], side)
    counters["apart"] = apart


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

    For a rule that wants it; ABSENT if it has none, UNKNOWN_VALUE if that is not known. To speak within the link it
    takes an address of IPv6 that is for the link, which is not known.
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
    if interface < 0 or (not is_v4 and is_within_link(course.seen[0]["dst0"])):
        set_range(wanted, UNKNOWN_VALUE, 0, 0, 0)
        return
    own = places.interfaces[interface]
    if is_v4:
        set_range(wanted, own["own4"], 0, 0, 0)
    else:
        set_range(wanted, own["own60"], own["own61"], own["own62"], own["own63"])


@hot
def is_within_link(first: int) -> bool:
    """Whether an address of IPv6 is for a link or a site (`ipv6_addr_scope`), or for many; or whether it may be."""
    return first < V6 or (first - V6) >> 23 == 0x1FD or (first - V6) >> 24 == 0xFF


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
