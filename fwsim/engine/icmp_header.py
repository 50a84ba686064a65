"""ICMP and ICMPv6 headers, and the packets that their errors quote.

Read first: RFC 792, RFC 4443, `fwsim.tables.QUOTE`; the kernel's `icmp_error`, `nf_conntrack_inet_error`. Which types
open a connection, and which connection an error is about, is decided in `fwsim.engine.datagram`.
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot
from fwsim.engine.checksum import IGNORE, Words, sum16
from fwsim.engine.link import advance
from fwsim.engine.network import BAD_CHECKSUM, BAD_LENGTH, FRAGMENT, NO_NEXT_HEADER, WHOLE, extension_size
from fwsim.engine.transport import (
    NAT_FAULT_SHORT,
    NO_PPP,
    WRITABLE,
    call_id,
    clear_quote,
    fault,
    field8,
    field16,
    gre_nat_fault,
    judge,
    tiny,
)
from fwsim.engine.wire import Buffer, u8, u16, u32
from fwsim.tables import V6
from fwsim.terms import ABSENT, UNKNOWN_VALUE, Proto, Reason

Row = Any
Table = Any

ICMP = int(Proto.ICMP)
ICMPV6 = int(Proto.ICMPV6)
TCP = int(Proto.TCP)
UDP = int(Proto.UDP)
UDPLITE = int(Proto.UDPLITE)
SCTP = int(Proto.SCTP)
GRE = int(Proto.GRE)
ICMP_SHORT = int(Reason.ICMP_SHORT)
ICMP_BAD_CHECKSUM = int(Reason.ICMP_BAD_CHECKSUM)

REDIRECTED_HEADER = 4
"""The neighbour-discovery option that holds a redirected packet (RFC 4861 §4.6.3)."""
ND_REDIRECT = 137


@hot
def icmp(
    buffer: Buffer, even: Words, odd: Words, frame: Row, packet: Row, quotes: Table, layer: Row, decoder: Row
) -> None:
    """Read an ICMP or ICMPv6 header; of an error also the packet it quotes."""
    size = layer["size"]
    packet["icmp_type"] = field8(buffer, layer, 0)
    packet["icmp_code"] = field8(buffer, layer, 1)
    packet["icmp_id"] = field16(buffer, layer, 4)
    packet["payload"] = max(size - 8, 0)
    if packet["fragment"] != WHOLE:
        tiny(frame, packet, layer, 8)
    elif size < 8:
        fault(frame, ICMP_SHORT, BAD_LENGTH)
        return
    elif layer["kind"] == ICMPV6 and packet["family"] == 6:
        judge(buffer, even, odd, frame, packet, layer, decoder, ICMPV6, 2, ICMP_BAD_CHECKSUM)
    elif layer["kind"] == ICMP and decoder["checksum"] != IGNORE and layer["have"] >= size:
        if sum16(buffer, even, odd, layer["at"], size) != 0xFFFF:
            fault(frame, ICMP_BAD_CHECKSUM, BAD_CHECKSUM)
    offset = quote_offset(buffer, packet, layer)
    if offset > 0:
        packet["quote"] = decoder["quotes"]
        decoder["quotes"] += 1
        advance(layer, offset)
        frame["nat_fault"] = quote(buffer, packet["family"], quotes[packet["quote"]], layer)


@hot
def quote_offset(buffer: Buffer, packet: Row, layer: Row) -> int:
    """Where in an ICMP message the quoted packet begins; 0 if it is no error.

    An ICMPv6 redirect quotes only if its first option is the redirected header.
    """
    kind = packet["icmp_type"]
    if layer["kind"] == ICMP:
        return 8 if kind == 3 or kind == 4 or kind == 5 or kind == 11 or kind == 12 else 0
    if kind == ND_REDIRECT:
        return 48 if field8(buffer, layer, 40) == REDIRECTED_HEADER else 0
    return 8 if 0 <= kind < 128 else 0


@hot
def quote(buffer: Buffer, family: int, row: Row, layer: Row) -> int:
    """Build the tuple of a quoted packet (`nf_ct_get_tuplepr`); what the kernel does not check is not checked.

    Returns what translation cannot write of it, a `NAT_FAULT_*`, or 0.
    """
    clear_quote(row)
    if family == 4:
        proto = quoted_ipv4(buffer, row, layer)
    else:
        proto = quoted_ipv6(buffer, row, layer)
    row["proto"] = proto
    if proto < 0:
        row["usable"] = UNKNOWN_VALUE if proto == UNKNOWN_VALUE else 0
        return 0
    first = 0
    second = 0
    unwritable = 0
    if proto == TCP or proto == UDP or proto == UDPLITE or proto == SCTP:
        first = field16(buffer, layer, 0)
        second = field16(buffer, layer, 2)
        unwritable = NAT_FAULT_SHORT if layer["size"] < WRITABLE else 0
    elif proto == ICMP or proto == ICMPV6:
        first = field16(buffer, layer, 4)
        second = quoted_message(buffer, proto, layer)
    elif proto == GRE:
        second = quoted_call(buffer, layer)
        unwritable = gre_nat_fault(buffer, layer)
    row["src_id"] = first
    row["dst_id"] = second
    worst = min(first, second)
    row["usable"] = 1 if worst >= 0 else UNKNOWN_VALUE if worst == UNKNOWN_VALUE else 0
    return unwritable


@hot
def quoted_ipv4(buffer: Buffer, row: Row, layer: Row) -> int:
    """Read a quoted IPv4 header and step over it: the protocol, ABSENT if it is no use, UNKNOWN_VALUE if cut."""
    if layer["have"] < 20:
        return UNKNOWN_VALUE if layer["size"] >= 20 else ABSENT
    at = layer["at"]
    row["src0"] = u32(buffer, at + 12)
    row["dst0"] = u32(buffer, at + 16)
    header = (u8(buffer, at) & 15) * 4
    if u16(buffer, at + 6) & 0x1FFF != 0 or header > layer["size"]:
        return ABSENT
    proto = u8(buffer, at + 9)
    advance(layer, header)
    return proto


@hot
def quoted_ipv6(buffer: Buffer, row: Row, layer: Row) -> int:
    """Read a quoted IPv6 header and its extension headers: as `quoted_ipv4`."""
    if layer["have"] < 40:
        return UNKNOWN_VALUE if layer["size"] >= 40 else ABSENT
    at = layer["at"]
    row["src0"] = u32(buffer, at + 8) + V6
    row["src1"] = u32(buffer, at + 12)
    row["src2"] = u32(buffer, at + 16)
    row["src3"] = u32(buffer, at + 20)
    row["dst0"] = u32(buffer, at + 24) + V6
    row["dst1"] = u32(buffer, at + 28)
    row["dst2"] = u32(buffer, at + 32)
    row["dst3"] = u32(buffer, at + 36)
    kind = u8(buffer, at + 6)
    advance(layer, 40)
    size = extension_size(buffer, layer, kind, 4)
    while size > 0:
        if kind == FRAGMENT and u16(buffer, layer["at"] + 2) >> 3 != 0:
            return ABSENT
        kind = u8(buffer, layer["at"])
        advance(layer, size)
        size = extension_size(buffer, layer, kind, 4)
    if size < 0:
        return size
    return ABSENT if kind == NO_NEXT_HEADER else kind


@hot
def quoted_message(buffer: Buffer, proto: int, layer: Row) -> int:
    """Type * 256 + code of a quoted ICMP message: 8 bytes are needed, and a type that has an answer or is one."""
    if layer["have"] < 8:
        return UNKNOWN_VALUE if layer["size"] >= 8 else ABSENT
    kind = u8(buffer, layer["at"])
    known = False
    if proto == ICMP:
        known = kind == 0 or kind == 8 or 13 <= kind <= 18
    else:
        known = kind == 128 or kind == 129 or kind == 139 or kind == 140
    return u16(buffer, layer["at"]) if known else ABSENT


@hot
def quoted_call(buffer: Buffer, layer: Row) -> int:
    """The call id of a quoted GRE packet, 0 if it has none."""
    call = call_id(buffer, layer)
    return 0 if call == ABSENT else ABSENT if call == NO_PPP else call
