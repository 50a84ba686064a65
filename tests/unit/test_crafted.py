"""Fields as packets, read again by scapy."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPerror
from scapy.layers.inet6 import ICMPv6DestUnreach, IPv6
from scapy.packet import Packet as Decoded

from fwsim.fuzz.rules.aim import Aimed
from fwsim.fuzz.rules.crafted import crafted
from fwsim.terms import Hook

ENDS = {4: ("10.0.0.1", "192.0.2.9"), 6: ("fd00::1", "2001:db8::9")}


def made(family: int = 4, way: Hook = Hook.FORWARD, hook: Hook = Hook.FORWARD, **fields: int) -> list[Decoded]:
    """The packets, decoded."""
    src, dst = (int(ip_address(end)) for end in ENDS[family])
    wanted: dict[str, int | str] = {"family": family, "src": src, "dst": dst, "proto": 17, "sport": 1, "dport": 2}
    read = IP if family == 4 else IPv6
    return [read(ip.encode()) for ip in crafted(Aimed(way, {**wanted, **fields}, hook))]


def one(family: int = 4, **fields: int) -> Decoded:
    (packet,) = made(family, Hook.FORWARD, Hook.FORWARD, **fields)
    return packet


def right(packet: Decoded) -> bool:
    """Whether every checksum is what scapy makes of it."""
    again = packet.copy()
    for layer in again.layers():
        for field in ("chksum", "cksum"):
            if field in again[layer].fields:
                delattr(again[layer], field)
    return bytes(again) == bytes(packet)


@pytest.mark.parametrize("family", [4, 6])
def test_a_segment_has_the_fields_that_were_wished_for(family: int) -> None:
    packet = one(family, proto=6, tcp_flags=0x12, tcp_seq=5, tcp_ack=9, tcp_window=77, dscp=10, ttl=9)
    assert (packet.src, packet.dst) == ENDS[family]
    segment = packet[TCP]
    assert (segment.sport, segment.dport, int(segment.flags), segment.seq, segment.ack) == (1, 2, 0x12, 5, 9)
    assert segment.window == 77
    assert right(packet)


@pytest.mark.parametrize(("hook", "ttl"), [(Hook.FORWARD, 10), (Hook.POSTROUTING, 10), (Hook.PREROUTING, 9)])
def test_what_is_forwarded_comes_in_with_one_hop_more(hook: Hook, ttl: int) -> None:
    (packet,) = made(hook=hook, ttl=9)
    assert packet.ttl == ttl


def test_the_length_is_that_of_the_whole_packet() -> None:
    assert one(length=100).len == 100
    assert len(bytes(one(6, length=100))) == 100
    assert one(length=1).len == 28


@pytest.mark.parametrize("family", [4, 6])
def test_an_icmp_error_quotes_a_datagram_of_its_receiver(family: int) -> None:
    packet = one(family, proto=1 if family == 4 else 58, icmp_type=3 if family == 4 else 1, icmp_code=1)
    if family == 4:
        assert (packet[ICMP].code, packet[IPerror].src, packet[IPerror].dst) == (1, *ENDS[4][::-1])
    else:
        assert packet[ICMPv6DestUnreach].code == 1
    assert right(packet)


def test_a_fragment_is_a_datagram_in_pieces() -> None:
    pieces = made(fragment=1)
    assert [piece.frag > 0 for piece in pieces] == [False] + [True] * (len(pieces) - 1)
    assert len(pieces) > 1
    assert pieces[0][UDP].dport == 2


@pytest.mark.parametrize("proto", [0, 43, 47, 50, 60, 132, 200])
@pytest.mark.parametrize("family", [4, 6])
def test_any_protocol_can_be_wished_for(family: int, proto: int) -> None:
    packet = one(family, proto=proto)
    assert (packet.proto if family == 4 else packet.nh) == proto
    assert len(bytes(packet)) >= 28
