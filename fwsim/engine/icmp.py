"""ICMP and ICMPv6: queries, which are connections; errors, which are related to one; and what is never tracked.

Read first: conntrack-spec §8 and §9; RFC 792, RFC 4443. An ICMP error quotes the packet it is about. It is RELATED if
that packet belongs to a known connection and the error goes to its sender: whoever reports it does not matter.
It changes nothing in the connection.
"""

from __future__ import annotations

from fwsim.engine import hot
from fwsim.engine.datagram import refresh
from fwsim.engine.tuples import Tracker, find, invert
from fwsim.engine.vague import find_vague
from fwsim.tables import V6, Row, Table
from fwsim.terms import UNKNOWN_VALUE, CtState, CtStatus, Direction, Proto, Reason

ICMP = int(Proto.ICMP)
ICMPV6 = int(Proto.ICMPV6)

INVALID = int(CtState.INVALID)
RELATED = int(CtState.RELATED)
NONE = int(Direction.NONE)

TENTATIVE = int(CtStatus.TENTATIVE)

R_CUT = int(Reason.CUT)
R_UNMATCHED = int(Reason.ICMP_ERROR_UNMATCHED)
R_BAD_QUOTE = int(Reason.ICMP_ERROR_BAD_QUOTE)
R_WRONG_TARGET = int(Reason.ICMP_ERROR_WRONG_TARGET)
R_NOT_LOCAL = int(Reason.ICMP_REDIRECT_NOT_LOCAL)
R_RELATED = int(Reason.ICMP_ERROR_RELATED)
R_TRANSLATED = int(Reason.TRANSLATED)

ICMP_ERRORS = 1 << 3 | 1 << 4 | 1 << 5 | 1 << 11 | 1 << 12
"""Unreachable, source quench, redirect, time exceeded, parameter problem (RFC 792)."""
ICMP_REQUESTS = 1 << 8 | 1 << 13 | 1 << 15 | 1 << 17
"""Echo, timestamp, information, address mask request."""
ICMP_LAST = 18
"""Higher types are invalid (`NR_ICMP_TYPES`)."""

ICMPV6_FIRST_INFORMATIONAL = 128
ICMPV6_ECHO_REQUEST = 128
ICMPV6_REDIRECT = 137
ICMPV6_NODE_REQUEST = 139

LINK_LOCAL = (V6 + 0xFE800000) >> 22
"""fe80::/10, as the upper bits of the first field of an address."""
ON_LINK_HOPS = 255
"""The hop limit of a packet that no router has forwarded (RFC 4861 §8.1)."""


@hot
def is_never_tracked(packet: Row) -> bool:
    """Whether a packet is exempt from tracking: ICMPv6 of multicast listeners, neighbour discovery, multicast routers.

    (`nf_conntrack_icmpv6_error`, 6.12 and later: 130-136, 143, 151, 152.)
    """
    if packet["proto"] != ICMPV6 or packet["family"] != 6:
        return False
    kind = packet["icmp_type"]
    return 130 <= kind <= 136 or kind == 143 or kind == 151 or kind == 152


@hot
def is_error(packet: Row) -> bool:
    """Whether an ICMP or ICMPv6 packet is about another packet, which it quotes."""
    kind = packet["icmp_type"]
    if packet["proto"] == ICMP:
        return kind <= ICMP_LAST and ICMP_ERRORS >> kind & 1 == 1
    if kind == ICMPV6_REDIRECT:
        return packet["icmp_code"] == 0
    return kind < ICMPV6_FIRST_INFORMATIONAL


@hot
def is_icmp_error(packet: Row) -> bool:
    """Whether tracking would look up what this packet quotes (conntrack-spec §8, §9)."""
    is_icmp = packet["proto"] == ICMP and packet["family"] == 4
    is_icmpv6 = packet["proto"] == ICMPV6 and packet["family"] == 6
    return (is_icmp or is_icmpv6) and packet["icmp_type"] >= 0 and is_error(packet)


