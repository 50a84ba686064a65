"""UDP, UDP-Lite, pings and other queries, and protocols that conntrack does not know: each answered, or not.

Read first: conntrack-spec §7-10. The few ports, identifiers and codes are met again and again.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random

from fwsim.capture.crafting import ICMP, ICMPV6, UDP, Ip, checksum, icmp_message, pseudo_header, udp_datagram
from fwsim.fuzz.hosts import Pair

UDPLITE = 136
PORTS = (0, 53, 123, 5000, 5001, 65_535)
IDENTIFIERS = (0, 7, 65_535)
OTHERS = {4: (2, 4, 33, 41, 50, 51, 89, 103, 112, 255), 6: (4, 33, 50, 89, 103, 112)}
"""Protocol numbers without ports."""
QUERIES = {4: (8, 8, 8, 13, 15, 17), 6: (128, 128, 128, 139)}
ANSWERS = {8: 0, 13: 14, 15: 16, 17: 18, 128: 129, 139: 140}
STRAYS = {4: (0, 14, 16, 18, 1, 2, 6, 7, 9, 10, 19, 42, 255), 6: (129, 140, 137, 138, 141, 144, 151, 200, 255)}
"""ICMP types that open nothing."""
NEIGHBOURS = (130, 131, 132, 133, 134, 135, 136, 143)
"""Types of ICMPv6 that are never tracked."""

Talk = Iterator[tuple[int, Ip]]


def family_of(pair: Pair) -> int:
    """4 or 6."""
    return 6 if ":" in pair[0] else 4


def udp(chance: Random, pair: Pair) -> Talk:
    """Datagrams to and fro; lengths and checksums are wrong now and then."""
    ports = (chance.choice(PORTS), chance.choice(PORTS))
    for _ in range(chance.randrange(1, 8)):
        side = int(chance.random() < 0.4)
        src, dst = pair[side], pair[1 - side]
        own = ports if side == 0 else (ports[1], ports[0])
        data = bytes(chance.choice((0, 5, 30, 512)))
        fault = chance.random()
        yield (
            side,
            Ip(
                src,
                dst,
                UDP,
                udp_datagram(
                    src,
                    dst,
                    own,
                    data,
                    udp_length=chance.choice((0, 7, 8, 12, 1000)) if fault < 0.02 else None,
                    bad_checksum=0.02 < fault < 0.03,
                    no_checksum=0.03 < fault < 0.09,
                    summed=8 if 0.09 < fault < 0.1 else None,
                )[: chance.randrange(8) if 0.1 < fault < 0.11 else None],
            ),
        )


def udplite(chance: Random, pair: Pair) -> Talk:
    """UDP-Lite (RFC 3828) with full, partial and impossible coverage."""
    ports = (chance.choice(PORTS), chance.choice(PORTS))
    for _ in range(chance.randrange(1, 6)):
        side = int(chance.random() < 0.4)
        own = ports if side == 0 else (ports[1], ports[0])
        yield side, Ip(pair[side], pair[1 - side], UDPLITE, lite(chance, pair[side], pair[1 - side], own))


def lite(chance: Random, src: str, dst: str, ports: tuple[int, int]) -> bytes:
    """A datagram whose checksum covers what the field says, if that is possible."""
    data = bytes(chance.choice((0, 5, 30)))
    coverage = chance.choice((0, 0, 8, 8 + len(data), 8 + len(data) // 2, 3, 200))
    datagram = struct.pack("!HHHH", *ports, coverage, 0) + data
    covered = datagram[:coverage] if 8 <= coverage <= len(datagram) else datagram
    number = UDP if chance.random() < 0.9 else UDPLITE  # conntrack reckons with the first, RFC 3828 with the second
    right = checksum(pseudo_header(src, dst, number, len(datagram)) + covered) or 0xFFFF
    field = chance.choice((right, right, right, right, right, 0, right ^ 0x0101))
    return datagram[:6] + struct.pack("!H", field) + data


def query(chance: Random, pair: Pair) -> Talk:
    """An ICMP query and its answers: some with another identifier or code, some repeated, some never asked for."""
    family = family_of(pair)
    kind = chance.choice(QUERIES[family])
    identifier, code = chance.choice(IDENTIFIERS), chance.choice((0, 0, 0, 1))
    for number in range(chance.randrange(1, 6)):
        side = int(chance.random() < 0.45)
        own = kind if side == 0 else ANSWERS[kind]
        other = chance.random() < 0.06
        rest = struct.pack("!HH", chance.choice(IDENTIFIERS) if other else identifier, number)
        yield (
            side,
            icmp(chance, pair, side, own, code ^ (chance.random() < 0.04), rest, bytes(chance.choice((0, 3, 56)))),
        )


def stray(chance: Random, pair: Pair) -> Talk:
    """An ICMP message that nobody asked for, or one that is never tracked."""
    family = family_of(pair)
    kinds = STRAYS[family] + (NEIGHBOURS if family == 6 else ())
    yield 0, icmp(chance, pair, 0, chance.choice(kinds), chance.choice((0, 0, 1)), chance.randbytes(4), bytes(20))


def icmp(chance: Random, pair: Pair, side: int, kind: int, code: int, rest: bytes, data: bytes) -> Ip:
    """An ICMP packet of the family of its hosts; now and then cut short, or with a wrong checksum."""
    src, dst = pair[side], pair[1 - side]
    message = icmp_message(src, dst, kind, code, rest, data, bad_checksum=chance.random() < 0.01)
    if chance.random() < 0.01:
        message = message[: chance.randrange(8)]
    hops = 255 if kind in NEIGHBOURS or (kind == 137 and chance.random() < 0.5) else 64
    return Ip(src, dst, ICMPV6 if family_of(pair) == 6 else ICMP, message, ttl=hops)


def other(chance: Random, pair: Pair) -> Talk:
    """A protocol that conntrack knows by number alone, or the ICMP of the other IP version."""
    family = family_of(pair)
    proto = chance.choice((*OTHERS[family], ICMP if family == 6 else ICMPV6))
    for _ in range(chance.randrange(1, 5)):
        side = int(chance.random() < 0.4)
        payload = chance.choice((b"", b"abc", bytes(30), b"\x08\0\xf7\xff\0\0\0\0"))
        yield side, Ip(pair[side], pair[1 - side], proto, payload)


def extended(talk: Callable[[Random, Pair], Talk]) -> Callable[[Random, Pair], Talk]:
    """The same conversation behind IPv6 extension headers (RFC 8200 §4)."""

    def behind(chance: Random, pair: Pair) -> Talk:
        for side, ip in talk(chance, pair):
            yield side, with_headers(chance, ip) if ip.family == 6 and chance.random() < 0.5 else ip

    return behind


def with_headers(chance: Random, ip: Ip) -> Ip:
    """The packet with one to three extension headers before its payload; the last may run past its end."""
    for _ in range(chance.randrange(1, 4)):
        kind = chance.choice((0, 60, 60, 43, 44, 51, 59))
        ip = replace(ip, proto=kind, payload=extension(chance, kind, ip.proto) + ip.payload)
    return ip


def extension(chance: Random, kind: int, following: int) -> bytes:
    """An extension header of this kind; its options are padding (PadN)."""
    if kind == 59:
        return b""
    if kind == 44:  # an atomic fragment (RFC 6946)
        return struct.pack("!BBHI", following, 0, 0, chance.getrandbits(32))
    if kind == 51:
        return struct.pack("!BBHIII", following, 4, 0, 1, 1, 0) + bytes(8)
    if kind == 43:  # type 2 with nothing left, so that no host is visited
        return bytes((following, 2, 2, 0)) + bytes(20)
    return bytes((following, 0, 1, 4, 0, 0, 0, 0))
