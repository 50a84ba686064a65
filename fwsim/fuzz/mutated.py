"""Captures of others, spoiled: packets lost, repeated, reordered, and changed in single fields.

Read first: `mutated`. A changed packet has right checksums again, so that it is judged by what was changed and not by
its sum. Only headers are touched.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import TypeVar

from fwsim.capture.crafting import CHUNK_TYPES, ICMP, ICMPV6, SCTP, TCP, UDP, checksum, crc32c

Origin = TypeVar("Origin")
"""Where a packet comes from: whatever goes with it."""
Change = Callable[[Random, bytearray, int], None]
"""Changes a packet, whose transport header begins at the given place."""

CHECKSUM_AT = {TCP: 16, UDP: 6, ICMP: 2, ICMPV6: 2, SCTP: 8}
DISTANCES = (1, -1, 1460, -1460, 65_535, 70_000, -70_000)


def mutated(
    chance: Random, packets: Iterable[tuple[Origin, bytes]], share: float = 0.2
) -> Iterator[tuple[Origin, bytes]]:
    """IP packets, each with its origin; about `share` of them are lost, repeated, delayed or changed."""
    held: tuple[Origin, bytes] | None = None
    for origin, packet in packets:
        fate = chance.random() / share
        if fate < 0.15:
            continue  # lost
        if fate < 0.3:
            yield origin, packet  # and once more
        if fate < 0.45 and held is None:
            held = (origin, packet)
            continue
        yield origin, changed(chance, packet) if 0.45 <= fate < 1 else packet
        if held is not None:
            yield held
            held = None
    if held is not None:
        yield held


def changed(chance: Random, packet: bytes) -> bytes:
    """The packet with one field changed, its checksums right; as it is if it has no header that is known."""
    place = transport_at(packet)
    if place is None:
        return packet
    at, proto = place
    if len(packet) < at + 20:
        return packet
    spoiled = bytearray(packet)
    chance.choice(CHANGES.get(proto, ()) + ANY)(chance, spoiled, at)
    return summed(spoiled, at, proto)


def transport_at(packet: bytes) -> tuple[int, int] | None:
    """Where the transport header begins, and its protocol; None for fragments and what is not read here."""
    if len(packet) >= 20 and packet[0] >> 4 == 4:
        if packet[6] & 0x3F or packet[7]:
            return None
        at, proto, total = (packet[0] & 15) * 4, packet[9], int.from_bytes(packet[2:4], "big")
    elif len(packet) >= 40 and packet[0] >> 4 == 6:
        at, proto, total = 40, packet[6], 40 + int.from_bytes(packet[4:6], "big")
    else:
        return None
    return (at, proto) if proto in CHECKSUM_AT and total == len(packet) else None


def summed(packet: bytearray, at: int, proto: int) -> bytes:
    """The packet with the checksums of its headers."""
    v6 = packet[0] >> 4 == 6
    if not v6:
        packet[10:12] = b"\0\0"
        packet[10:12] = struct.pack("!H", checksum(bytes(packet[:at])))
    field = at + CHECKSUM_AT[proto]
    if proto == SCTP:
        packet[field : field + 4] = bytes(4)
        packet[field : field + 4] = struct.pack("<I", crc32c(packet[at:]))
        return bytes(packet)
    packet[field : field + 2] = b"\0\0"
    body = bytes(packet[at:])
    packet[field : field + 2] = struct.pack("!H", checksum(pseudo(packet, proto, len(body)) + body))
    return bytes(packet)


def pseudo(packet: bytearray, proto: int, length: int) -> bytes:
    """What is summed before the transport header (none for ICMP)."""
    if proto == ICMP:
        return b""
    if packet[0] >> 4 == 6:
        return bytes(packet[8:40]) + struct.pack("!II", length, proto)
    return bytes(packet[12:20]) + struct.pack("!BBH", 0, proto, length)


# --- the changes -----------------------------------------------------------------------------------------------


def other_ttl(chance: Random, packet: bytearray, at: int) -> None:
    """Another TTL or hop limit."""
    packet[7 if packet[0] >> 4 == 6 else 8] = chance.choice((0, 1, 2, 64, 255))


def other_way(chance: Random, packet: bytearray, at: int) -> None:
    """Source and destination exchanged: an answer that was never sent."""
    size, start = (16, 8) if packet[0] >> 4 == 6 else (4, 12)
    middle, end = start + size, start + 2 * size
    packet[start:end] = packet[middle:end] + packet[start:middle]


def exchanged_ports(chance: Random, packet: bytearray, at: int) -> None:
    """The ports exchanged."""
    packet[at : at + 4] = packet[at + 2 : at + 4] + packet[at : at + 2]


def other_port(chance: Random, packet: bytearray, at: int) -> None:
    """Another source or destination port."""
    place = at + chance.choice((0, 2))
    packet[place : place + 2] = struct.pack("!H", chance.choice((0, 53, 80, 443, chance.getrandbits(16))))


def other_flags(chance: Random, packet: bytearray, at: int) -> None:
    """Other TCP flags."""
    packet[at + 13] = chance.choice((2, 0x12, 0x10, 0x11, 4, 0x14, packet[at + 13] ^ (1 << chance.randrange(8))))


def other_number(chance: Random, packet: bytearray, at: int) -> None:
    """A sequence or acknowledgement number nearby, or anywhere."""
    place = at + chance.choice((4, 8))
    number = int.from_bytes(packet[place : place + 4], "big") + chance.choice((*DISTANCES, chance.getrandbits(32)))
    packet[place : place + 4] = struct.pack("!I", number & 0xFFFFFFFF)


def other_window(chance: Random, packet: bytearray, at: int) -> None:
    """Another window."""
    packet[at + 14 : at + 16] = struct.pack("!H", chance.choice((0, 1, 65_535, chance.getrandbits(16))))


def other_offset(chance: Random, packet: bytearray, at: int) -> None:
    """Another length of the TCP header: data become options, or options data."""
    packet[at + 12] = chance.choice((4, 5, 6, 8, 15)) << 4


def other_length(chance: Random, packet: bytearray, at: int) -> None:
    """Another UDP length."""
    packet[at + 4 : at + 6] = struct.pack("!H", chance.choice((0, 7, 8, len(packet) - at + 1, len(packet) - at - 1)))


def other_message(chance: Random, packet: bytearray, at: int) -> None:
    """Another ICMP type or code."""
    packet[at + chance.randrange(2)] = chance.choice((0, 1, 2, 3, 5, 8, 11, 13, 128, 129, 137, 255))


def other_identifier(chance: Random, packet: bytearray, at: int) -> None:
    """Another ICMP identifier."""
    packet[at + 4 : at + 6] = chance.randbytes(2)


def other_tag(chance: Random, packet: bytearray, at: int) -> None:
    """Another verification tag, or another tag that an INIT names."""
    place = at + chance.choice((4, 4, 16))
    packet[place : place + 4] = chance.choice((bytes(4), chance.randbytes(4)))


def other_chunk(chance: Random, packet: bytearray, at: int) -> None:
    """Another type of the first chunk."""
    packet[at + 12] = chance.choice((*CHUNK_TYPES.values(), 255))


def other_chunk_flags(chance: Random, packet: bytearray, at: int) -> None:
    """Other flags of the first chunk."""
    packet[at + 13] ^= chance.choice((1, 2, 255))


def other_chunk_length(chance: Random, packet: bytearray, at: int) -> None:
    """Another length of the first chunk."""
    packet[at + 14 : at + 16] = struct.pack("!H", chance.choice((0, 3, 4, 5, 20, len(packet) - at - 12, 65_535)))


ANY: tuple[Change, ...] = (other_ttl, other_way)
CHANGES: dict[int, tuple[Change, ...]] = {
    TCP: (
        exchanged_ports,
        other_port,
        other_flags,
        other_flags,
        other_number,
        other_number,
        other_window,
        other_offset,
    ),
    SCTP: (exchanged_ports, other_port, other_tag, other_tag, other_chunk, other_chunk_flags, other_chunk_length),
    UDP: (exchanged_ports, other_port, other_length),
    ICMP: (other_message, other_identifier),
    ICMPV6: (other_message, other_identifier),
}
"""What can be changed in the packets of a protocol."""