@hot
def opens(proto: int, kind: int) -> bool:
    """Whether an ICMP type is a request: only these begin a connection."""
    if proto == ICMP:
        return kind <= ICMP_LAST and ICMP_REQUESTS >> kind & 1 == 1
    return kind == ICMPV6_ECHO_REQUEST or kind == ICMPV6_NODE_REQUEST


@hot
def query_packet(connection: Row, packet: Row, settings: Row) -> None:
    """Restart the timer of a query's connection (`nf_conntrack_icmp_packet`); it is never assured."""
    timeout = settings["icmp"] if packet["proto"] == ICMP else settings["icmpv6"]
    refresh(connection, packet["now"], timeout)


@hot
def relate(tracker: Tracker, packet: Row, quotes: Table, result: Row) -> None:
    """Find the connection that an ICMP error is about (`nf_conntrack_inet_error`): RELATED, INVALID or not to be known.

    An error about an original packet has the reply direction, and the other way round. Uses the scratch tuples.
    """
    reason = look_up_quoted(tracker, packet, quotes, result)
    result["reason"] = reason
    if reason == R_RELATED:
        result["ct_state"] = RELATED
    elif reason == R_CUT or reason == R_TRANSLATED:
        result["ct_state"] = UNKNOWN_VALUE
    else:
        result["ct_state"] = INVALID


@hot
def be_related(found: int, result: Row) -> None:
    """Write what an ICMP error is that belongs to the connection, and the direction, of a tuple row."""
    result["connection"] = found >> 1
    result["direction"] = found & 1
    result["reason"] = R_RELATED
    result["ct_state"] = RELATED


@hot
def look_up_quoted(tracker: Tracker, packet: Row, quotes: Table, result: Row) -> int:
    """The reason for what an ICMP error is; sets connection and direction if it is related."""
    if packet["proto"] == ICMPV6 and packet["icmp_type"] == ICMPV6_REDIRECT and not is_from_the_link(packet):
        return R_NOT_LOCAL
    number = packet["quote"]
    if number == UNKNOWN_VALUE:
        return R_CUT
    if number < 0:
        return R_BAD_QUOTE
    quote = quotes[number]
    if quote["usable"] == UNKNOWN_VALUE:
        return R_CUT
    if not quote["usable"]:
        return R_BAD_QUOTE
    wanted = tracker.tuples[0]
    if not invert(quote, wanted):
        return R_BAD_QUOTE
    found = find(tracker, wanted)
    if (found < 0 or tracker.connections[found >> 1]["status"] & TENTATIVE) and is_perhaps_known(tracker):
        return R_TRANSLATED
    if found < 0:
        return R_UNMATCHED
    # `wanted` is what an answer to the quoted packet would carry: its destination is the quoted packet's sender.
    if not goes_to(packet, wanted):
        return R_WRONG_TARGET
    result["connection"] = found >> 1
    result["direction"] = found & 1
    return R_RELATED


@hot
def is_perhaps_known(tracker: Tracker) -> bool:
    """Whether the tuple in the scratch row may be that of a connection of which not all is known."""
    return bool(tracker.counters[0]["vague"] and find_vague(tracker, tracker.tuples[0], 0, tracker.tuples[2]) >= 0)


@hot
def is_from_the_link(packet: Row) -> bool:
    """Whether a redirect comes from a neighbour: link-local source, hop limit untouched (RFC 4861 §8.1)."""
    return packet["ttl"] == ON_LINK_HOPS and packet["src0"] >> 22 == LINK_LOCAL


@hot
def goes_to(packet: Row, wanted: Row) -> bool:
    """Whether the packet's destination is that of the tuple."""
    return (
        packet["dst0"] == wanted["dst0"]
        and packet["dst1"] == wanted["dst1"]
        and packet["dst2"] == wanted["dst2"]
        and packet["dst3"] == wanted["dst3"]
    )
