"""Bytes to integers, in network and in little-endian order.

All reading of captured bytes goes through here: NumPy's uint8 would overflow where compiled code widens.
The buffer is a uint8 array (compiled) or a memoryview (uncompiled); callers have tested that the bytes are there.
(`| 0` makes Numba take a byte for an int64; `int` alone leaves it unsigned, and unsigned plus signed is a float to it.)
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot

Buffer = Any


@hot
def u8(buffer: Buffer, at: int) -> int:
    """One byte."""
    return int(buffer[at] | 0)


@hot
def u16(buffer: Buffer, at: int) -> int:
    """Two bytes, network order."""
    return (int(buffer[at] | 0) << 8) | int(buffer[at + 1] | 0)


@hot
def u32(buffer: Buffer, at: int) -> int:
    """Four bytes, network order."""
    return (u16(buffer, at) << 16) | u16(buffer, at + 2)


@hot
def u16_little(buffer: Buffer, at: int) -> int:
    """Two bytes, little-endian."""
    return int(buffer[at] | 0) | (int(buffer[at + 1] | 0) << 8)


@hot
def u32_little(buffer: Buffer, at: int) -> int:
    """Four bytes, little-endian."""
    return u16_little(buffer, at) | (u16_little(buffer, at + 2) << 16)
