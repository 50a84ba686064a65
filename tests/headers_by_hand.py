"""Packets by hand, for what is read of their headers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fwsim.headers import Packets, read
from fwsim.headers.selecting import Readable
from fwsim.tables import FRAME, PACKET, empty
from fwsim.terms import Hook
from tests.captures_by_hand import ether


def packets_of(
    *made: bytes, cut: int | None = None, hook: Hook = Hook.FORWARD, now: Sequence[int] = (), link: bytes = b""
) -> Packets:
    """IP packets in frames of Ethernet (with these tags), of which `cut` bytes of the packet were captured."""
    frames, packets = empty(FRAME, len(made)), empty(PACKET, len(made))
    content = b""
    for number, data in enumerate(made):
        head = ether(b"") + link
        kept = data[:cut]
        frames[number]["offset"], frames[number]["network"] = len(content), len(head)
        frames[number]["captured"], frames[number]["length"] = len(head) + len(kept), len(head) + len(data)
        frames[number]["source_mac"] = int.from_bytes(head[6:12], "big")
        packets[number]["family"], packets[number]["length"] = data[0] >> 4, len(data)
        packets[number]["hook"] = hook
        packets[number]["now"] = now[number] if now else 0
        content += head + kept
    return Packets(frames, packets, np.frombuffer(content, np.uint8))


def values(packets: Packets, asked: Readable) -> list[int]:
    """What is read of each packet, as it came."""
    return [int(value) for value in read(packets, [asked])[:, 0]]
