"""What left the firewall, and how it came in: the frame of a translated packet that was seen going out.

Read first: DESIGN section 3, "Where a packet came from"; `fwsim.engine.translating`, what is undone here. What leaves
looks as the inverse of the other direction's tuple says: so that tuple tells the connection, and that of its own
direction what the packet was. Where there is no such connection, it may have been something else that nobody can know.
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot, shared
from fwsim.engine.address_range import is_at_most
from fwsim.engine.binding import DONE, TRANSLATED, Nat
from fwsim.engine.expectation import NOT_AT_ALL, SURELY, is_end
from fwsim.engine.following import find_announced
from fwsim.engine.icmp import is_icmp_error, opens
from fwsim.engine.origin import is_delivered
from fwsim.engine.path import Course
from fwsim.engine.places import LOCAL, LOOPBACK, MOST_BITS, Places
from fwsim.engine.program import TO_INTERFACE, TO_SAME, TO_UNKNOWN
from fwsim.engine.routes import route_of_destination, route_of_source
from fwsim.engine.seq_adjust import SEQ_ADJUST, turn_numbers_back
from fwsim.engine.straying import be_stray, go_astray
from fwsim.engine.tuples import ICMP, ICMPV6, TCP, Tracker, find, hang, invert, is_same, of_packet, unhang
from fwsim.engine.unique_tuple import ANSWER
from fwsim.engine.vague import DESTINATION as VAGUE_DESTINATION
from fwsim.engine.vague import (
    MIXTURES,
    blur,
    has_ports,
    shown_address,
    shown_id,
    take,
)
from fwsim.engine.vague import SOURCE as VAGUE_SOURCE
from fwsim.tables import Table
from fwsim.terms import ABSENT, UNKNOWN_VALUE, CtStatus, Hook, TcpFlag

Row = Any

AS_IT_IS = -1
"""The packet is not translated: it came in, or was made here, as it left."""
DOUBTFUL = -2
"""It may have been another, of a connection that is not known."""
STRAYED = -3
"""The same, and it opens none."""

ANNOUNCED = -4
"""It opens a connection that was expected; what it came in with is in the scratch row."""

SOURCE = 1
DESTINATION = 2
"""In TRANSLATION["ends"]."""

INPUT = int(Hook.INPUT)
FORWARD = int(Hook.FORWARD)
OUTPUT = int(Hook.OUTPUT)
STRAY = int(CtStatus.STRAY)
NAT_IN_DOUBT = int(CtStatus.NAT_IN_DOUBT)
TENTATIVE = int(CtStatus.TENTATIVE)
OPENING = int(TcpFlag.SYN)
OPENING_MASK = int(TcpFlag.SYN | TcpFlag.ACK | TcpFlag.RST | TcpFlag.FIN)
HIGHEST_TTL = 255


@shared
def look_behind(course: Course, tracker: Tracker, nat: Nat, frame: Row, packet: Row, quotes: Table) -> int:
    """The row of the tuple that a packet seen going out had when it came in; or one of the negative ones above."""
    if not tracker.settings[0]["translating"] & (1 if packet["family"] == 4 else 2) or packet["fragment"] == 2:
        return AS_IT_IS
    scratch = tracker.tuples[ANSWER]
    if is_icmp_error(packet):
        if packet["quote"] < 0 or not quotes[packet["quote"]]["usable"]:
            return AS_IT_IS
        take(quotes[packet["quote"]], scratch)
    else:
        of_packet(packet, tracker.tuples[0])
        if not invert(tracker.tuples[0], scratch):
            return AS_IT_IS
    found = find(tracker, scratch)
    if found >= 0:
        return found ^ 1 if tracker.connections[found >> 1]["status"] & TRANSLATED else AS_IT_IS
    doubt = may_be_translated(course, nat.places, frame["interface"], packet)
    if tracker.counters[0]["vague"]:
        take(scratch, tracker.tuples[0])
        doubt = go_astray(tracker, tracker.tuples[0], packet, quotes, 1, scratch) or doubt
    if packet["proto"] == TCP and tracker.counters[0]["newest_expecting"] >= 0:
        announced = find_announced(tracker, packet, tracker.tuples[0])
        if announced != NOT_AT_ALL:
            return ANNOUNCED if announced == SURELY else DOUBTFUL
    if not doubt:
        return AS_IT_IS
    if is_icmp_error(packet):
        return STRAYED
    of_packet(packet, tracker.tuples[0])
    found = find(tracker, tracker.tuples[0])
    if found >= 0:
        be_stray(tracker, found >> 1, packet, quotes, found & 1)
    return DOUBTFUL


# --- what may be ---------------------------------------------------------------------------------------------------


@shared
def may_be_translated(course: Course, places: Places, here: int, packet: Row) -> bool:
    """Whether some rule may have made a packet what it is, of a connection that is not known."""
    rules = course.program.translations
    opening = is_opening(packet)
    for row in range(len(rules)):
        rule = rules[row]
        if rule["family"] and rule["family"] != packet["family"]:
            continue
        if not opening or is_image(rule, places, here, packet):
            return True
    return False


@hot
def is_opening(packet: Row) -> bool:
    """Whether a packet is certainly no answer."""
    proto = packet["proto"]
    if proto == TCP:
        return bool(packet["flags"] >= 0 and packet["flags"] & OPENING_MASK == OPENING)
    if proto == ICMP or proto == ICMPV6:
        return bool(packet["icmp_type"] >= 0 and opens(proto, packet["icmp_type"]))
    return False


@hot
def is_image(rule: Row, places: Places, here: int, packet: Row) -> bool:
    """Whether an end of the packet is what a row of TRANSLATION translates to."""
    to = rule["to"]
    if to == TO_SAME or to == TO_UNKNOWN:
        return True
    if to == TO_INTERFACE:
        return bool(rule["ends"] & SOURCE and is_own(places, here, packet))
    if rule["ends"] & SOURCE and is_within(rule, packet["src0"], packet["src1"], packet["src2"], packet["src3"]):
        return True
    return bool(
        rule["ends"] & DESTINATION and is_within(rule, packet["dst0"], packet["dst1"], packet["dst2"], packet["dst3"])
    )


@hot
def is_own(places: Places, here: int, packet: Row) -> bool:
    """Whether a packet may come from the address that masquerading by an interface gives."""
    if here < 0:
        return True
    own = places.interfaces[here]
    if packet["family"] == 4:
        return bool(own["own4"] == UNKNOWN_VALUE or own["own4"] == packet["src0"])
    if own["own60"] == UNKNOWN_VALUE:
        return True
    return bool(
        own["own60"] == packet["src0"]
        and own["own61"] == packet["src1"]
        and own["own62"] == packet["src2"]
        and own["own63"] == packet["src3"]
    )


@hot
def is_within(rule: Row, word0: int, word1: int, word2: int, word3: int) -> bool:
    """Whether an address is in the range of a rule."""
    return is_at_most(
        rule["low0"], rule["low1"], rule["low2"], rule["low3"], word0, word1, word2, word3
    ) and is_at_most(word0, word1, word2, word3, rule["high0"], rule["high1"], rule["high2"], rule["high3"])


# --- the packet that came in ---------------------------------------------------------------------------------------


@shared
def turn_back(tracker: Tracker, nat: Nat, found: int, frame: Row, packet: Row, quotes: Table) -> None:
    """Write the packet as it came in, or was made here, into row 0 of `nat.entered`; `found` is its tuple."""
    nat.entered[0] = packet
    entered = nat.entered[0]
    if found == ANNOUNCED:
        take_ends(tracker.tuples[0], entered)
    elif is_icmp_error(packet):
        turn_error_back(tracker, found, packet, entered)
    else:
        take_ends(tracker.tuples[found], entered)
        if entered["proto"] == TCP:
            turn_lines_back(tracker, found, entered, quotes)
    if is_lost(entered):
        return
    source = nat.places.routes[route_of_source(nat.places, entered)]
    if source["classes"] & (LOCAL | LOOPBACK):
        entered["hook"] = OUTPUT
        entered["iif"] = ABSENT
        entered["oif"] = frame["interface"]
        return
    delivered = is_for_here(nat.places, source["classes"], entered)
    entered["hook"] = INPUT if delivered else FORWARD
    entered["iif"] = source["interface"] if source["interface"] >= 0 else UNKNOWN_VALUE
    entered["oif"] = ABSENT if delivered else frame["interface"]
    entered["ttl"] = min(packet["ttl"] + 1, HIGHEST_TTL)  # it was forwarded


@hot
def turn_lines_back(tracker: Tracker, found: int, entered: Row, quotes: Table) -> None:
    """The FTP helper may have rewritten what a packet says: how long that was before is not known."""
    if tracker.connections[found >> 1]["status"] & SEQ_ADJUST:
        turn_numbers_back(tracker, found >> 1, found & 1, entered)
    if entered["quote"] >= 0:
        quotes[entered["quote"]]["list1"] = UNKNOWN_VALUE


@hot
def is_for_here(places: Places, source: int, entered: Row) -> bool:
    """Whether the packet goes to the firewall itself before its destination is translated; what is not known, does."""
    if entered["dst0"] == UNKNOWN_VALUE:
        return True
    destination = places.routes[route_of_destination(places, entered)]
    return is_delivered(entered["family"], source, destination["classes"])


@hot
def take_ends(row: Row, entered: Row) -> None:
    """Give a packet the ends of a tuple; what of it is vague is not known."""
    entered["src0"], entered["src1"] = shown_address(row["src0"]), row["src1"]
    entered["src2"], entered["src3"] = row["src2"], row["src3"]
    entered["dst0"], entered["dst1"] = shown_address(row["dst0"]), row["dst1"]
    entered["dst2"], entered["dst3"] = row["dst2"], row["dst3"]
    proto = row["proto"]
    if has_ports(proto):
        entered["sport"], entered["dport"] = shown_id(row["src_id"]), shown_id(row["dst_id"])
    elif proto == ICMP or proto == ICMPV6:
        entered["icmp_id"] = shown_id(row["src_id"])


@hot
def turn_error_back(tracker: Tracker, found: int, packet: Row, entered: Row) -> None:
    """The same for an ICMP error: it came in for the other end of its direction, from somewhere.

    A source that is translated hides who made it (`nf_nat_icmp_reply_translation`).
    """
    own, other = tracker.tuples[found], tracker.tuples[found ^ 1]
    entered["dst0"], entered["dst1"] = shown_address(own["dst0"]), own["dst1"]
    entered["dst2"], entered["dst3"] = own["dst2"], own["dst3"]
    if is_end(packet, other["dst0"], other["dst1"], other["dst2"], other["dst3"], 1) and not is_end(
        own, other["dst0"], other["dst1"], other["dst2"], other["dst3"], 1
    ):
        entered["src0"] = UNKNOWN_VALUE


@hot
def is_captured(frame: Row, entered: Row) -> bool:
    """Whether the packet must have been captured as well when it came in: then the frame is a copy of that."""
    bits = frame["egress"] >> 1
    if entered["hook"] == OUTPUT:
        return False
    interface = entered["iif"]
    if interface < 0 or interface >= MOST_BITS:
        return bool(bits & (bits - 1))
    return bool(bits >> interface & 1)


@hot
def is_made_here(entered: Row) -> bool:
    """Whether the packet never came in."""
    return bool(not is_lost(entered) and entered["hook"] == OUTPUT)


@hot
def is_doubtful(tracker: Tracker, row: int) -> bool:
    """Whether a connection may not be that of the packet, since it may not be at all."""
    return bool(tracker.connections[row]["status"] & (TENTATIVE | STRAY))


@hot
def is_lost(entered: Row) -> bool:
    """Whether it is not known where the packet came from, so that no rule can be asked.

    Where it was to go, only the chains before translation see.
    """
    return bool(entered["src0"] == UNKNOWN_VALUE)


@hot
def veil(course: Course, tracker: Tracker, nat: Nat, here: int, packet: Row) -> None:
    """What the unconfirmed connection came from is not known; its answers are.

    A packet that is certainly no answer has only the ends in doubt that rules translate to what they are.
    """
    original = tracker.tuples[0]
    parts = VAGUE_SOURCE | VAGUE_DESTINATION
    if is_opening(packet):
        parts = doubtful_ends(course, nat.places, here, packet)
    blur(original, parts)
    tracker.connections[0]["status"] |= NAT_IN_DOUBT | TRANSLATED | DONE


@hot
def doubtful_ends(course: Course, places: Places, here: int, packet: Row) -> int:
    """The parts of a tuple that rules may have translated to what they are."""
    parts = 0
    rules = course.program.translations
    for row in range(len(rules)):
        rule = rules[row]
        if (rule["family"] == 0 or rule["family"] == packet["family"]) and is_image(rule, places, here, packet):
            parts |= (VAGUE_SOURCE if rule["ends"] & SOURCE else 0) | (
                VAGUE_DESTINATION if rule["ends"] & DESTINATION else 0
            )
    return parts


# --- what copies teach -----------------------------------------------------------------------------------------------


@shared
def learn(tracker: Tracker, frame: Row, packet: Row) -> None:
    """A copy that left tells what the kernel has drawn for the connection of the frame that it is a copy of."""
    wanted = tracker.tuples[0]
    if packet["fragment"] == 2 or is_icmp_error(packet) or not frame["copy_of"]:
        return
    of_packet(packet, tracker.tuples[ANSWER])
    if not invert(tracker.tuples[ANSWER], wanted) or find(tracker, wanted) >= 0:
        return
    scratch = tracker.tuples[ANSWER]
    for parts in range(MIXTURES):
        if tracker.counters[0]["vague"] >> parts & 1 == 0:
            continue
        take(wanted, scratch)
        blur(scratch, parts)
        row = find(tracker, scratch)
        while row >= 0:
            if is_same(tracker.tuples[row], scratch) and is_of_frame(tracker.connections[row >> 1], frame):
                settle_tuple(tracker, row, wanted)
                return
            row = int(tracker.tuples[row]["next"])


@hot
def is_of_frame(connection: Row, frame: Row) -> bool:
    """Whether the frame that was copied is the last of a connection, and nothing else of that is in doubt."""
    return bool(
        connection["last_frame"] == frame["copy_of"]
        and connection["last_file"] == frame["copy_in"]
        and connection["status"] & (NAT_IN_DOUBT | STRAY | TENTATIVE) == 0
    )


@hot
def settle_tuple(tracker: Tracker, row: int, known: Row) -> None:
    """Put what is known in the place of a vague tuple."""
    unhang(tracker, row)
    take(known, tracker.tuples[row])
    hang(tracker, row)
