"""The Internet checksum (RFC 1071): sums over captured bytes, and the pseudo-headers of TCP, UDP and ICMPv6.

Read first: RFC 1071 §2 (why byte order does not matter), RFC 9293 §3.1 and RFC 8200 §8.1 (pseudo-headers). What a
wrong checksum means for a packet is not decided here (see `fwsim.engine.network` and `fwsim.engine.transport`).

Bytes are summed as 16-bit words of the machine's byte order. The buffer is viewed twice, from its first and from
its second byte on (`views`), so that a packet at an odd place is summed as fast as one at an even place.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fwsim.engine import hot
from fwsim.engine.wire import Buffer, u8
from fwsim.tables import V6

Words = Any
"""A uint16 array; NumPy also uncompiled, where its sum is a hundred times faster than a loop."""

LITTLE_ENDIAN = int(np.array([1], np.uint16).view(np.uint8)[0])
"""1 where the first byte of a word is its low one."""

IGNORE = 0
"""No checksum is judged."""
AUTO = 1
"""Checksums are judged, but not those left to the network card (offloaded)."""
VERIFY = 2
"""Every checksum is judged."""


def views(buffer: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint16]]:
    """The 16-bit words of a buffer that begin at even and at odd offsets; same memory."""
    even = buffer[: len(buffer) // 2 * 2].view(np.uint16)
    odd = buffer[1 : 1 + (len(buffer) - 1) // 2 * 2].view(np.uint16)
    return even, odd


@hot
def sum16(buffer: Buffer, even: Words, odd: Words, at: int, size: int) -> int:
    """The one's complement sum of `size` bytes as big-endian words, padded with a zero byte: 0 .. 0xFFFF."""
    first = at >> 1
    total = 0
    if at & 1:
        total = int(np.int64(odd[first : first + (size >> 1)].sum()))
    else:
        total = int(np.int64(even[first : first + (size >> 1)].sum()))
    if size & 1:
        last = u8(buffer, at + size - 1)
        total += last if LITTLE_ENDIAN else last << 8
    total = fold(total)
    if LITTLE_ENDIAN:
        total = ((total & 0xFF) << 8) | (total >> 8)
    return total


@hot
def fold(total: int) -> int:
    """A sum of 16-bit words with its carries added back in (end-around), 0 .. 0xFFFF; at most 2**48 goes in."""
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    return (total & 0xFFFF) + (total >> 16)


@hot
def pseudo_sum(packet: Any, proto: int, size: int) -> int:
    """The sum over the pseudo-header of a packet whose `proto` payload has `size` bytes, not complemented.

    It is also what a stack leaves in the checksum field for the network card to finish.
    """
    total = proto + (size & 0xFFFF) + (size >> 16)
    total += word_sum(packet["src0"] & 0xFFFFFFFF) + word_sum(packet["dst0"] & 0xFFFFFFFF)
    if packet["src0"] >= V6:
        total += word_sum(packet["src1"]) + word_sum(packet["src2"]) + word_sum(packet["src3"])
        total += word_sum(packet["dst1"]) + word_sum(packet["dst2"]) + word_sum(packet["dst3"])
    return fold(total)


@hot
def word_sum(word: int) -> int:
    """The two halves of a 32-bit word, added."""
    return (word >> 16) + (word & 0xFFFF)
