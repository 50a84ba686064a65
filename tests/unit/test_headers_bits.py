"""Bits of headers as numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwsim.headers.bits import raw, there
from fwsim.netfilter.fields import Raw
from fwsim.terms import ABSENT, UNKNOWN_VALUE
from tests.captures_by_hand import internet_sum, ip4, ip6, udp
from tests.headers_by_hand import packets_of


@given(st.binary(min_size=24, max_size=24), st.integers(0, 120), st.integers(1, 63))
def test_bits_are_those_of_the_packet_as_one_number(payload: bytes, offset: int, length: int) -> None:
    packet = ip4(payload, 89)
    wanted = int.from_bytes(payload, "big") >> 192 - offset - length & (1 << length) - 1
    assert raw(packets_of(packet), Raw("th", offset, length)).tolist() == [wanted]


@pytest.mark.parametrize(("bits", "wanted"), [((0, 24), 0x138800), ((0, 25), ABSENT), ((16, 8), 0), ((24, 1), ABSENT)])
def test_what_reaches_beyond_the_packet_is_not_there(bits: tuple[int, int], wanted: int) -> None:
    packets = packets_of(ip4(udp()[:2] + b"\0", 17))
    assert raw(packets, Raw("th", *bits)).tolist() == [wanted]
    assert there(packets, Raw("th", *bits)).tolist() == [1 if wanted >= 0 else ABSENT]


def test_what_was_not_captured_is_unknown_but_there() -> None:
    packets = packets_of(ip4(udp(), 17), cut=24)
    assert raw(packets, Raw("th", 0, 32)).tolist() == [0x13880035]
    assert raw(packets, Raw("th", 8, 32)).tolist() == [UNKNOWN_VALUE]
    assert there(packets, Raw("th", 8, 32)).tolist() == [1]
    assert there(packets, Raw("th", 64, 41)).tolist() == [ABSENT]


@given(st.integers(0, 0xFFFF), st.integers(2, 255))
def test_forwarding_lowers_the_time_to_live_and_mends_the_checksum(ident: int, ttl: int) -> None:
    packet = ip4(udp(), 17, ident=ident, ttl=ttl)
    packets = packets_of(packet)
    new_ttl = raw(packets, Raw("nh", 64, 8), forwarded=True).tolist()[0]
    checksum = raw(packets, Raw("nh", 80, 16), forwarded=True).tolist()[0]
    assert new_ttl == ttl - 1
    header = packet[:8] + bytes([new_ttl]) + packet[9:10] + checksum.to_bytes(2, "big") + packet[12:20]
    assert internet_sum(header) in (0, 0xFFFF)
    assert raw(packets, Raw("nh", 64, 8)).tolist() == [ttl]


def test_forwarding_lowers_the_hop_limit() -> None:
    packets = packets_of(ip6(udp(), 17, ttl=9), ip4(udp(), 17, ttl=9, ident=0x0909))
    assert raw(packets, Raw("nh", 56, 8), forwarded=True).tolist() == [8, 0]
    assert raw(packets, Raw("nh", 48, 63), forwarded=True).tolist()[0] >> 55 - 8 & 0xFF == 8


def test_what_is_worked_out_anew_for_a_datagram_is_unknown() -> None:
    packets = packets_of(ip4(udp(), 17), ip6(udp(), 17))
    packets.reassembled[:] = True
    assert raw(packets, Raw("nh", 48, 16)).tolist() == [UNKNOWN_VALUE, 0x1140]
    assert raw(packets, Raw("nh", 10, 2)).tolist() == [0, UNKNOWN_VALUE]
    assert raw(packets, Raw("th", 48, 16)).tolist()[0] >= 0


def test_the_addresses_of_ethernet_are_before_the_packet() -> None:
    packets = packets_of(ip4(udp(), 17))
    assert raw(packets, Raw("ll", 96, 16)).tolist() == [0x0800]
    assert raw(packets, Raw("ll", 112, 8)).tolist() == [0x45]
    tagged = packets_of(ip4(udp(), 17), link=bytes(4))
    assert raw(tagged, Raw("ll", 48, 48)).tolist() == tagged.frames["source_mac"].tolist()
    assert raw(tagged, Raw("ll", 96, 16)).tolist() == [UNKNOWN_VALUE]
