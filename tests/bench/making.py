"""Big captures for measuring, made in memory-sized pieces and the same every time.

TCP conversations as a busy link has them: thousands interleaved, 590 bytes a packet on average, right checksums.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from pathlib import Path

from fwsim.terms import TcpFlag

LIVE = 3_000
PAYLOADS = (0, 64, 300, 700, 1200, 1460)
START = 1_772_438_400 * 10**9

Segment = tuple[int, int, int, int, int, int, int, bytes]
"""Source, destination, ports, sequence number, acknowledgement, flags, payload."""

PSH_ACK = int(TcpFlag.PSH | TcpFlag.ACK)
SYN_ACK = int(TcpFlag.SYN | TcpFlag.ACK)
FIN_ACK = int(TcpFlag.FIN | TcpFlag.ACK)
ACK = int(TcpFlag.ACK)
SYN = int(TcpFlag.SYN)


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    data += b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def frame(segment: Segment, number: int) -> bytes:
    """A segment on Ethernet."""
    src, dst, sport, dport, seq, ack, flags, payload = segment
    seq, ack = seq & 0xFFFFFFFF, ack & 0xFFFFFFFF
    tcp = struct.pack("!HHIIBBHHH", sport, dport, seq, ack, 0x50, flags, 64000, 0, 0) + payload
    pseudo = struct.pack("!IIBBH", src, dst, 0, 6, len(tcp))
    tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
    ip = struct.pack("!BBHHHBBHII", 0x45, 0, 20 + len(tcp), number & 0xFFFF, 0x4000, 64, 6, 0, src, dst)
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    return b"\2\0\0\0\0\1\2\0\0\0\0\2\x08\0" + ip + tcp


def conversation(chance: random.Random, port: int, payloads: list[bytes]) -> Iterator[Segment]:
    """A handshake, requests with their responses, an orderly close."""
    client = (10 << 24) | (1 << 16) | chance.randrange(1, 60_000)
    server = (203 << 24) | (113 << 8) | chance.randrange(1, 250)
    service = chance.choice((80, 443, 443, 22))
    there, back = (client, server, port, service), (server, client, service, port)
    a, b = chance.getrandbits(32), chance.getrandbits(32)
    yield (*there, a, 0, SYN, b"")
    yield (*back, b, a + 1, SYN_ACK, b"")
    a, b = a + 1, b + 1
    yield (*there, a, b, ACK, b"")
    for _ in range(chance.randrange(5, 120)):
        request = payloads[chance.randrange(1, 3)]
        yield (*there, a, b, PSH_ACK, request)
        a += len(request)
        for _ in range(chance.randrange(1, 3)):
            response = payloads[chance.randrange(3, 6)]
            yield (*back, b, a, PSH_ACK, response)
            b += len(response)
        yield (*there, a, b, ACK, b"")
    yield (*there, a, b, FIN_ACK, b"")
    yield (*back, b, a + 1, FIN_ACK, b"")
    yield (*there, a + 1, b + 1, ACK, b"")


def make_capture(path: Path, packets: int, seed: int = 1) -> None:
    """Write a pcap (nanoseconds) of so many packets."""
    chance = random.Random(seed)
    payloads = [chance.randbytes(size) for size in PAYLOADS]
    ports = 20_000 + chance.randrange(40_000)
    live = [conversation(chance, 20_000 + (ports + i) % 40_000, payloads) for i in range(LIVE)]
    now = START
    with path.open("wb", buffering=1 << 20) as out:
        out.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 1))
        made = 0
        while made < packets:
            slot = chance.randrange(LIVE)
            segment = next(live[slot], None)
            if segment is None:
                ports += 1
                live[slot] = conversation(chance, 20_000 + ports % 40_000, payloads)
                continue
            data = frame(segment, made)
            now += chance.randrange(200, 4000)
            out.write(struct.pack("<IIII", now // 10**9, now % 10**9, len(data), len(data)) + data)
            made += 1
