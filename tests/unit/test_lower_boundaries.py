"""Sets of numbers as boundaries."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwsim.lower.boundaries import (
    GREATEST,
    WHOLE,
    Boundaries,
    complement,
    intersection,
    of_addresses,
    of_choices,
    of_intervals,
    of_names,
    of_numbers,
    words_of,
)
from fwsim.ruleset.addresses import parse_addresses, parse_names
from fwsim.ruleset.masks import parse_flags, parse_marks
from fwsim.ruleset.values import Numbers
from tests import oracle

SETS = st.lists(st.integers(0, 30), unique=True).map(lambda numbers: tuple(sorted(numbers)))


def holds(boundaries: Boundaries, number: int) -> bool:
    """Whether a number is in a set, by counting."""
    return sum(boundary <= number for boundary in boundaries) % 2 == 1


def key(address: str) -> int:
    first, second, third, fourth = oracle.words_of(ip_address(address))
    return first << 96 | second << 64 | third << 32 | fourth


@given(SETS)
def test_a_complement_holds_exactly_the_other_numbers(boundaries: Boundaries) -> None:
    assert all(holds(complement(boundaries), n) != holds(boundaries, n) for n in range(35))
    assert complement(complement(boundaries)) == boundaries


@given(SETS, SETS)
def test_an_intersection_holds_what_both_hold_and_its_boundaries_ascend(one: Boundaries, other: Boundaries) -> None:
    both = intersection(one, other)
    assert all(holds(both, n) == (holds(one, n) and holds(other, n)) for n in range(35))
    assert list(both) == sorted(set(both))


def test_intervals_that_touch_become_one() -> None:
    assert of_intervals([(5, 9), (0, 4), (20, 20)]) == (0, 10, 20, 21)


@pytest.mark.parametrize(
    ("written", "inside", "outside"),
    [
        ("10.0.0.0/8", ["10.0.0.0", "10.255.255.255"], ["9.255.255.255", "11.0.0.0", "::", "::a00:0"]),
        ("!10.0.0.0/8", ["9.255.255.255", "11.0.0.0", "0.0.0.0", "255.255.255.255"], ["10.0.0.1", "::", "ffff::"]),
        ("any", ["0.0.0.0", "255.255.255.255", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"], []),
        ("!any", [], ["0.0.0.0", "255.255.255.255", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]),
        ("!2001:db8::/32", ["::", "2001:db9::"], ["2001:db8::1", "10.0.0.1"]),
        (["!10.0.0.1", "!::1"], ["10.0.0.2", "::2"], ["10.0.0.1", "::1"]),
        ("255.255.255.255", ["255.255.255.255"], ["::", "255.255.255.254"]),
    ],
)
def test_addresses_are_in_or_out_and_a_family_not_named_is_out(
    written: object, inside: list[str], outside: list[str]
) -> None:
    boundaries = of_addresses(parse_addresses(written))
    assert [a for a in inside if not holds(boundaries, key(a))] == []
    assert [a for a in outside if holds(boundaries, key(a))] == []


def test_an_address_key_comes_apart_into_the_fields_of_a_packet() -> None:
    assert words_of(key("2001:db8::1")) == oracle.words_of(ip_address("2001:db8::1"))
    assert words_of(key("10.0.0.1")) == (0x0A000001, 0, 0, 0)


def test_names_are_the_numbers_of_declared_interfaces() -> None:
    interfaces = ["lan", "wan", "wan.7"]
    assert [n for n in range(5) if holds(of_names(parse_names("wan*"), interfaces), n)] == [1, 2]
    assert [n for n in range(5) if holds(of_names(parse_names("!wan*"), interfaces), n)] == [0, 3, 4]
    assert of_names(parse_names("ppp0"), interfaces) == ()


@given(st.integers(0, 255))
def test_flags_become_the_set_of_their_values(flags: int) -> None:
    boundaries, mask = of_choices(parse_flags("syn / syn,ack"), 0xFF)
    assert mask == WHOLE
    assert boundaries is not None
    assert holds(boundaries, flags) == (flags & 0x12 == 0x02)


def test_marks_become_a_set_of_the_bits_that_they_are_compared_in_if_these_are_the_same_for_all() -> None:
    assert of_choices(parse_marks([1, "5-9"]), 0xFFFFFFFF) == ((1, 2, 5, 10), WHOLE)
    assert of_choices(parse_marks(["!1"]), 0xFFFFFFFF) == ((0, 1, 2), WHOLE)
    assert of_choices(parse_marks(["0x10/0xf0", "0x30/0xf0"]), 0xFFFFFFFF) == ((0x10, 0x11, 0x30, 0x31), 0xF0)
    assert of_choices(parse_marks(["!0x10/0xf0"]), 0xFFFFFFFF) == ((0, 0x10, 0x11), 0xF0)
    assert of_choices(parse_marks([1, "0x10/0xf0"]), 0xFFFFFFFF) == (None, WHOLE)


@pytest.mark.parametrize("negated", [False, True])
def test_an_interval_up_to_the_greatest_number_has_no_end(negated: bool) -> None:
    boundaries = of_numbers(Numbers(((7, GREATEST),), negated))
    assert max(boundaries) <= GREATEST
    assert [holds(boundaries, number) for number in (6, 7, GREATEST)] == [negated, not negated, not negated]
    assert not of_numbers(Numbers(((GREATEST + 1, GREATEST + 9),)))
