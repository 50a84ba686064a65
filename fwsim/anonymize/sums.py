"""Bytes of a packet changed in their place; checksums that stay what they were: right, wrong, or left to the card.

Read first: RFC 1624. What changes beneath a checksum changes the sum by a known amount, and the field by the opposite
one; so nothing needs to be verified, and a wrong checksum stays wrong by as much. A sum is a number modulo 2**16 - 1.
"""

from __future__ import annotations

from fwsim.anonymize.mapping import Mapping
from fwsim.capture.crafting import crc32c

MODULUS = 0xFFFF


def summed(data: bytes | bytearray | memoryview) -> int:
    """The sum of bytes as big-endian words, the last filled up with a zero."""
    return int.from_bytes(bytes(data) + b"\0" * (len(data) % 2), "big") % MODULUS


def updated(field: int, change: int) -> int:
    """A checksum after what it covers has grown by so much; never 0, which may say that there is none."""
    return MODULUS - (MODULUS - field + change) % MODULUS


def put(data: bytearray, at: int, number: int) -> None:
    """Write 16 bits."""
    data[at : at + 2] = number.to_bytes(2, "big")


def get(data: bytearray, at: int) -> int:
    """Read 16 bits."""
    return data[at] << 8 | data[at + 1]


def blank(data: bytearray, start: int, end: int) -> None:
    """Zeros in place of what is there."""
    if end > start:
        data[start:end] = bytes(end - start)


def map_address(data: bytearray, at: int, family: int, mapping: Mapping) -> int:
    """Map one address in its place; returns by how much the sum has grown."""
    size = 4 if family == 4 else 16
    old = bytes(data[at : at + size])
    if len(old) < size:
        data[at : at + size] = bytes(len(old))
        return -summed(old)
    data[at : at + size] = mapping.address(int.from_bytes(old, "big"), family).to_bytes(size, "big")
    return summed(data[at : at + size]) - summed(old)


def crc_field(data: bytes | bytearray) -> int:
    """The CRC of an SCTP packet whose own field is zero, as it stands in it (RFC 9260 appendix A)."""
    return int.from_bytes(crc32c(data).to_bytes(4, "little"), "big")
