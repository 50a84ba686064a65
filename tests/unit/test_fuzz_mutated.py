"""Spoiled packets: one field is another one, and every checksum is right again."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6
from scapy.packet import Packet, Raw

from fwsim.capture.crafting import Ip, checksum, crc32c, sctp_chunk, sctp_packet
from fwsim.fuzz.mutated import CHANGES, changed, mutated, pseudo, transport_at

V4 = IP(src="192.0.2.1", dst="198.51.100.2", id=9)
V6 = IPv6(src="2001:db8::1", dst="2001:db8::2")
PACKETS = [
    V4 / TCP(sport=1000, dport=80, seq=5, ack=6) / Raw(b"hello"),
    V4 / UDP(sport=1000, dport=53) / Raw(bytes(20)),
    V4 / ICMP(id=3, seq=4) / Raw(bytes(20)),
    V6 / TCP(sport=1000, dport=80) / Raw(b"hello"),
    V6 / UDP(sport=1000, dport=53) / Raw(bytes(20)),
    V6 / ICMPv6EchoRequest(id=3) / Raw(bytes(20)),
    *(
        layer(Ip(*pair, 132, sctp_packet((1000, 80), 7, sctp_chunk("init", tag=9))).encode())
        for layer, pair in ((IP, ("192.0.2.1", "198.51.100.2")), (IPv6, ("2001:db8::1", "2001:db8::2")))
    ),
]


def sums_are_right(packet: bytes) -> bool:
    place = transport_at(packet)
    assert place is not None
    at, proto = place
    header = packet[0] >> 4 == 6 or checksum(packet[:at]) == 0
    body = packet[at:]
    if proto == 132:
        return header and crc32c(body[:8] + bytes(4) + body[12:]) == int.from_bytes(body[8:12], "little")
    return header and checksum(pseudo(bytearray(packet), proto, len(body)) + body) == 0


@pytest.mark.parametrize("packet", PACKETS, ids=lambda packet: packet.summary()[:24])
def test_a_changed_packet_differs_and_its_checksums_are_right(packet: Packet) -> None:
    original = bytes(packet)
    different = 0
    for seed in range(200):
        spoiled = changed(Random(seed), original)
        assert len(spoiled) == len(original)
        assert sums_are_right(spoiled)
        different += spoiled != original
    assert different > 150


@pytest.mark.parametrize("proto", CHANGES)
def test_every_change_of_a_protocol_happens(proto: int) -> None:
    packet = bytearray(next(bytes(one) for one in PACKETS if transport_at(bytes(one))[1] == proto))  # type: ignore[index]
    for change in CHANGES[proto]:
        found = set()
        for seed in range(50):
            spoiled = bytearray(packet)
            change(Random(seed), spoiled, transport_at(bytes(packet))[0])  # type: ignore[index]
            found.add(bytes(spoiled))
        assert len(found - {bytes(packet)}) >= 1, change


def test_what_cannot_be_read_stays_as_it_is() -> None:
    for packet in (
        b"",
        b"short",
        bytes(IP(frag=3) / Raw(bytes(40))),
        bytes(IP(proto=89) / Raw(bytes(40))),
        b"\xff" * 60,
    ):
        assert changed(Random(1), packet) == packet


def test_packets_are_lost_repeated_and_reordered_but_not_invented() -> None:
    originals = [(0, bytes(V4 / UDP(sport=n, dport=53) / Raw(bytes(20)))) for n in range(1, 2001)]
    found = list(mutated(Random(3), originals, share=0.3))
    known = set(originals)
    times = Counter(one for one in found if one in known)
    assert any(count == 2 for count in times.values())
    assert len(known - set(times)) > 50
    order = [originals.index(one) for one in found if times[one] == 1]
    assert order != sorted(order)
    assert 1700 < len(found) < 2100


def test_with_no_share_nothing_is_spoiled() -> None:
    originals = [(1, bytes(packet)) for packet in PACKETS]
    assert list(mutated(Random(1), originals, share=1e-12)) == originals
