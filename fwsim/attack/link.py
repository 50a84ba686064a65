"""Where frames are seen, and the link-layer header that goes before a packet there.

Read first: `Sighting.frame`. A header is copied from a frame that was captured, so that forged packets carry the MACs,
VLAN tags and cooked headers of honest ones; only what depends on the packet is made to fit.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from fwsim.engine.link import LINK_ETHERNET, LINK_LINUX_SLL, LINK_LINUX_SLL2

IPV4, IPV6 = 0x0800, 0x86DD
PPPOE_SESSION = b"\x88\x64"
PPP_IPV4, PPP_IPV6 = 0x0021, 0x0057
LEAST = 60
"""Bytes of an Ethernet frame without its check sequence (IEEE 802.3)."""


@dataclass(frozen=True)
class Sighting:
    """An interface of a capture, and the link-layer header of the frames that come by it in one direction.

    `name` and `link_type` are those of the capture's interface, `key` tells unnamed ones apart; `direction` is 1 if
    its frames say that they came in, 2 if that they went out, else 0.
    """

    name: str | None
    link_type: int
    header: bytes
    direction: int = 0
    key: int | None = None

    def frame(self, packet: bytes) -> bytes:
        """A frame that carries this IP packet."""
        whole = fitting(self.header, packet, self.link_type) + packet
        return whole + bytes(max(0, LEAST - len(whole))) if self.link_type == LINK_ETHERNET else whole


def fitting(header: bytes, packet: bytes, link_type: int) -> bytes:
    """A header that says what the packet is: its type, and where there is one its length."""
    six = packet[0] >> 4 == 6
    if link_type == LINK_ETHERNET and len(header) >= 22 and header[-10:-8] == PPPOE_SESSION:
        return header[:-4] + struct.pack("!HH", len(packet) + 2, PPP_IPV6 if six else PPP_IPV4)
    kind = struct.pack("!H", IPV6 if six else IPV4)
    if link_type in (LINK_ETHERNET, LINK_LINUX_SLL):
        return header[:-2] + kind
    if link_type == LINK_LINUX_SLL2:
        return kind + header[2:]
    return header
