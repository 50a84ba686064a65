"""A checksum that was right stays so, and one that was wrong stays wrong by as much."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fwsim.anonymize.sums import crc_field, get, put, summed, updated
from fwsim.capture.crafting import checksum

DATA = st.binary(min_size=1, max_size=60)


@given(DATA, DATA, st.integers(0, 0xFFFE))
def test_it_follows_what_it_covers(before: bytes, after: bytes, wrong: int) -> None:
    before, after = b"\x45" + before, b"\x45" + after
    field = 0xFFFF - (0xFFFF - checksum(before) + wrong) % 0xFFFF
    found = updated(field, summed(after) - summed(before))
    assert found != 0
    assert (found - checksum(after)) % 0xFFFF == (field - checksum(before)) % 0xFFFF


def test_numbers_of_16_bits_are_big_endian() -> None:
    data = bytearray(4)
    put(data, 1, 0x1234)
    assert data == b"\0\x12\x34\0"
    assert get(data, 1) == 0x1234


def test_the_crc_is_that_of_the_check_string() -> None:
    assert crc_field(b"123456789") == int.from_bytes(0xE3069283.to_bytes(4, "little"), "big")
