"""Turns and chance."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwsim.engine.counted_rows import COUNT, COUNTED
from fwsim.engine.program import FALSE, TRUE
from fwsim.engine.statistic import BITS32, has_luck, is_its_turn, mixed, next_in_turn, next_random, random_below
from fwsim.lower.counts import numgen_row, statistic_row
from fwsim.netfilter.fields import Numgen
from fwsim.netfilter.steps import Statistic


def rows(values: tuple[int, ...], seed: int = 0) -> tuple[dict[str, int], dict[str, int]]:
    counted = dict.fromkeys(COUNTED.names or (), 0) | {"seed": seed}
    return dict(zip(COUNT.names or (), values, strict=True)), counted


@given(st.integers(1, 12), st.integers(0, 11), st.booleans())
def test_every_nth_packet_has_its_turn(every: int, packet: int, negated: bool) -> None:
    packet %= every
    counter, counted = rows(statistic_row(Statistic(every=every, packet=packet, negated=negated), 1))
    turns = [is_its_turn(counter, counted, 0) == TRUE for _ in range(40)]
    assert turns == [((n - packet) % every == 0) != negated for n in range(40)]


def test_numbers_in_turn_begin_with_zero() -> None:
    counter, counted = rows(numgen_row(Numgen("inc", 3, 0, 0), 1))
    assert next_in_turn(counter, counted, 1) == 0
    assert [next_in_turn(counter, counted, 0) for _ in range(7)] == [0, 1, 2, 0, 1, 2, 0]
    assert next_in_turn(counter, counted, 1) == 1
    assert next_in_turn(counter, counted, 0) == 1


@pytest.mark.parametrize("modulus", [1, 2, 10, 1 << 31, BITS32])
def test_numbers_by_chance_are_below_the_modulus_and_spread(modulus: int) -> None:
    counter, counted = rows(numgen_row(Numgen("random", modulus, 0, 0), 1))
    drawn = [random_below(counter, counted, 0) for _ in range(4000)]
    assert min(drawn) >= 0
    assert max(drawn) < modulus
    quarters = Counter(number * 4 // modulus for number in drawn)
    if modulus >= 4:
        assert all(700 < many < 1400 for many in quarters.values())


@given(st.integers(0, 1 << 40), st.integers(1, 9), st.integers(0, 1 << 40), st.integers(1, BITS32))
def test_a_number_by_chance_is_the_high_half_of_a_product(seed: int, number: int, count: int, modulus: int) -> None:
    counter, counted = rows(numgen_row(Numgen("random", modulus, 0, 0), number), seed)
    counted["count"] = count
    assert random_below(counter, counted, 1) == next_random(counter, counted, 1) * modulus >> 32


@pytest.mark.parametrize("probability", [0.1, 0.5, 0.9])
def test_luck_comes_as_often_as_it_should(probability: float) -> None:
    step = Statistic(probability=int(probability * (1 << 31)))
    counter, counted = rows(statistic_row(step, 7), seed=3)
    lucky = sum(has_luck(counter, counted, 0) for _ in range(10_000))
    assert abs(lucky / 10_000 - probability) < 0.03


def test_the_same_seed_gives_the_same_and_another_something_else() -> None:
    def drawn(seed: int, number: int) -> list[int]:
        counter, counted = rows(numgen_row(Numgen("random", 1000, 0, 0), number), seed)
        return [random_below(counter, counted, 0) for _ in range(10)]

    assert drawn(5, 1) == drawn(5, 1)
    assert len({tuple(drawn(*key)) for key in ((5, 1), (5, 2), (6, 1), (5 << 33, 1))}) == 4


def test_a_quiet_look_draws_nothing() -> None:
    counter, counted = rows(statistic_row(Statistic(probability=1 << 30), 1))
    assert len({has_luck(counter, counted, 1) for _ in range(20)}) == 1
    assert counted["count"] == 0


def test_certain_and_impossible_luck() -> None:
    for probability, truth in ((0, FALSE), (1 << 31, TRUE)):
        counter, counted = rows(statistic_row(Statistic(probability=probability), 1))
        assert {has_luck(counter, counted, 0) for _ in range(100)} == {truth}


@given(st.sets(st.integers(0, BITS32), min_size=2, max_size=50))
def test_mixing_loses_nothing(numbers: set[int]) -> None:
    assert len({mixed(number) for number in numbers}) == len(numbers)
    assert all(0 <= mixed(number) <= BITS32 for number in numbers)
