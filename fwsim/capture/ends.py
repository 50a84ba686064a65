"""The two ends of a packet, read from its first bytes: addresses, and ports or what stands for them.

Read first: TUPLE in `fwsim.tables`, in whose terms they are told. Nothing is judged: bytes that are there are read.
"""

from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv6Address

from fwsim.terms import Proto

Ends = tuple[str, int, str, int]
"""Source, its port or the ICMP id, destination, its port or type * 256 + code, as in `fwsim.tables.TUPLE`."""

WITH_PORTS = frozenset((int(Proto.TCP), int(Proto.UDP), int(Proto.SCTP), int(Proto.UDPLITE)))
GRE, ICMP, ICMPV6 = int(Proto.GRE), int(Proto.ICMP), int(Proto.ICMPV6)
QUERIES = {ICMP: frozenset((0, 8, 13, 14, 15, 16, 17, 18)), ICMPV6: frozenset((128, 129))}
"""The types whose second word begins with an id."""
OPTIONS, FRAGMENT, AUTHENTICATION = (0, 43, 60), 44, 51
"""IPv6 extension headers."""
CALL_ID = 6
"""Where GRE of version 1 has it."""


def ends_of(packet: bytes) -> Ends | None:
    """The addresses, ports or ids of an IP packet; 0 for those that it has not, or that lie in another fragment."""
    if len(packet) < 20:
        return None
    if packet[0] >> 4 == 4:
        behind = packet[6] & 0x1F or packet[7]
        proto, at = packet[9], len(packet) if behind else (packet[0] & 15) * 4
        src, dst = str(IPv4Address(packet[12:16])), str(IPv4Address(packet[16:20]))
    else:
        if len(packet) < 40:
            return None
        proto, at = behind_extensions(packet)
        src, dst = str(IPv6Address(packet[8:24])), str(IPv6Address(packet[24:40]))
    source, destination = ports_of(proto, packet[at : at + 8])
    return src, source, dst, destination


def behind_extensions(packet: bytes) -> tuple[int, int]:
    """The protocol of an IPv6 packet, and where its header begins."""
    kind, at = packet[6], 40
    while at + 8 <= len(packet):
        if kind in OPTIONS:
            size = 8 + packet[at + 1] * 8
        elif kind == AUTHENTICATION:
            size = 8 + packet[at + 1] * 4
        elif kind == FRAGMENT:
            size = 8 if not struct.unpack_from("!H", packet, at + 2)[0] & 0xFFF8 else len(packet)
        else:
            break
        kind, at = packet[at], at + size
    return kind, at


def ports_of(proto: int, header: bytes) -> tuple[int, int]:
    """The ports of a transport header, or what stands for them."""
    if proto in WITH_PORTS and len(header) >= 4:
        source, destination = struct.unpack_from("!HH", header)
        return source, destination
    if proto in QUERIES and len(header) >= 8:
        kind, code, identifier = struct.unpack_from("!BBxxH", header)
        return identifier if kind in QUERIES[proto] else 0, kind << 8 | code
    if proto == GRE and len(header) >= 8 and header[1] & 7 == 1:
        return 0, int.from_bytes(header[CALL_ID : CALL_ID + 2], "big")
    return 0, 0
