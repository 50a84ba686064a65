"""32-bit sequence arithmetic (RFC 1982, RFC 9293 3.4)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwsim.engine.serial import after, before, distance, wrap

numbers = st.integers(0, (1 << 32) - 1)
steps = st.integers(1, (1 << 31) - 1)


@pytest.mark.parametrize(
    ("number", "wrapped"), [(0, 0), (1 << 32, 0), ((1 << 32) + 5, 5), (-1, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF)]
)
def test_numbers_outside_32_bits_come_round(number: int, wrapped: int) -> None:
    assert wrap(number) == wrapped


@pytest.mark.parametrize(
    ("a", "b", "ahead"),
    [(5, 3, 2), (3, 5, -2), (0, 0xFFFFFFFF, 1), (0xFFFFFFFF, 0, -1), (7, 7, 0), (1 << 31, 0, -(1 << 31))],
)
def test_the_distance_is_counted_the_short_way_round(a: int, b: int, ahead: int) -> None:
    assert distance(a, b) == ahead


@given(numbers, steps)
def test_a_number_a_step_on_is_after_the_first_wherever_the_first_is(number: int, step: int) -> None:
    later = wrap(number + step)
    assert distance(later, number) == step
    assert after(later, number)
    assert before(number, later)
    assert not before(later, number)
    assert not after(number, later)


@given(numbers)
def test_a_number_is_neither_before_nor_after_itself(number: int) -> None:
    assert not before(number, number)
    assert not after(number, number)


@given(numbers)
def test_of_two_opposite_numbers_each_is_before_the_other(number: int) -> None:
    """The kernel's `(s32)(a - b) < 0` calls both before, as RFC 1982 leaves it undefined."""
    opposite = wrap(number + (1 << 31))
    assert before(number, opposite)
    assert before(opposite, number)
