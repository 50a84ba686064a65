"""The network layer: IPv4 and IPv6 headers, their lengths, fragments and extension headers.

Read first: RFC 791 §3.1, RFC 8200 §3-4, and what the kernel refuses before netfilter sees a packet (`ip_rcv`,
`ip6_rcv_core`). The functions move the `LAYER` row on to the transport header (`kind` the protocol, or -1 if there is
none to read) and return `NONE`, or the `Reason` why the packet is not evaluated. Transport headers are not read here.
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot
from fwsim.engine.checksum import AUTO, IGNORE, fold, word_sum
from fwsim.engine.ip_options import hop_by_hop, ipv4_options
from fwsim.engine.link import advance
from fwsim.engine.wire import Buffer, u8, u16, u32
from fwsim.tables import V6, row_type
from fwsim.terms import ABSENT, UNKNOWN_VALUE, Evidence, Proto, Reason

Row = Any

DECODER = row_type("now checksum quotes offloaded offloaded_header segmented cut fragments")
"""What decoding carries from packet to packet: the running maximum of the timestamps, which checksums are judged
(`fwsim.engine.checksum`: IGNORE, AUTO, VERIFY), the rows of `QUOTE` used, and counts for notes: offloaded transport
checksums, offloaded IPv4 header checksums, lengths left open by segmentation offload, and cut packets. `fragments`
counts fragments, atomic ones (RFC 6946) among them."""

NONE = int(Reason.NONE)
CUT = int(Reason.CUT)
BAD_IP_HEADER = int(Reason.BAD_IP_HEADER)
BAD_IP_CHECKSUM = int(Reason.BAD_IP_CHECKSUM)
SHORT_PACKET = int(Reason.SHORT_PACKET)
NO_TRANSPORT = int(Reason.NO_TRANSPORT)
EVIDENCE_CUT = int(Evidence.CUT)
BAD_LENGTH = int(Evidence.BAD_LENGTH)
BAD_CHECKSUM = int(Evidence.BAD_CHECKSUM)
TINY_FRAGMENT = int(Evidence.TINY_FRAGMENT)

WHOLE = 0
FIRST_FRAGMENT = 1
LATER_FRAGMENT = 2

TCP = int(Proto.TCP)
UDP = int(Proto.UDP)
HOP_BY_HOP = 0
ROUTING = 43
FRAGMENT = 44
AUTHENTICATION = int(Proto.AH)
NO_NEXT_HEADER = 59
DESTINATION_OPTIONS = 60


@hot
def ipv4(buffer: Buffer, frame: Row, packet: Row, layer: Row, decoder: Row) -> int:
    """Read an IPv4 header and trim the layer to its packet (`ip_rcv_core`).

    Unlike Linux: a length of zero is one left open by segmentation offload; such a packet has the length of its frame.
    """
    layer["kind"] = -1
    at = layer["at"]
    if layer["have"] < 20:
        return header_missing(frame, layer, 20)
    header = (u8(buffer, at) & 15) * 4
    if u8(buffer, at) >> 4 != 4 or header < 20:
        return BAD_IP_HEADER
    if layer["have"] < header:
        return header_missing(frame, layer, header)
    proto = u8(buffer, at + 9)
    total = u16(buffer, at + 2)
    if total == 0 and (proto == TCP or proto == UDP):
        total = layer["size"]
        decoder["segmented"] += 1
    ipv4_fields(buffer, at, packet)
    packet["proto"] = proto
    fragment_fields(frame, packet, u16(buffer, at + 6) & 0x1FFF, u16(buffer, at + 6) & 0x2000)
    if packet["fragment"] != WHOLE:
        decoder["fragments"] += 1
    if not ipv4_checksum_holds(buffer, at, header, decoder):
        frame["evidence"] |= BAD_CHECKSUM
        bound(frame, packet, layer, max(total, header), header, decoder)
        layer["kind"] = proto
        return BAD_IP_CHECKSUM
    if total < header:
        packet["length"] = total
        frame["evidence"] |= BAD_LENGTH
        return BAD_IP_HEADER
    layer["kind"] = proto
    if header > 20:
        frame["option_fault"] = ipv4_options(buffer, at + 20, at + header)
    return bound(frame, packet, layer, total, header, decoder)


@hot
def ipv4_fields(buffer: Buffer, at: int, packet: Row) -> None:
    """Copy the plain fields of an IPv4 header."""
    packet["family"] = 4
    packet["dscp"] = u8(buffer, at + 1) >> 2
    packet["ip_id"] = u16(buffer, at + 4)
    packet["ttl"] = u8(buffer, at + 8)
    packet["src0"] = u32(buffer, at + 12)
    packet["dst0"] = u32(buffer, at + 16)


@hot
def ipv4_checksum_holds(buffer: Buffer, at: int, header: int, decoder: Row) -> bool:
    """Whether an IPv4 header's checksum is right, or need not be.

    Unlike Linux: a field of zero is accepted, since a capture on the sender may show it before the network card fills
    it in.
    """
    if decoder["checksum"] == IGNORE:
        return True
    total = 0
    for word in range(at, at + header, 4):
        total += word_sum(u32(buffer, word))
    if fold(total) == 0xFFFF:
        return True
    if decoder["checksum"] == AUTO and u16(buffer, at + 10) == 0:
        decoder["offloaded_header"] += 1
        return True
    return False


@hot
def ipv6(buffer: Buffer, frame: Row, packet: Row, layer: Row, decoder: Row) -> int:
    """Read an IPv6 header and its extension headers, and trim the layer to its packet (`ip6_rcv_core`).

    Unlike Linux: a length of zero before TCP or UDP is one left open by segmentation offload, as in IPv4.
    """
    layer["kind"] = -1
    at = layer["at"]
    if layer["have"] < 40:
        return header_missing(frame, layer, 40)
    if u8(buffer, at) >> 4 != 6:
        return BAD_IP_HEADER
    proto = u8(buffer, at + 6)
    total = 40 + u16(buffer, at + 4)
    if total == 40 and (proto == TCP or proto == UDP or proto == HOP_BY_HOP):
        total = layer["size"]  # before hop-by-hop options: a jumbogram (RFC 2675)
        decoder["segmented"] += 1
    ipv6_fields(buffer, at, packet)
    reason = bound(frame, packet, layer, total, 40, decoder)
    if proto == HOP_BY_HOP and reason == NONE:
        frame["option_fault"] = hop_by_hop(buffer, layer, u16(buffer, at + 4))
        packet["length"] = 40 + layer["size"]
    extension_headers(buffer, frame, packet, layer, proto)
    if packet["ip_id"] != ABSENT:
        decoder["fragments"] += 1
    return reason


@hot
def ipv6_fields(buffer: Buffer, at: int, packet: Row) -> None:
    """Copy the plain fields of an IPv6 header."""
    packet["family"] = 6
    packet["dscp"] = (u16(buffer, at) >> 6) & 0x3F
    packet["ttl"] = u8(buffer, at + 7)
    packet["src0"] = u32(buffer, at + 8) + V6
    packet["src1"] = u32(buffer, at + 12)
    packet["src2"] = u32(buffer, at + 16)
    packet["src3"] = u32(buffer, at + 20)
    packet["dst0"] = u32(buffer, at + 24) + V6
    packet["dst1"] = u32(buffer, at + 28)
    packet["dst2"] = u32(buffer, at + 32)
    packet["dst3"] = u32(buffer, at + 36)


@hot
def extension_headers(buffer: Buffer, frame: Row, packet: Row, layer: Row, kind: int) -> None:
    """Walk the extension headers as conntrack does (`ipv6_skip_exthdr`): ESP is final, 59 ends in nothing.

    A chain that goes on behind the packet's end, or ends in 59, has no transport header: conntrack calls that invalid.
    One that runs past the bytes captured leaves the protocol unknown.
    """
    fragment = WHOLE
    size = extension_size(buffer, layer, kind, 8)
    while size > 0 and fragment != LATER_FRAGMENT:
        at = layer["at"]
        if kind == FRAGMENT:
            offset = u16(buffer, at + 2) >> 3
            if packet["fragment"] == WHOLE or offset != 0:
                if packet["fragment"] == WHOLE:  # of headers one in the other, the outer one counts
                    packet["ip_id"] = u32(buffer, at + 4)
                packet["proto"] = u8(buffer, at)
                fragment_fields(frame, packet, offset, u16(buffer, at + 2) & 1)
            fragment = packet["fragment"]
        kind = u8(buffer, at)
        advance(layer, size)
        size = extension_size(buffer, layer, kind, 8)
    packet["proto"] = kind
    if fragment == LATER_FRAGMENT or (size == 0 and kind != NO_NEXT_HEADER):
        layer["kind"] = kind
    elif size == UNKNOWN_VALUE:
        packet["proto"] = UNKNOWN_VALUE
    else:
        frame["transport_fault"] = NO_TRANSPORT


@hot
def extension_size(buffer: Buffer, layer: Row, kind: int, fragment_needs: int) -> int:
    """The bytes of the extension header that begins here: 0 if none does.

    Of a fragment header `fragment_needs` bytes must be there: all 8 in a packet, the first 4 in a quoted one, where
    nothing but its offset is read (`ipv6_skip_exthdr`). ABSENT if the packet ends before what conntrack reads of it,
    UNKNOWN_VALUE if the capture does. Linux does not mind one that runs past the packet's end, as long as nothing is
    asked of what comes behind it.
    """
    if not is_extension(kind):
        return 0
    need = fragment_needs if kind == FRAGMENT else 2
    if layer["size"] < need:
        return ABSENT
    if layer["have"] < need:
        return UNKNOWN_VALUE
    if kind == FRAGMENT:
        return 8
    words = u8(buffer, layer["at"] + 1)
    return (words + 2) * 4 if kind == AUTHENTICATION else (words + 1) * 8


@hot
def is_extension(kind: int) -> bool:
    """Whether conntrack looks behind this header (`ipv6_ext_hdr`; NONE is told apart by the caller)."""
    if kind == HOP_BY_HOP or kind == ROUTING or kind == DESTINATION_OPTIONS:
        return True
    return kind == FRAGMENT or kind == AUTHENTICATION


@hot
def fragment_fields(frame: Row, packet: Row, offset: int, more: int) -> None:
    """Note which fragment this is; one that begins 8 bytes into a TCP header hides the flags (RFC 1858 §3.2)."""
    packet["fragment"] = LATER_FRAGMENT if offset != 0 else FIRST_FRAGMENT if more != 0 else WHOLE
    if offset == 1 and packet["proto"] == TCP:
        frame["evidence"] |= TINY_FRAGMENT


@hot
def bound(frame: Row, packet: Row, layer: Row, total: int, header: int, decoder: Row) -> int:
    """Trim the layer to an IP packet of `total` bytes and step over its header.

    A packet longer than its frame was on the wire is refused by the kernel; one of which the capture kept only the
    beginning is taken at its length, and counted. It is evidence only if a header is missing (`decode.lacks_header`).
    """
    reason = NONE
    packet["length"] = total
    if total > layer["size"]:
        frame["evidence"] |= BAD_LENGTH
        reason = SHORT_PACKET
    elif total > layer["have"]:
        decoder["cut"] += 1
    layer["have"] = min(layer["have"], total)
    layer["size"] = total
    advance(layer, header)
    return reason


@hot
def header_missing(frame: Row, layer: Row, need: int) -> int:
    """Why an IP header of `need` bytes is not there: the capture was cut, or the frame is too short for it."""
    if layer["size"] >= need:
        frame["evidence"] |= EVIDENCE_CUT
        return CUT
    frame["evidence"] |= BAD_LENGTH
    return SHORT_PACKET
