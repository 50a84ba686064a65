"""Numbers, times and addresses as bytes: what Python's own text of them is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwsim.naming import address_text
from fwsim.report.cells import seconds_text
from fwsim.report.digits import put_address, put_copy, put_digits, put_hexadecimal, put_number, put_octet, put_seconds
from fwsim.tables import V6

EDGES = [edge + step for digits in range(19) for edge in (10**digits,) for step in (-1, 0, 1)]


def written(put: Callable[..., int], *arguments: Any) -> str:
    """What a function writes from the third byte on; around that it writes nothing."""
    out = np.full(80, 255, np.uint8)
    end = put(out, 2, *arguments)
    assert (out[:2] == 255).all()
    assert (out[end:] == 255).all()
    return out[2:end].tobytes().decode("ascii")


@given(st.one_of(st.sampled_from(EDGES), st.integers(-(2**62), 2**63 - 1)))
def test_numbers_of_any_length(value: int) -> None:
    assert written(put_number, value) == str(value)


@pytest.mark.parametrize("value", EDGES)
def test_numbers_at_each_length(value: int) -> None:
    assert written(put_number, value) == str(value)


def test_the_lowest_digits_keep_their_zeros() -> None:
    out = np.zeros(5, np.uint8)
    assert put_digits(out, 4, 7, 1) == 4
    assert out.tobytes() == b"\x00007\x00"


@given(st.one_of(st.sampled_from([0, 1, -1, 10**9, -(10**9)]), st.integers(-(10**18), 2**63 - 1)))
def test_seconds_keep_every_nanosecond(nanoseconds: int) -> None:
    assert written(put_seconds, nanoseconds) == seconds_text(nanoseconds)


@pytest.mark.parametrize("value", range(256))
def test_every_octet(value: int) -> None:
    assert written(put_octet, value) == str(value)


@pytest.mark.parametrize("value", [0, 1, 15, 16, 255, 256, 0xABC, 0xFFFF, 0x1000])
def test_hexadecimal_has_no_leading_zeros(value: int) -> None:
    assert written(put_hexadecimal, value) == f"{value:x}"


def address_written(words: list[int]) -> str:
    """An address that stands in the second row, from the fourth field on."""
    return written(put_address, np.array([[0] * 8, [0, 0, 0, *words, 0]], np.int64), 1, 3)


@given(st.one_of(st.integers(0, 2**32 - 1), st.sampled_from([0, 0xFFFFFFFF, 0x0A000001])))
def test_ipv4_addresses(word: int) -> None:
    assert address_written([word, 0, 0, 0]) == address_text([word, 0, 0, 0])


@given(st.lists(st.sampled_from([0, 0, 0, 1, 0xFFFF, 0x2001, 0xDB8]), min_size=8, max_size=8))
def test_ipv6_addresses_with_runs_of_zeros_anywhere(groups: list[int]) -> None:
    words = [groups[i] << 16 | groups[i + 1] for i in range(0, 8, 2)]
    words[0] += V6
    assert address_written(words) == address_text(words)


@pytest.mark.parametrize(
    "groups",
    [[int(bit) for bit in f"{number:08b}"] for number in range(256)],
    ids=lambda groups: "".join(map(str, groups)),
)
def test_every_pattern_of_zero_groups(groups: list[int]) -> None:
    words = [groups[i] << 16 | groups[i + 1] for i in range(0, 8, 2)]
    words[0] += V6
    assert address_written(words) == address_text(words)


def test_an_address_that_maps_ipv4_ends_in_it() -> None:
    assert address_written([V6, 0, 0xFFFF, 0x01020304]) == "::ffff:1.2.3.4"


def test_a_copy_is_the_bytes_from_start_to_end() -> None:
    assert written(put_copy, np.frombuffer(b"abcdef", np.uint8), 1, 4) == "bcd"
    assert written(put_copy, np.frombuffer(b"abcdef", np.uint8), 3, 3) == ""
