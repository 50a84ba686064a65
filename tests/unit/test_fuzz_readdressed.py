"""Packets with other ends: every checksum is as right as it was before."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest

from fwsim.capture.crafting import (
    Ip,
    checksum,
    fragment_of,
    icmp_message,
    pseudo_header,
    sctp_chunk,
    sctp_packet,
    tcp_segment,
    udp_datagram,
)
from fwsim.capture.ends import ends_of
from fwsim.fuzz.readdressed import crc_of, readdressed

HOST, PEER, PUBLIC, SERVER = "10.1.0.11", "198.51.100.21", "198.51.100.1", "10.2.0.21"
HOST6, PEER6, PUBLIC6 = "fd00:1::11", "2001:db8:2::21", "2001:db8:2::1"
PORTS = (5000, 53)


def tcp(src: str, dst: str, ports: tuple[int, int] = PORTS) -> Ip:
    return Ip(src, dst, 6, tcp_segment(src, dst, ports, (1, 2), 0x10, 500, data=b"odd"))


def udp(src: str, dst: str, ports: tuple[int, int] = PORTS, **more: bool) -> Ip:
    return Ip(src, dst, 17, udp_datagram(src, dst, ports, b"query", **more))


def echo(src: str, dst: str, number: int = 7) -> Ip:
    kind, proto = (128, 58) if ":" in src else (8, 1)
    return Ip(src, dst, proto, icmp_message(src, dst, kind, 0, struct.pack("!HH", number, 1), b"abc"))


@pytest.mark.parametrize(
    ("packet", "other"),
    [
        (tcp(HOST, PEER), tcp(PUBLIC, SERVER, (6000, 80))),
        (tcp(HOST6, PEER6), tcp(PUBLIC6, HOST6, (6000, 80))),
        (udp(HOST, PEER), udp(PUBLIC, SERVER, (1, 65_535))),
        (udp(HOST, PEER, no_checksum=True), udp(PUBLIC, SERVER, (1, 2), no_checksum=True)),
        (udp(HOST6, PEER6), udp(PUBLIC6, HOST6, (1, 2))),
    ],
)
def test_it_is_the_packet_that_is_made_with_these_ends(packet: Ip, other: Ip) -> None:
    ends = ends_of(other.encode())
    assert ends is not None
    assert readdressed(packet, ends) == other


@pytest.mark.parametrize(
    ("packet", "other"), [(echo(HOST, PEER), echo(PUBLIC, SERVER, 99)), (echo(HOST6, PEER6), echo(PUBLIC6, HOST6, 99))]
)
def test_a_query_gets_another_id(packet: Ip, other: Ip) -> None:
    assert readdressed(packet, (other.src, 99, other.dst, 0)) == other


def test_an_sctp_crc_is_made_anew_if_it_was_right() -> None:
    for crc in (None, 12345):
        packet = Ip(HOST, PEER, 132, sctp_packet((1, 2), 9, sctp_chunk("init", tag=7), crc=crc))
        moved = readdressed(packet, (PUBLIC, 3, SERVER, 4)).payload
        assert moved[:4] == struct.pack("!HH", 3, 4)
        assert (moved[8:12] == crc_of(moved)) == (crc is None)


def test_a_wrong_checksum_stays_wrong() -> None:
    packet = Ip(HOST, PEER, 17, udp_datagram(HOST, PEER, PORTS, b"query", bad_checksum=True))
    moved = readdressed(packet, (PUBLIC, 1, SERVER, 2))
    assert checksum(pseudo_header(PUBLIC, SERVER, 17, len(moved.payload)) + moved.payload) != 0


def test_a_later_fragment_and_what_has_no_ports_only_move() -> None:
    whole = replace(udp(HOST, PEER), payload=udp(HOST, PEER).payload + bytes(40))
    piece = fragment_of(whole, 8, 16)
    assert readdressed(piece, (PUBLIC, 1, SERVER, 2)) == replace(piece, src=PUBLIC, dst=SERVER)
    assert readdressed(Ip(HOST, PEER, 89, b"hello"), (PUBLIC, 1, SERVER, 2)) == Ip(PUBLIC, SERVER, 89, b"hello")
    assert readdressed(Ip(HOST, PEER, 17, b"abc"), (PUBLIC, 1, SERVER, 2)).payload == b"\0\1c"


def test_ports_behind_extension_headers_change_too() -> None:
    inner = udp(HOST6, PEER6)
    packet = replace(inner, proto=60, payload=bytes((17, 0, 1, 4, 0, 0, 0, 0)) + inner.payload)
    other = udp(PUBLIC6, HOST6, (1, 2))
    assert readdressed(packet, (PUBLIC6, 1, HOST6, 2)).payload[8:] == other.payload
