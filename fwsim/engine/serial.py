"""32-bit sequence arithmetic.

Read first: RFC 1982 (serial number arithmetic), RFC 9293 §3.4 (sequence numbers). Arguments are in 0 .. 2**32-1.
"""

from __future__ import annotations

from fwsim.engine import hot

MASK = 0xFFFFFFFF


@hot
def wrap(number: int) -> int:
    """A number modulo 2**32."""
    return number & 0xFFFFFFFF


@hot
def distance(a: int, b: int) -> int:
    """How far `a` is ahead of `b`: -2**31 .. 2**31-1, the kernel's `(s32)(a - b)`."""
    return ((a - b + 0x80000000) & 0xFFFFFFFF) - 0x80000000


@hot
def before(a: int, b: int) -> bool:
    """Whether `a` comes before `b` (`include/net/tcp.h`, before)."""
    return distance(a, b) < 0


@hot
def after(a: int, b: int) -> bool:
    """Whether `a` comes after `b`: `before(b, a)`."""
    return distance(b, a) < 0
