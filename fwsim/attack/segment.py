"""An IP packet taken apart as the host takes it that receives it; and the same packet with other numbers in it.

Read first: RFC 9293 §3.1. Whole packets only: what stands in fragments is told by the families that make them.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from ipaddress import ip_address

from fwsim.capture.crafting import checksum, packed, pseudo_header

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58
IPV6_HEADER = 40


@dataclass(frozen=True)
class Segment:
    """What a host reads of a packet: addresses, protocol and ports, and of TCP what decides; `data` in bytes.

    `sound` is False if the host discards it unread: a wrong checksum, or a data offset that cannot be. `kind` and
    `code` are ICMP's, and `quoted` the packet that an error quotes.
    """

    src: str
    dst: str
    proto: int
    ttl: int
    sport: int = 0
    dport: int = 0
    seq: int = 0
    ack: int = 0
    flags: int = 0
    win: int = 0
    data: bytes = b""
    sound: bool = True
    kind: int = 0
    code: int = 0
    quoted: bytes = b""

    @property
    def length(self) -> int:
        """Sequence numbers that it takes."""
        return len(self.data) + bool(self.flags & SYN) + bool(self.flags & FIN)


def transport_at(packet: bytes | bytearray) -> int:
    """Where the transport header begins."""
    return IPV6_HEADER if packet[0] >> 4 == 6 else (packet[0] & 15) * 4


def addresses(packet: bytes) -> tuple[str, str]:
    """Source and destination."""
    if packet[0] >> 4 == 6:
        return str(ip_address(packet[8:24])), str(ip_address(packet[24:40]))
    return str(ip_address(packet[12:16])), str(ip_address(packet[16:20]))


def proto_of(packet: bytes | bytearray) -> int:
    """The protocol of the transport header."""
    return packet[6] if packet[0] >> 4 == 6 else packet[9]


def taken_apart(packet: bytes) -> Segment:
    """The packet as its receiver reads it."""
    src, dst = addresses(packet)
    proto, at = proto_of(packet), transport_at(packet)
    ttl = packet[7] if packet[0] >> 4 == 6 else packet[8]
    body = packet[at:]
    if proto == TCP:
        return _tcp(src, dst, ttl, body)
    if proto == UDP:
        sport, dport = struct.unpack_from("!HH", body)
        return Segment(src, dst, proto, ttl, sport, dport, data=body[8:])
    if proto in (ICMP, ICMPV6):
        return Segment(src, dst, proto, ttl, kind=body[0], code=body[1], data=body[8:], quoted=body[8:])
    return Segment(src, dst, proto, ttl, data=body)


def _tcp(src: str, dst: str, ttl: int, body: bytes) -> Segment:
    """A TCP segment."""
    sport, dport, seq, ack, offset, flags, win = struct.unpack_from("!HHIIBBH", body)
    header = (offset >> 4) * 4
    right = checksum(pseudo_header(src, dst, TCP, len(body)) + body) == 0
    sound = right and 20 <= header <= len(body)
    data = body[header:] if sound else b""
    return Segment(src, dst, TCP, ttl, sport, dport, seq, ack, flags, win, data, sound)


def changed(
    packet: bytes,
    *,
    src: str | None = None,
    ports: tuple[int, int] | None = None,
    seq: int | None = None,
    ack: int | None = None,
    ip_id: int | None = None,
) -> bytes:
    """The packet with other numbers, and checksums to match: a flood of packets that differ in little.

    TCP and UDP only; much faster than making each anew.
    """
    new = bytearray(packet)
    at = transport_at(packet)
    if src is not None:
        new[slice(8, 24) if at == IPV6_HEADER else slice(12, 16)] = packed(src)
    if ip_id is not None and at != IPV6_HEADER:
        new[4:6] = ip_id.to_bytes(2, "big")
    if ports is not None:
        struct.pack_into("!HH", new, at, *ports)
    for offset, number in ((4, seq), (8, ack)):
        if number is not None:
            struct.pack_into("!I", new, at + offset, number)
    return summed(new)


def summed(packet: bytearray) -> bytes:
    """The packet with right checksums."""
    at = transport_at(packet)
    proto = proto_of(packet)
    if at != IPV6_HEADER:
        packet[10:12] = bytes(2)
        packet[10:12] = checksum(bytes(packet[:at])).to_bytes(2, "big")
    field = at + (16 if proto == TCP else 6)
    packet[field : field + 2] = bytes(2)
    body = bytes(packet[at:])
    pseudo = packet[8:40] if at == IPV6_HEADER else packet[12:20]
    head = struct.pack("!II", len(body), proto) if at == IPV6_HEADER else struct.pack("!BBH", 0, proto, len(body))
    right = checksum(bytes(pseudo) + head + body)
    packet[field : field + 2] = (right or (0xFFFF if proto == UDP else 0)).to_bytes(2, "big")
    return bytes(packet)
