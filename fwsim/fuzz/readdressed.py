"""A packet with other ends, as whoever answers a translated one would send it: wrong checksums stay wrong.

Read first: RFC 1624, RFC 3022 §4.1.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import replace

from fwsim.capture.crafting import ICMP, ICMPV6, SCTP, TCP, UDP, Ip, crc32c, packed
from fwsim.capture.ends import QUERIES, WITH_PORTS, Ends, behind_extensions

UDPLITE = 136
CHECKSUM_AT = {TCP: 16, UDP: 6, UDPLITE: 6, ICMP: 2, ICMPV6: 2}
IDENTIFIER_AT = 4
CRC_AT = 8


def readdressed(ip: Ip, ends: Ends) -> Ip:
    """The packet from one end to the other; ports or the id change where it has them."""
    moved = replace(ip, src=ends[0], dst=ends[2])
    proto, at = (ip.proto, 0) if ip.family == 4 else transport(ip)
    if ip.fragment or at >= len(ip.payload):
        return moved
    changes = {
        place: value
        for place, value in fields(proto, ip.payload[at:], ends).items()
        if at + place + 2 <= len(ip.payload)
    }
    payload = bytearray(ip.payload)
    old = [struct.unpack_from("!H", payload, at + place)[0] for place in changes]
    whole_before = bytes(payload[at:])
    for place, value in changes.items():
        struct.pack_into("!H", payload, at + place, value)
    if proto == SCTP:
        payload[at:] = with_crc(whole_before, bytes(payload[at:]))
    elif proto in CHECKSUM_AT and at + CHECKSUM_AT[proto] + 2 <= len(payload):
        if proto != ICMP:
            old += words(packed(ip.src) + packed(ip.dst))
        new = [*changes.values(), *(words(packed(ends[0]) + packed(ends[2])) if proto != ICMP else ())]
        adjust(payload, at + CHECKSUM_AT[proto], proto, old, new)
    return replace(moved, payload=bytes(payload))


def transport(ip: Ip) -> tuple[int, int]:
    """The protocol of an IPv6 packet, and where in its payload the header begins."""
    proto, at = behind_extensions(ip.encode())
    return proto, at - 40


def fields(proto: int, header: bytes, ends: Ends) -> dict[int, int]:
    """By place in the transport header, the words that say who talks to whom."""
    if proto in WITH_PORTS:
        return {0: ends[1], 2: ends[3]}
    if proto in QUERIES and header[:1] and header[0] in QUERIES[proto]:
        return {IDENTIFIER_AT: ends[1]}
    return {}


def words(data: bytes) -> tuple[int, ...]:
    """Bytes as 16-bit numbers."""
    return struct.unpack(f"!{len(data) // 2}H", data)


def adjust(payload: bytearray, at: int, proto: int, old: Iterable[int], new: Iterable[int]) -> None:
    """Write the checksum that is as right as before (RFC 1624, equation 3); UDP's 0 means none."""
    field = int(struct.unpack_from("!H", payload, at)[0])
    if proto == UDP and field == 0:
        return
    total = (0xFFFF - field) + sum(0xFFFF - word for word in old) + sum(new)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    field = 0xFFFF - total
    struct.pack_into("!H", payload, at, field or (0xFFFF if proto in (UDP, UDPLITE) else 0))


def with_crc(before: bytes, after: bytes) -> bytes:
    """The changed packet with its CRC, if it was right before."""
    if len(after) < CRC_AT + 4:
        return after
    if crc_of(before) != before[CRC_AT : CRC_AT + 4]:
        return after
    return after[:CRC_AT] + crc_of(after) + after[CRC_AT + 4 :]


def crc_of(packet: bytes) -> bytes:
    """The CRC that an SCTP packet should have."""
    return struct.pack("<I", crc32c(packet[:CRC_AT] + bytes(4) + packet[CRC_AT + 4 :]))
