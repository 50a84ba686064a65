"""The numbers of a program, each group stored once."""

from __future__ import annotations

from fwsim.lower.stretches import Stretches
from fwsim.ruleset.values import Choice


def test_the_number_of_every_single_bit_is_found_at_its_remainder() -> None:
    numbers = Stretches().array()
    assert [int(numbers[(1 << bit) % 67]) for bit in range(63)] == list(range(63))


def test_equal_groups_are_stored_once() -> None:
    stretches = Stretches()
    first = stretches.of_values((10, 20))
    other = stretches.of_values((10, 21))
    size = len(stretches.array())
    assert stretches.of_values((10, 20)) == first != other
    assert len(stretches.array()) == size


def test_a_group_stands_where_it_is_said_to() -> None:
    stretches = Stretches()
    stretches.of_values((1, 2))
    place, count = stretches.of_values((80, 81, 443, 444))
    assert stretches.array()[place : place + count].tolist() == [80, 81, 443, 444]


def test_a_boundary_of_ipv4_takes_one_number_and_one_of_ipv6_four() -> None:
    stretches = Stretches()
    low, v6 = 0x0A010000 << 96, 1 << 128
    place, narrow, wide = stretches.of_addresses((low, low + (1 << 96), v6, v6 + (7 << 64) + 5))
    assert (narrow, wide) == (2, 2)
    numbers = stretches.array()[place : place + 10].tolist()
    assert numbers == [0x0A010000, 0x0A010001, 1 << 32, 0, 0, 0, 1 << 32, 7, 0, 5]


def test_a_choice_is_mask_lowest_and_highest() -> None:
    stretches = Stretches()
    place, count = stretches.of_choices((Choice(low=2, high=2, mask=0x12), Choice(low=1, high=3, mask=0xFF)))
    assert count == 2
    assert stretches.array()[place : place + 6].tolist() == [0x12, 2, 2, 0xFF, 1, 3]


def test_an_empty_group_needs_no_room() -> None:
    stretches = Stretches()
    size = len(stretches.array())
    assert stretches.of_values(())[1] == 0
    assert len(stretches.array()) == size
