"""Transport headers: UDP, UDP-Lite, GRE, ports, and what makes conntrack call a packet invalid.

Read first: `fwsim.tables.PACKET`, `fwsim.engine.network`. ICMP is in `fwsim.engine.icmp_header`, TCP's options and
flags in `tcp_header`, SCTP in `sctp_header`. What connection a packet belongs to is not decided here.

A field beyond the end of the packet is ABSENT; one beyond the bytes captured is UNKNOWN_VALUE.
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot
from fwsim.engine.checksum import AUTO, IGNORE, Words, fold, pseudo_sum, sum16
from fwsim.engine.network import BAD_CHECKSUM, BAD_LENGTH, FIRST_FRAGMENT, TINY_FRAGMENT, WHOLE
from fwsim.engine.wire import Buffer, u8, u16, u32
from fwsim.tables import V6
from fwsim.terms import ABSENT, UNKNOWN_VALUE, Evidence, Proto, Reason

Row = Any

TCP = int(Proto.TCP)
UDP = int(Proto.UDP)
UDP_SHORT = int(Reason.UDP_SHORT)
UDP_BAD_CHECKSUM = int(Reason.UDP_BAD_CHECKSUM)
UDPLITE_NO_CHECKSUM = int(Reason.UDPLITE_NO_CHECKSUM)
GRE_BAD_PROTOCOL = int(Reason.GRE_BAD_PROTOCOL)
LAND = int(Evidence.LAND)

GRE_VERSION = 7
GRE_VERSION_PPTP = 1
GRE_PPP = 0x880B
NO_PPP = -3

WRITABLE = 8
"""Bytes of a transport header that must be there for translation to write to it."""
NAT_FAULT_SHORT = 1
"""The header is too short to be written: the packet is dropped where its addresses are translated."""
NAT_FAULT_DESTINATION = 2
"""GRE of a version that translation does not know: it is dropped where its destination is translated."""


@hot
def udp(buffer: Buffer, even: Words, odd: Words, frame: Row, packet: Row, layer: Row, decoder: Row) -> None:
    """Read a UDP header and judge it as conntrack does (`udp_error`): the checksum covers the whole IP payload."""
    ports(buffer, frame, packet, layer)
    size = layer["size"]
    packet["payload"] = max(size - 8, 0)
    if packet["fragment"] != WHOLE:
        tiny(frame, packet, layer, 8)
        return
    length = field16(buffer, layer, 4)
    if size < 8 or (length >= 0 and (length < 8 or length > size)):
        fault(frame, UDP_SHORT, BAD_LENGTH)
    elif field16(buffer, layer, 6) > 0:
        judge(buffer, even, odd, frame, packet, layer, decoder, UDP, 6, UDP_BAD_CHECKSUM)


@hot
def udplite(buffer: Buffer, even: Words, odd: Words, frame: Row, packet: Row, layer: Row, decoder: Row) -> None:
    """Read a UDP-Lite header (RFC 3828): the length field is the checksum's coverage, 0 for everything.

    Conntrack judges the checksum with UDP's number in the pseudo-header (`udplite_error`), not with UDP-Lite's own.
    That there is none it minds also where checksums are not verified.
    """
    ports(buffer, frame, packet, layer)
    size = layer["size"]
    packet["payload"] = max(size - 8, 0)
    if packet["fragment"] != WHOLE:
        tiny(frame, packet, layer, 8)
        return
    coverage = field16(buffer, layer, 4)
    if size < 8 or (coverage > 0 and (coverage < 8 or coverage > size)):
        fault(frame, UDP_SHORT, BAD_LENGTH)
    elif field16(buffer, layer, 6) == 0:
        fault(frame, UDPLITE_NO_CHECKSUM, BAD_CHECKSUM)
    elif layer["have"] >= size and decoder["checksum"] != IGNORE:
        total = sum16(buffer, even, odd, layer["at"], coverage if coverage != 0 else size)
        if fold(total + pseudo_sum(packet, UDP, size)) != 0xFFFF:
            fault(frame, UDP_BAD_CHECKSUM, BAD_CHECKSUM)


@hot
def gre(buffer: Buffer, frame: Row, packet: Row, layer: Row) -> None:
    """Read the call id of GRE version 1, PPTP's (RFC 2637 §4.1); the key of other versions tells nothing apart."""
    if packet["fragment"] == WHOLE:
        frame["nat_fault"] = gre_nat_fault(buffer, layer)
        packet["icmp_id"] = call_id(buffer, layer)
        if packet["icmp_id"] == NO_PPP:
            packet["icmp_id"] = ABSENT
            frame["transport_fault"] = GRE_BAD_PROTOCOL


@hot
def call_id(buffer: Buffer, layer: Row) -> int:
    """The call id of a GRE header, ABSENT if it has none (`gre_pkt_to_tuple`), NO_PPP if it carries no PPP.

    UNKNOWN_VALUE if it was not captured.
    """
    flags = field16(buffer, layer, 0)
    if flags == UNKNOWN_VALUE:
        return UNKNOWN_VALUE
    if layer["size"] < 8 or flags & GRE_VERSION != GRE_VERSION_PPTP:
        return ABSENT
    inner = field16(buffer, layer, 2)
    if inner >= 0 and inner != GRE_PPP:
        return NO_PPP
    return field16(buffer, layer, 6)


