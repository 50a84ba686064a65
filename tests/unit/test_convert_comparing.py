"""Fields compared with values, and alternatives that exclude each other."""

from __future__ import annotations

import pytest

from fwsim.convert.comparing import (
    NEVER,
    address_elements,
    both,
    masked_condition,
    numbers_condition,
)
from fwsim.ruleset.values import Choice, Masked, Numbers


@pytest.mark.parametrize(
    ("interval", "family", "expected"),
    [
        ((0x0A000001, 0x0A000001), 4, "10.0.0.1"),
        ((0x0A000000, 0x0AFFFFFF), 4, "10.0.0.0/8"),
        ((0x0A000001, 0x0A000002), 4, "10.0.0.1-10.0.0.2"),
        ((0xFFFFFFFE, 0xFFFFFFFF), 4, "255.255.255.254/31"),
        ((0, 1), 6, "::/127"),
        ((1, 2), 6, "::1-::2"),
    ],
)
def test_an_interval_is_an_address_a_network_or_a_range(interval: tuple[int, int], family: int, expected: str) -> None:
    assert address_elements((interval,), family) == [expected]


def test_what_a_field_cannot_hold_is_left_out() -> None:
    assert numbers_condition("ip ttl", Numbers(((250, 300),)), 255, {}) == [("ip ttl 250-255",)]
    assert numbers_condition("ip ttl", Numbers(((256, 300),)), 255, {}) == NEVER
    assert numbers_condition("ip ttl", Numbers(((256, 300),), negated=True), 255, {}) == [("ip ttl 0-255",)]


def test_choices_exclude_each_other() -> None:
    value = Masked((Choice(1, 3, 3), Choice(2, 5, 0xF), Choice(9, 9, 0xFFFFFFFF)))
    assert masked_condition("meta mark", value, {}) == [
        ("meta mark 0x9",),
        ("meta mark != 0x9", "meta mark & 0x3 != 0x0"),
        ("meta mark != 0x9", "meta mark & 0x3 == 0x0", "meta mark & 0xf 0x2-0x5"),
    ]


def test_conditions_that_must_both_hold_are_multiplied() -> None:
    assert both([("a",), ("b",)], [("c", "d")], [()]) == [("a", "c", "d"), ("b", "c", "d")]
    assert both([("a",)], NEVER) == NEVER


@pytest.mark.parametrize(
    ("numbers", "negated", "text"),
    [
        ([2], True, "ct state != established"),
        ([2], False, "ct state == established"),
        ([2, 5, 128], False, "ct state { established, invalid | related, 0x80 }"),
    ],
)
def test_values_of_bits_are_told_by_their_names(numbers: list[int], negated: bool, text: str) -> None:
    value = Masked(tuple(Choice(number, number, 0xFFFFFFFF) for number in numbers), negated=negated)
    assert masked_condition("ct state", value, {"invalid": 1, "established": 2, "related": 4}) == [(text,)]
