"""A tap that copies frames as they pass (packet_mmap): what is read from a socket later is shared with who changes it.

Read first: Documentation/networking/packet_mmap.rst, `struct tpacket2_hdr`. A frame that waits in a packet socket is a
clone; pieces of a datagram are translated in place, and such a frame would show what became of it.
"""

from __future__ import annotations

import mmap
import socket
import struct
from collections.abc import Iterator
from typing import NamedTuple

SOL_PACKET, PACKET_RX_RING, PACKET_VERSION, TPACKET_V2 = 263, 5, 10, 1
SLOT, SLOTS, BLOCK = 1 << 14, 1 << 10, 1 << 17
HEADER = struct.Struct("=IIIHHII")
"""status, length, captured, where the frame begins, where its packet, seconds, nanoseconds."""
PLACE = 32
"""Where the link-layer address stands: behind the header, aligned."""
TO_USER = 1


class Copied(NamedTuple):
    """A frame: when it passed, and its bytes."""

    at_ns: int
    data: bytes


class Ring:
    """The ring of a socket that sees all devices."""

    def __init__(self, protocol: int) -> None:
        """Copy from now on."""
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(protocol))
        self.socket.setsockopt(SOL_PACKET, PACKET_VERSION, TPACKET_V2)
        wanted = struct.pack("=IIII", BLOCK, SLOT * SLOTS // BLOCK, SLOT, SLOTS)
        self.socket.setsockopt(SOL_PACKET, PACKET_RX_RING, wanted)
        self.memory = mmap.mmap(self.socket.fileno(), SLOT * SLOTS)

    def frames(self) -> Iterator[Copied]:
        """What passed since the ring began, in order; at most as many as there are slots."""
        for slot in range(0, SLOT * SLOTS, SLOT):
            status, length, captured, begin, _, seconds, rest = HEADER.unpack_from(self.memory, slot)
            if not status & TO_USER:
                return
            if captured < length:
                raise ValueError(f"a frame of {length} bytes does not fit into a slot")
            yield Copied(seconds * 10**9 + rest, self.memory[slot + begin : slot + begin + captured])
        raise ValueError("more frames than slots")
