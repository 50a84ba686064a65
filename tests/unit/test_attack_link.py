"""Link-layer headers that are copied, and made to fit the packet."""

from __future__ import annotations

import pytest

from fwsim.attack.link import Sighting
from fwsim.attack.wire import udp
from fwsim.engine.link import LINK_ETHERNET, LINK_LINUX_SLL, LINK_LINUX_SLL2, LINK_RAW

V4, V6 = udp("192.0.2.1", "192.0.2.2", (1, 2), bytes(64)), udp("2001:db8::1", "2001:db8::2", (1, 2), bytes(64))
MACS = bytes(range(12))


@pytest.mark.parametrize(
    ("link_type", "four", "six"),
    [
        (LINK_ETHERNET, MACS + b"\x08\x00", MACS + b"\x86\xdd"),
        (LINK_ETHERNET, MACS + b"\x81\x00\x00\x07\x08\x00", MACS + b"\x81\x00\x00\x07\x86\xdd"),
        (LINK_LINUX_SLL, bytes(14) + b"\x08\x00", bytes(14) + b"\x86\xdd"),
        (LINK_LINUX_SLL2, b"\x08\x00" + bytes(18), b"\x86\xdd" + bytes(18)),
        (LINK_RAW, b"", b""),
    ],
)
def test_a_header_says_of_which_version_the_packet_is(link_type: int, four: bytes, six: bytes) -> None:
    for header in (four, six):
        seen = Sighting("wan", link_type, header)
        assert seen.frame(V4) == four + V4
        assert seen.frame(V6) == six + V6


def test_a_pppoe_header_tells_length_and_version() -> None:
    header = MACS + b"\x88\x64\x11\x00\x00\x2a" + b"\x00\x05\x00\x21"
    frame = Sighting("wan", LINK_ETHERNET, header).frame(V6)
    assert frame[18:22] == (len(V6) + 2).to_bytes(2, "big") + b"\x00\x57"
    assert frame[:18] == header[:18]


def test_a_short_ethernet_frame_is_filled_up_as_on_the_wire() -> None:
    short = udp("192.0.2.1", "192.0.2.2", (1, 2), b"")
    frame = Sighting("wan", LINK_ETHERNET, MACS + b"\x08\x00").frame(short)
    assert frame == MACS + b"\x08\x00" + short + bytes(60 - 14 - len(short))