@hot
def gre_nat_fault(buffer: Buffer, layer: Row) -> int:
    """Why translation cannot write a GRE header, or 0 (`gre_manip_pkt`)."""
    if layer["size"] < WRITABLE:
        return NAT_FAULT_SHORT
    flags = field16(buffer, layer, 0)
    return NAT_FAULT_DESTINATION if flags & GRE_VERSION > GRE_VERSION_PPTP and flags >= 0 else 0


@hot
def ports(buffer: Buffer, frame: Row, packet: Row, layer: Row) -> None:
    """Read the ports. Equal ones between equal addresses are a LAND attack, except on loopback."""
    sport = field16(buffer, layer, 0)
    dport = field16(buffer, layer, 2)
    packet["sport"] = sport
    packet["dport"] = dport
    if (
        sport == dport
        and sport >= 0
        and packet["src0"] == packet["dst0"]
        and (layer["kind"] == TCP or layer["kind"] == UDP)
    ):
        if packet["src3"] == packet["dst3"] and packet["src1"] == packet["dst1"] and packet["src2"] == packet["dst2"]:
            if not is_loopback(packet):
                frame["evidence"] |= LAND


@hot
def is_loopback(packet: Row) -> bool:
    """Whether the source is 127.0.0.0/8 or ::1."""
    if packet["src0"] < V6:
        return bool(packet["src0"] >> 24 == 127)
    return bool(packet["src0"] == V6 and packet["src1"] == 0 and packet["src2"] == 0 and packet["src3"] == 1)


@hot
def judge(
    buffer: Buffer,
    even: Words,
    odd: Words,
    frame: Row,
    packet: Row,
    layer: Row,
    decoder: Row,
    proto: int,
    field: int,
    reason: int,
) -> None:
    """Verify a checksum over the whole IP payload, unless it is cut, or was left to the network card.

    An offloaded field holds the uncomplemented sum of the pseudo-header, with or without the length in it. As in Linux
    the pseudo-header has the header's destination, also if a routing header names another (`nf_ip6_checksum`).
    """
    size = layer["size"]
    if decoder["checksum"] == IGNORE or layer["have"] < size:
        return
    pseudo = pseudo_sum(packet, proto, size)
    if fold(pseudo + sum16(buffer, even, odd, layer["at"], size)) == 0xFFFF:
        return
    stored = u16(buffer, layer["at"] + field)
    if decoder["checksum"] == AUTO and (stored == pseudo or stored == pseudo_sum(packet, proto, 0)):
        decoder["offloaded"] += 1
        return
    fault(frame, reason, BAD_CHECKSUM)


@hot
def fault(frame: Row, reason: int, evidence: int) -> None:
    """Note what makes conntrack call the packet invalid."""
    frame["transport_fault"] = reason
    frame["evidence"] |= evidence


@hot
def tiny(frame: Row, packet: Row, layer: Row, need: int) -> None:
    """Mark a first fragment that is too short for the header rules look at (RFC 1858 §3.1)."""
    if packet["fragment"] == FIRST_FRAGMENT and layer["size"] < need:
        frame["evidence"] |= TINY_FRAGMENT


@hot
def field8(buffer: Buffer, layer: Row, offset: int) -> int:
    """A byte of the header, UNKNOWN_VALUE if it was not captured, ABSENT if the packet ends before it."""
    if layer["have"] > offset:
        return u8(buffer, layer["at"] + offset)
    return UNKNOWN_VALUE if layer["size"] > offset else ABSENT


@hot
def field16(buffer: Buffer, layer: Row, offset: int) -> int:
    """Two bytes of the header, UNKNOWN_VALUE if not captured, ABSENT if the packet ends before them."""
    if layer["have"] >= offset + 2:
        return u16(buffer, layer["at"] + offset)
    return UNKNOWN_VALUE if layer["size"] >= offset + 2 else ABSENT


@hot
def field32(buffer: Buffer, layer: Row, offset: int) -> int:
    """Four bytes of the header, UNKNOWN_VALUE if not captured, ABSENT if the packet ends before them."""
    if layer["have"] >= offset + 4:
        return u32(buffer, layer["at"] + offset)
    return UNKNOWN_VALUE if layer["size"] >= offset + 4 else ABSENT


@hot
def clear_quote(row: Row) -> None:
    """Reset a row of `QUOTE`."""
    row["usable"] = 0
    row["proto"] = 0
    row["src0"] = 0
    row["src1"] = 0
    row["src2"] = 0
    row["src3"] = 0
    row["dst0"] = 0
    row["dst1"] = 0
    row["dst2"] = 0
    row["dst3"] = 0
    row["src_id"] = 0
    row["dst_id"] = 0
    row["newline"] = 0
    row["vtag"] = 0
    row["init_tag"] = 0
    row["kinds"] = 0
    row["chunks"] = 0
    row["list0"] = 0
    row["list1"] = 0
    row["list2"] = 0
    row["list3"] = 0
