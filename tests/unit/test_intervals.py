"""Where numbers and addresses lie among boundaries."""

from __future__ import annotations

from bisect import bisect_right
from ipaddress import IPv4Address, IPv6Address, ip_address

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwsim.engine.intervals import is_tail_at_most, place_of, place_of_address
from tests.oracle import words_of

BOUNDARIES = st.lists(st.integers(0, 50), unique=True).map(sorted)
HEADER = [99, 98]
"""What stands in the array before the boundaries."""


@given(BOUNDARIES, st.integers(0, 52))
def test_the_place_of_a_number_is_how_many_boundaries_are_at_most_it(boundaries: list[int], value: int) -> None:
    numbers = np.array(HEADER + boundaries + [0], dtype=np.int64)
    assert place_of(numbers, 2, len(boundaries), value) == bisect_right(boundaries, value)


@pytest.mark.parametrize("value", [0, 1, (1 << 62) - 1])
def test_without_boundaries_every_number_is_at_the_first_place(value: int) -> None:
    assert place_of(np.array(HEADER, dtype=np.int64), 2, 0, value) == 0


V4 = st.integers(0, 3).map(lambda n: IPv4Address([0, 1, 2**31, 2**32 - 1][n]))
WORDS = st.sampled_from((0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF))
V6 = st.tuples(WORDS, WORDS, WORDS, WORDS).map(lambda w: IPv6Address(w[0] << 96 | w[1] << 64 | w[2] << 32 | w[3]))


@given(st.lists(V4 | V6, unique=True, max_size=8), V4 | V6)
def test_all_v4_addresses_lie_before_all_v6_ones_in_numerical_order(
    boundaries: list[IPv4Address | IPv6Address], address: IPv4Address | IPv6Address
) -> None:
    boundaries.sort(key=lambda a: (a.version, int(a)))
    wanted = sum((b.version, int(b)) <= (address.version, int(address)) for b in boundaries)
    narrow = [int(b) for b in boundaries if b.version == 4]
    wide = [word for b in boundaries if b.version == 6 for word in words_of(b)]
    numbers = np.array(HEADER + narrow + wide, dtype=np.int64)
    words = np.array([[7, *words_of(address)]], dtype=np.int64)
    assert place_of_address(numbers, 2, len(narrow), len(wide) // 4, words, 1) == wanted


@pytest.mark.parametrize(
    ("boundary", "address", "wanted"),
    [
        ("::1:0:0:0", "::1:0:0:0", True),
        ("::1:0:0:0", "::0:ffff:ffff:ffff", False),
        ("::8000:0", "::7fff:ffff", False),
        ("::7fff:ffff", "::8000:0", True),
        ("0:0:2::", "0:0:1:ffff:ffff:ffff:ffff:ffff", False),
    ],
)
def test_the_last_three_words_are_compared_in_order(boundary: str, address: str, wanted: bool) -> None:
    numbers = np.array(words_of(ip_address(boundary)), dtype=np.int64)
    words = np.array([words_of(ip_address(address))], dtype=np.int64)
    assert is_tail_at_most(numbers, 0, words, 0) == wanted
