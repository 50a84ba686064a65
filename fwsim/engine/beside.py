"""What rules may see of a packet beside its row: the link layer's view of it, and its connection's original tuple.

Read first: EXTRA in `fwsim.tables`. Few rulesets ask for any of it; for the others nothing here is done.
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot, shared
from fwsim.engine.vague import VAGUE_ADDRESS, shown_address, shown_id
from fwsim.tables import V6, Table
from fwsim.terms import ABSENT, UNKNOWN_VALUE, Hook

Row = Any

OUTPUT = int(Hook.OUTPUT)
LOCAL = 5
"""In PACKET["hook"]: from a local address to a local one."""

V4_MULTICAST = 0xE0000000
V6_MULTICAST = V6 + 0xFF000000
"""The first words of addresses from these on are multicast ones, of IPv4 also broadcast ones."""

TO_US = 0
BROADCAST = 1
MULTICAST = 2
"""PACKET_HOST, PACKET_BROADCAST and PACKET_MULTICAST of linux/if_packet.h."""


@hot
def show_link(extra: Row, frame: Row, packet: Row) -> None:
    """Show what the link layer says, where the packet has come in; one that is made here has not been there yet."""
    if extra["wanted"]:
        fill_link(extra, frame, packet)


@hot
def lose_link(extra: Row) -> None:
    """What the link layer said of a packet when it came in is not known: it was seen going out."""
    if extra["src_mac"] != ABSENT:
        extra["src_mac"] = UNKNOWN_VALUE
        extra["pkttype"] = UNKNOWN_VALUE


@shared
def fill_link(extra: Row, frame: Row, packet: Row) -> None:
    """The same for a ruleset that asks for it."""
    made_here = packet["hook"] == OUTPUT or packet["hook"] == LOCAL
    extra["src_mac"] = ABSENT if made_here else frame["source_mac"]
    kind = frame["pkttype"]
    if kind < 0:
        kind = UNKNOWN_VALUE if is_for_many(packet) else TO_US
    extra["pkttype"] = TO_US if made_here else kind
    extra["elapsed"] = packet["now"] - extra["origin"]
    show_ports(extra, packet)


@hot
def show_ports(extra: Row, packet: Row) -> None:
    """Show what stands where ports are, which other protocols than those with ports have too."""
    sport, dport = packet["sport"], packet["dport"]
    if sport == ABSENT:
        sport = UNKNOWN_VALUE
        if packet["icmp_type"] >= 0 and packet["icmp_code"] >= 0:
            sport = packet["icmp_type"] << 8 | packet["icmp_code"]
    extra["th_sport"] = sport
    extra["th_dport"] = UNKNOWN_VALUE if dport == ABSENT else dport


@hot
def is_for_many(packet: Row) -> bool:
    """Whether the destination may be a multicast or broadcast address."""
    first = packet["dst0"]
    if packet["family"] == 4:
        return bool(first >= V4_MULTICAST or first & 0xFF == 0xFF)
    return bool(first >= V6_MULTICAST)


@hot
def show_own_tuple(extra: Row, packet: Row, is_reply: bool) -> None:
    """Show the original tuple of a connection that the packet, or for a reply its mirror image, opens."""
    if extra["wanted"]:
        fill_own_tuple(extra, packet, is_reply)


@shared
def fill_own_tuple(extra: Row, packet: Row, is_reply: bool) -> None:
    """The same for a ruleset that asks for it."""
    extra["ct_family"] = packet["family"]
    extra["ct_proto"] = packet["proto"]
    if is_reply:
        extra["ct_src0"], extra["ct_src1"] = packet["dst0"], packet["dst1"]
        extra["ct_src2"], extra["ct_src3"] = packet["dst2"], packet["dst3"]
        extra["ct_dst0"], extra["ct_dst1"] = packet["src0"], packet["src1"]
        extra["ct_dst2"], extra["ct_dst3"] = packet["src2"], packet["src3"]
        extra["ct_sport"], extra["ct_dport"] = packet["dport"], packet["sport"]
    else:
        extra["ct_src0"], extra["ct_src1"] = packet["src0"], packet["src1"]
        extra["ct_src2"], extra["ct_src3"] = packet["src2"], packet["src3"]
        extra["ct_dst0"], extra["ct_dst1"] = packet["dst0"], packet["dst1"]
        extra["ct_dst2"], extra["ct_dst3"] = packet["dst2"], packet["dst3"]
        extra["ct_sport"], extra["ct_dport"] = packet["sport"], packet["dport"]
    turn_tuple(extra)


@hot
def turn_tuple(extra: Row) -> None:
    """Show the reply tuple of a connection that is not translated."""
    extra["reply_src0"], extra["reply_src1"] = extra["ct_dst0"], extra["ct_dst1"]
    extra["reply_src2"], extra["reply_src3"] = extra["ct_dst2"], extra["ct_dst3"]
    extra["reply_dst0"], extra["reply_dst1"] = extra["ct_src0"], extra["ct_src1"]
    extra["reply_dst2"], extra["reply_dst3"] = extra["ct_src2"], extra["ct_src3"]
    extra["reply_sport"], extra["reply_dport"] = extra["ct_dport"], extra["ct_sport"]


@hot
def show_tuple(extra: Row, tuples: Table, row: int) -> None:
    """Show the original tuple of the connection in a row of the table; of none (-1) nothing; -2: it is unknown."""
    if extra["wanted"]:
        fill_tuple(extra, tuples, row)


@shared
def fill_tuple(extra: Row, tuples: Table, row: int) -> None:
    """The same for a ruleset that asks for it."""
    if row < 0:
        for_nothing(extra, row)
        return
    original = tuples[2 * row]
    extra["ct_family"] = family_of(original)
    extra["ct_proto"] = original["proto"]
    extra["ct_src0"], extra["ct_src1"] = shown_address(original["src0"]), original["src1"]
    extra["ct_src2"], extra["ct_src3"] = original["src2"], original["src3"]
    extra["ct_dst0"], extra["ct_dst1"] = shown_address(original["dst0"]), original["dst1"]
    extra["ct_dst2"], extra["ct_dst3"] = original["dst2"], original["dst3"]
    extra["ct_sport"], extra["ct_dport"] = shown_id(original["src_id"]), shown_id(original["dst_id"])
    reply = tuples[2 * row + 1]
    extra["reply_src0"], extra["reply_src1"] = shown_address(reply["src0"]), reply["src1"]
    extra["reply_src2"], extra["reply_src3"] = reply["src2"], reply["src3"]
    extra["reply_dst0"], extra["reply_dst1"] = shown_address(reply["dst0"]), reply["dst1"]
    extra["reply_dst2"], extra["reply_dst3"] = reply["dst2"], reply["dst3"]
    extra["reply_sport"], extra["reply_dport"] = shown_id(reply["src_id"]), shown_id(reply["dst_id"])


@hot
def family_of(row: Row) -> int:
    """The family of a tuple, or that it is not known."""
    first = row["dst0"] if row["src0"] == VAGUE_ADDRESS else row["src0"]
    if first == VAGUE_ADDRESS:
        return UNKNOWN_VALUE
    return 4 if first < V6 else 6


@hot
def for_nothing(extra: Row, value: int) -> None:
    """No connection (ABSENT), or one that is not known (UNKNOWN_VALUE)."""
    extra["ct_family"] = value
    extra["ct_proto"] = value
    extra["ct_src0"] = value
    extra["ct_dst0"] = value
    extra["ct_sport"] = value
    extra["ct_dport"] = value
    extra["reply_src0"] = value
    extra["reply_dst0"] = value
    extra["reply_sport"] = value
    extra["reply_dport"] = value
