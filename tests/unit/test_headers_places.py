"""Where headers begin."""

from __future__ import annotations

import numpy as np
import pytest

from fwsim.headers.places import Packets
from fwsim.tables import FRAME, PACKET, empty
from fwsim.terms import ABSENT, UNKNOWN_VALUE, Hook
from tests.captures_by_hand import icmp, ip4, ip6, tcp, udp
from tests.headers_by_hand import packets_of

PADDED = bytes([0, 1, 4, 0, 0, 0, 0])


def test_the_transport_header_is_behind_the_options_of_ipv4() -> None:
    packets = packets_of(ip4(udp(), 17), ip4(udp(), 17, options=bytes(8)))
    assert packets.transport.start.tolist() == [20, 28]
    assert packets.protocol.tolist() == [17, 17]


def test_a_later_fragment_has_no_transport_header() -> None:
    packets = packets_of(ip4(b"x" * 8, 17, fragment=5), ip4(b"x" * 8, 17, fragment=0x2000))
    assert packets.transport.state.tolist() == [ABSENT, 0]


def test_the_transport_header_is_behind_the_extension_headers_of_ipv6() -> None:
    chain = bytes([60]) + PADDED + bytes([17]) + PADDED + udp()
    packets = packets_of(ip6(chain, 0), ip6(udp(), 17))
    assert packets.transport.start.tolist() == [56, 40]
    assert packets.protocol.tolist() == [17, 17]


def test_nft_takes_an_authentication_header_for_the_transport_header() -> None:
    packets = packets_of(ip6(bytes([17, 1, *range(10)]) + udp(), 51))
    assert (packets.protocol.tolist(), packets.transport.start.tolist()) == ([51], [40])
    assert packets.find(17).state.tolist() == [0]


@pytest.mark.parametrize(("kind", "state", "start"), [(0, 0, 40), (60, 0, 48), (43, ABSENT, 40), (17, 0, 56)])
def test_an_extension_header_is_found_by_its_number(kind: int, state: int, start: int) -> None:
    found = packets_of(ip6(bytes([60]) + PADDED + bytes([17]) + PADDED + udp(), 0)).find(kind)
    assert found.state.tolist() == [state]
    if state == 0:
        assert found.start.tolist() == [start]


def test_a_chain_of_headers_that_goes_beyond_the_packet_is_broken() -> None:
    found = packets_of(ip6(b"\x11", 60), ip6(bytes([17, 5]) + bytes(6), 60)).find(-1)
    assert (found.state.tolist(), found.broken.tolist()) == ([ABSENT, 0], [True, False])


def test_what_was_not_captured_leaves_the_chain_of_headers_unknown() -> None:
    whole = ip6(bytes([60]) + PADDED + bytes([17]) + PADDED + udp(), 0)
    assert packets_of(whole, cut=49).transport.state.tolist() == [UNKNOWN_VALUE]
    assert packets_of(whole, cut=50).transport.state.tolist() == [0]
    assert packets_of(ip4(udp(), 17), cut=19).transport.state.tolist() == [UNKNOWN_VALUE]


def test_only_tcp_and_udp_carry_something_that_is_found() -> None:
    made = [ip4(tcp(options=bytes(8)), 6), ip4(udp(), 17), ip4(icmp(), 1), ip4(bytes(8), 47), ip4(bytes(2), 47)]
    packets = packets_of(*made)
    assert packets.inner.state.tolist() == [0, 0, ABSENT, UNKNOWN_VALUE, ABSENT]
    assert packets.inner.start.tolist()[:2] == [48, 28]


def test_a_packet_that_is_made_here_has_no_link_layer_yet() -> None:
    for hook, state in ((Hook.FORWARD, 0), (Hook.OUTPUT, ABSENT), (5, UNKNOWN_VALUE)):
        packets = packets_of(ip4(udp(), 17), hook=hook)  # type: ignore[arg-type]
        assert packets.link.state.tolist() == packets.addresses_of_link.state.tolist() == [state]
        assert packets.link.start.tolist() == [-14]


def test_of_a_tagged_frame_only_the_addresses_are_known() -> None:
    packets = packets_of(ip4(udp(), 17), link=bytes(4))
    assert packets.link.state.tolist() == [UNKNOWN_VALUE]
    assert packets.addresses_of_link.state.tolist() == [0]


def test_what_is_not_ip_has_no_header() -> None:
    frames = empty(FRAME, 1)
    frames["captured"] = 60
    packets = Packets(frames, empty(PACKET, 1), np.zeros(0, np.uint8))
    for base in ("nh", "th", "ih"):
        assert packets.header(base).state.tolist() == [ABSENT], base
