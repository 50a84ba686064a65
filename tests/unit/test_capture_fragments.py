"""Fragments as they are read from frames: which datagram, which part of it, what was captured."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.capture.crafting import Ip, fragment_of, in_pieces
from fwsim.capture.fragments import Fragment, read_fragment
from fwsim.tables import plain
from tests.deciding import HERE, HERE6, THERE, THERE6, Wall

PACKET4 = Ip(HERE, THERE, 17, bytes(range(100)), ip_id=77, tos=3)
PACKET6 = Ip(HERE6, THERE6, 17, bytes(range(100)), ip_id=77, tos=2)


def read(packet: Ip, **how: Any) -> Fragment | None:
    """The fragment in a packet that comes from lan, unless said otherwise."""
    chunk = Wall([{"name": "any", "verdict": "accept"}]).bring(packet, **{"seen": "lan", **how}).chunk
    return read_fragment(chunk.buffer.data, plain(chunk.frames[0]), plain(chunk.packets[0]))


def must(packet: Ip, **how: Any) -> Fragment:
    found = read(packet, **how)
    assert found is not None
    return found


@pytest.mark.parametrize("packet", [PACKET4, PACKET6])
def test_a_fragment_knows_its_place_and_its_bytes(packet: Ip) -> None:
    middle = must(in_pieces(packet, 40)[1])
    assert (middle.family, middle.start, middle.end, middle.size, middle.more) == (packet.family, 40, 80, 40, True)
    assert (middle.data, middle.ecn, middle.headless) == (bytes(range(40, 80)), packet.tos, False)
    last = must(in_pieces(packet, 40)[2])
    assert (last.start, last.end, last.more) == (80, 100, False)
    assert last.key == middle.key


def test_whole_packets_are_no_fragments_but_atomic_ones_are() -> None:
    assert read(PACKET4) is None
    assert read(PACKET6) is None
    atomic = must(fragment_of(PACKET6, 0, 100))
    assert (atomic.start, atomic.end, atomic.more) == (0, 100, False)


def test_ipv4_tells_datagrams_apart_by_protocol_ipv6_does_not() -> None:
    keys = {proto: must(fragment_of(Ip(HERE, THERE, proto, bytes(64), ip_id=1), 8, 16)).key for proto in (6, 17)}
    assert keys[6] != keys[17]
    keys = {proto: must(fragment_of(Ip(HERE6, THERE6, proto, bytes(64), ip_id=1), 8, 16)).key for proto in (6, 17)}
    assert keys[6] == keys[17]


def test_the_id_and_the_addresses_tell_datagrams_apart() -> None:
    packets = [PACKET6, Ip(HERE6, THERE6, 17, bytes(99), ip_id=78), Ip(HERE6, THERE6 + "9", 17, bytes(99), ip_id=77)]
    assert len({must(fragment_of(packet, 8, 16)).key for packet in packets}) == 3


def test_link_local_fragments_belong_to_their_link() -> None:
    for dst, apart in (("fe80::2", True), ("ff02::5", True), (THERE6, False)):
        packet = fragment_of(Ip("fe80::1", dst, 17, bytes(64), ip_id=1), 8, 16)
        assert (must(packet, seen="lan").key != must(packet, seen="wan").key) == apart, dst


def test_the_head_of_ipv6_leaves_the_fragment_header_out() -> None:
    options = bytes([44, 0, 1, 4, 0, 0, 0, 0])
    piece = fragment_of(PACKET6, 0, 64)
    inside = Ip(HERE6, THERE6, 60, options + piece.payload)
    found = must(inside)
    assert len(found.head) == 48
    assert (found.head[6], found.head[40]) == (60, 17)  # the options now name UDP
    assert found.data == bytes(range(64))


def test_what_the_capture_cut_off_is_not_there() -> None:
    piece = must(fragment_of(PACKET4, 0, 64), cut=14 + 20 + 10)
    assert (piece.end, piece.data) == (64, bytes(range(10)))


@pytest.mark.parametrize(
    ("proto", "size", "headless"),
    [(6, 16, True), (6, 24, False), (17, 0, True), (17, 8, False), (58, 0, True), (253, 0, True), (253, 8, False)],
)
def test_a_first_fragment_of_ipv6_should_hold_the_transport_header(proto: int, size: int, headless: bool) -> None:
    assert must(fragment_of(Ip(HERE6, THERE6, proto, bytes(64), ip_id=1), 0, size)).headless == headless
    assert not must(fragment_of(Ip(HERE6, THERE6, proto, bytes(64), ip_id=1), 8, 8 + size)).headless


def test_a_chain_that_cannot_be_followed_is_taken_for_complete() -> None:
    """ipv6_skip_exthdr < 0, and 59, which ends in nothing."""
    assert not must(fragment_of(Ip(HERE6, THERE6, 59, bytes(64), ip_id=1), 0, 8)).headless
    beyond = bytes([43, 9]) + bytes(62)
    assert not must(fragment_of(Ip(HERE6, THERE6, 60, beyond, ip_id=1), 0, 8)).headless
    assert must(fragment_of(Ip(HERE6, THERE6, 60, bytes([17, 9]) + bytes(62), ip_id=1), 0, 8)).headless
