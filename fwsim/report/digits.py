"""Numbers, times and addresses as bytes, digit by digit: hot code, as `fwsim.engine` is.

Read first: `fwsim.engine`. Each function writes at a place of a buffer, which has room, and returns the place behind.
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot
from fwsim.tables import V6

Buffer = Any

ZERO = ord("0")
LETTERS = ord("a") - 10
MINUS = ord("-")
DOT = ord(".")
COLON = ord(":")
SECOND = 1_000_000_000
MAPPED = 0xFFFF


@hot
def put_copy(out: Buffer, at: int, source: Buffer, start: int, end: int) -> int:
    """Some bytes of another buffer; compiled, this is a `memcpy`."""
    for i in range(end - start):
        out[at + i] = source[start + i]
    return at + end - start


@hot
def put_number(out: Buffer, at: int, value: int) -> int:
    """A decimal number."""
    if value < 0:
        out[at] = MINUS
        at += 1
        value = -value
    end = at + 1
    limit = 10
    while value >= limit and end - at < 18:
        limit *= 10
        end += 1
    if value >= limit:
        end += 1
    return put_digits(out, end, value, at)


@hot
def put_digits(out: Buffer, end: int, value: int, at: int) -> int:
    """The lowest digits of a number, from `at` to `end`."""
    for place in range(end - 1, at - 1, -1):
        rest = value // 10
        out[place] = ZERO + value - rest * 10
        value = rest
    return end


@hot
def put_seconds(out: Buffer, at: int, nanoseconds: int) -> int:
    """Nanoseconds as seconds with nine decimals."""
    seconds = nanoseconds // SECOND
    at = put_number(out, at, seconds)
    out[at] = DOT
    return put_digits(out, at + 10, nanoseconds - seconds * SECOND, at + 1)


@hot
def put_octet(out: Buffer, at: int, value: int) -> int:
    """A number below 256."""
    if value >= 100:
        hundreds = value // 100
        out[at] = ZERO + hundreds
        value -= hundreds * 100
        out[at + 1] = ZERO + value // 10
        out[at + 2] = ZERO + value % 10
        return at + 3
    if value >= 10:
        out[at] = ZERO + value // 10
        out[at + 1] = ZERO + value % 10
        return at + 2
    out[at] = ZERO + value
    return at + 1


@hot
def put_dotted(out: Buffer, at: int, word: int) -> int:
    """An IPv4 address."""
    for shift in range(24, -1, -8):
        at = put_octet(out, at, (word >> shift) & 255)
        if shift > 0:
            out[at] = DOT
            at += 1
    return at


@hot
def put_address(out: Buffer, at: int, words: Any, row: int, field: int) -> int:
    """The address in four fields from `field` on, as `fwsim.naming.address_text` writes it."""
    first = words[row, field]
    if first < V6:
        return put_dotted(out, at, first)
    if first == V6 and words[row, field + 1] == 0 and words[row, field + 2] == MAPPED:
        for i in range(8):
            out[at + i] = LETTERS + 15
        out[at] = COLON
        out[at + 1] = COLON
        out[at + 6] = COLON
        return put_dotted(out, at + 7, words[row, field + 3])
    return put_groups(out, at, words, row, field)


@hot
def put_groups(out: Buffer, at: int, words: Any, row: int, field: int) -> int:
    """An IPv6 address in hexadecimal, the first of its longest runs of zero groups left out (RFC 5952 section 4)."""
    best = 8
    longest = 1
    run = 0
    for i in range(8):
        run = run + 1 if group(words, row, field, i) == 0 else 0
        if run > longest:
            longest = run
            best = i + 1 - run
    if best == 8:
        longest = 0
    for i in range(8):
        inside = i >= best and i < best + longest
        if (i > 0 and not inside) or i == best:
            out[at] = COLON
            at += 1
        if not inside:
            at = put_hexadecimal(out, at, group(words, row, field, i))
    if best + longest == 8 and longest > 0:
        out[at] = COLON
        at += 1
    return at


@hot
def group(words: Any, row: int, field: int, number: int) -> int:
    """16 bits of an IPv6 address."""
    word: int = words[row, field + (number >> 1)]
    return (word >> (16 - 16 * (number & 1))) & 0xFFFF


@hot
def put_hexadecimal(out: Buffer, at: int, value: int) -> int:
    """A number below 65,536, without leading zeros."""
    shift = 12
    while shift > 0 and value >> shift == 0:
        shift -= 4
    while shift >= 0:
        digit = (value >> shift) & 15
        out[at] = digit + (ZERO if digit < 10 else LETTERS)
        at += 1
        shift -= 4
    return at
