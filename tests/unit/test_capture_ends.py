"""The two ends of a packet, read from its first bytes."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest

from fwsim.capture.crafting import Ip, fragment_of, gre_packet, icmp_message, sctp_packet, tcp_segment, udp_datagram
from fwsim.capture.ends import ends_of

HOST, PEER = "10.1.0.11", "198.51.100.21"
HOST6, PEER6 = "fd00:1::11", "2001:db8:2::21"
PORTS = (5000, 53)


def query(src: str, dst: str, kind: int, identifier: int = 7) -> Ip:
    message = icmp_message(src, dst, kind, 1, struct.pack("!HH", identifier, 1))
    return Ip(src, dst, 58 if ":" in src else 1, message)


def udp(src: str = HOST, dst: str = PEER) -> Ip:
    return Ip(src, dst, 17, udp_datagram(src, dst, PORTS, b"query"))


@pytest.mark.parametrize(
    ("packet", "ends"),
    [
        (udp(), (HOST, 5000, PEER, 53)),
        (udp(HOST6, PEER6), (HOST6, 5000, PEER6, 53)),
        (Ip(HOST, PEER, 6, tcp_segment(HOST, PEER, PORTS, (1, 0), 2, 100)), (HOST, 5000, PEER, 53)),
        (Ip(HOST, PEER, 132, sctp_packet(PORTS, 0, b"")), (HOST, 5000, PEER, 53)),
        (query(HOST, PEER, 8), (HOST, 7, PEER, 8 << 8 | 1)),
        (query(HOST6, PEER6, 129), (HOST6, 7, PEER6, 129 << 8 | 1)),
        (query(HOST, PEER, 3), (HOST, 0, PEER, 3 << 8 | 1)),
        (Ip(HOST, PEER, 47, gre_packet(1, 0x880B, 9 << 16 | 77)), (HOST, 0, PEER, 77)),
        (Ip(HOST, PEER, 47, gre_packet(0, 0x800, 9 << 16 | 77)), (HOST, 0, PEER, 0)),
        (Ip(HOST, PEER, 89, b"anything at all"), (HOST, 0, PEER, 0)),
        (Ip(HOST, PEER, 17, b"\1\2\3"), (HOST, 0, PEER, 0)),
        (replace(udp(), ip_options=bytes(8)), (HOST, 5000, PEER, 53)),
    ],
)
def test_the_ends_of_a_packet_are_its_addresses_and_ports(packet: Ip, ends: object) -> None:
    assert ends_of(packet.encode()) == ends


def test_a_later_fragment_has_no_ports() -> None:
    whole = replace(udp(), payload=udp().payload + bytes(40))
    assert ends_of(fragment_of(whole, 8, 16).encode()) == (HOST, 0, PEER, 0)
    whole6 = replace(udp(HOST6, PEER6), payload=udp(HOST6, PEER6).payload + bytes(40))
    assert ends_of(fragment_of(whole6, 8, 16).encode()) == (HOST6, 0, PEER6, 0)
    assert ends_of(fragment_of(whole6, 0, 16).encode()) == (HOST6, 5000, PEER6, 53)


def test_ports_are_found_behind_extension_headers() -> None:
    inner = udp(HOST6, PEER6)
    options = bytes((51, 0, 1, 4, 0, 0, 0, 0)) + bytes((17, 4)) + bytes(22)
    assert ends_of(replace(inner, proto=60, payload=options + inner.payload).encode()) == (HOST6, 5000, PEER6, 53)


def test_bytes_that_are_no_header_have_no_ends() -> None:
    assert ends_of(b"") is None
    assert ends_of(udp(HOST6, PEER6).encode()[:30]) is None
