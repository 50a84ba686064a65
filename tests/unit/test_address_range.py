"""Ranges of addresses that are translated to."""

from __future__ import annotations

from collections import Counter
from typing import Any

from fwsim.engine.address_range import choose_address, is_at_most, is_between, is_one_address
from fwsim.engine.program import TO_ADDRESSES, TO_SAME
from fwsim.engine.rule_rows import TRANSLATION
from fwsim.tables import TUPLE, V6, empty

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
