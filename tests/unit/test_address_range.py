"""Ranges of addresses that are translated to."""

from __future__ import annotations

import ipaddress
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwsim.engine.address_range import choose_address, is_at_most, is_between, is_one_address
from fwsim.engine.jhash import hash_of_address, swapped
from fwsim.engine.program import TO_ADDRESSES, TO_SAME
from fwsim.engine.rule_rows import TRANSLATION
from fwsim.tables import TUPLE, V6, empty
from tests.binding import INSIDE, address_of
from tests.binding import rule as range_of
from tests.tracking import words_of

LOW, HIGH = 0xCB007140, 0xCB00714F


def rule(low: tuple[int, ...], high: tuple[int, ...], **more: int) -> Any:
    """A row of TRANSLATION for a range."""
    row = empty(TRANSLATION, 1)[0]
    row["to"] = TO_ADDRESSES
    for number in range(4):
        row[f"low{number}"], row[f"high{number}"] = low[number], high[number]
    for name, value in more.items():
        row[name] = value
    return row


def ends(source: int, destination: int) -> Any:
    """A row of TUPLE."""
    row = empty(TUPLE, 1)[0]
    row["src0"], row["dst0"] = source, destination
    return row


RANGE = rule((LOW, 0, 0, 0), (HIGH, 0, 0, 0))


def test_addresses_are_compared_word_by_word() -> None:
    assert is_at_most(1, 9, 9, 9, 2, 0, 0, 0)
    assert is_at_most(1, 2, 3, 4, 1, 2, 3, 4)
    assert not is_at_most(1, 2, 3, 5, 1, 2, 3, 4)
    assert not is_at_most(1, 3, 0, 0, 1, 2, 9, 9)


def test_the_ends_of_a_range_are_in_it() -> None:
    inside = [is_between(ends(source, 1), RANGE) for source in (LOW - 1, LOW, HIGH, HIGH + 1)]
    assert inside == [False, True, True, False]


def test_a_range_of_one_is_chosen_without_a_hash() -> None:
    one = rule((LOW, 0, 0, 0), (LOW, 0, 0, 0))
    assert is_one_address(one)
    assert not is_one_address(RANGE)
    row = ends(5, 6)
    choose_address(row, one, 1)
    assert (row["src0"], row["dst0"]) == (LOW, 6)


def test_a_rule_that_keeps_the_address_has_one() -> None:
    assert is_one_address(rule((LOW, 0, 0, 0), (HIGH, 0, 0, 0), to=TO_SAME))


def chosen(source: int, destination: int, how: Any) -> int:
    """What a source becomes."""
    row = ends(source, destination)
    choose_address(row, how, 1)
    return int(row["src0"])


def test_a_range_is_shared_out_to_sources_and_destinations() -> None:
    found = Counter(chosen(0x0A010000 + number, 0xC6336415, RANGE) for number in range(400))
    assert len(found) == HIGH - LOW + 1
    assert all(LOW <= address <= HIGH for address in found)
    assert len({chosen(0x0A010001, number, RANGE) for number in range(50)}) > 1


def test_a_persistent_choice_does_not_hang_on_the_destination() -> None:
    persistent = rule((LOW, 0, 0, 0), (HIGH, 0, 0, 0), persistent=1)
    assert len({chosen(0x0A010001, number, persistent) for number in range(50)}) == 1


def test_of_ipv6_the_words_behind_one_below_its_highest_are_free() -> None:
    low, high = (V6 + 0x20010DB8, 0x90000, 0, 0x40), (V6 + 0x20010DB8, 0x90000, 0, 0x4F)
    row = ends(V6 + 0xFD000001, V6 + 0x20010DB8)
    choose_address(row, rule(low, high), 1)
    assert (row["src0"], row["src1"], row["src2"]) == low[:3]
    assert 0x40 <= row["src3"] <= 0x4F


# --- as Linux chooses ------------------------------------------------------------------------------------------


def chosen_of(src: str, dst: str, wanted: dict[str, int], source: int = 1) -> str:
    row = {f"{side}{n}": word for side, text in (("src", src), ("dst", dst)) for n, word in enumerate(words_of(text))}
    choose_address(row, wanted, source)
    return address_of(row, "src" if source else "dst")


@pytest.mark.parametrize("source", [1, 0])
@pytest.mark.parametrize("address", ["198.51.100.7", "2001:db8::7"])
def test_of_one_address_there_is_no_choice(address: str, source: int) -> None:
    other = "fd00::1" if ":" in address else INSIDE
    assert chosen_of(other, other, range_of(address), source) == address


def test_a_range_is_chosen_from_by_both_ends() -> None:
    """As Linux 6.18 did."""
    wanted = range_of("203.0.113.10", "203.0.113.20")
    assert chosen_of("10.1.0.11", "198.51.100.21", wanted) == "203.0.113.13"
    assert chosen_of("10.1.0.11", "198.51.100.22", wanted) == "203.0.113.12"
    assert chosen_of("10.1.0.12", "198.51.100.21", wanted) == "203.0.113.16"


def test_a_persistent_source_gets_the_same_whoever_it_speaks_to() -> None:
    wanted = range_of("203.0.113.10", "203.0.113.20", persistent=1)
    servers = [f"198.51.100.{last}" for last in range(40)]
    assert {chosen_of("10.1.0.11", server, wanted) for server in servers} == {"203.0.113.10"}
    assert {chosen_of("10.1.0.12", server, wanted) for server in servers} == {"203.0.113.14"}
    assert len({chosen_of("10.1.0.11", server, wanted | {"persistent": 0}) for server in servers}) > 5


def best(src: str, dst: str, low: str, high: str, persistent: int, source: int) -> str:
    """`find_best_ips_proto` word by word, as lists of network words."""
    ends = [[int.from_bytes(ipaddress.ip_address(text).packed[at : at + 4], "big") for at in (0, 4, 8, 12)]
            for text in (src, dst, low, high)]  # fmt: skip
    first, second, third, fourth = map(swapped, ends[0])
    draw = hash_of_address(first, second, third, fourth, 0 if persistent else swapped(ends[1][3]))
    made: list[int] = []
    free = False
    for word in range(4):
        least, count = (0, 0xFFFFFFFF) if free else (ends[2][word], ends[3][word] - ends[2][word] + 1)
        made.append((least + (draw * (count % 2**32) >> 32)) % 2**32)
        free = free or made[word] != ends[3][word]
        if not persistent:
            draw ^= swapped(ends[1][word] if source else made[word])
    return str(ipaddress.ip_address(b"".join(word.to_bytes(4, "big") for word in made)))


ADDRESSES6 = st.integers(0, 0xFFFFFFFF).map(lambda n: str(ipaddress.ip_address((0x20010DB8 << 96) + (n << 20) + n)))


@given(ADDRESSES6, ADDRESSES6, st.lists(ADDRESSES6, min_size=2, max_size=2), st.integers(0, 1), st.integers(0, 1))
def test_a_range_of_ipv6_is_chosen_from_word_by_word(
    src: str, dst: str, ends: list[str], persistent: int, source: int
) -> None:
    low, high = sorted(ends, key=lambda text: int(ipaddress.ip_address(text)))
    wanted = range_of(low, high, persistent=persistent)
    expected = low if low == high else best(src, dst, low, high, persistent, source)
    assert chosen_of(src, dst, wanted, source) == expected
