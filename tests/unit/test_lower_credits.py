"""Limits of xtables in credits: numbers that a kernel of 250 ticks a second works out."""

from __future__ import annotations

import pytest

from fwsim.lower.credits import hash_bucket, power_below, xt_limit_row
from fwsim.ruleset.values import Limit

SECOND = 1_000_000_000


def test_a_tick_brings_128_credits_at_250_ticks_a_second() -> None:
    assert xt_limit_row(Limit(1, SECOND, 5)) == (4_000_000, 128, 250 * 128, 5 * 250 * 128)
    assert xt_limit_row(Limit(1, SECOND, 5), 1000)[:2] == (1_000_000, 32)


def test_a_long_average_is_divided_first() -> None:
    _, per_tick, cost, capacity = xt_limit_row(Limit(1, 86_400 * SECOND, 1))
    assert cost == capacity == 86_400 * 250 * per_tick


def test_the_average_is_cut_to_parts_of_a_second() -> None:
    assert xt_limit_row(Limit(3, SECOND, 1))[2] == 3333 * 250 * 128 // 10_000


def test_a_hash_bucket_counts_in_two_halves() -> None:
    bucket = hash_bucket(Limit(1, SECOND, 5))
    cost = bucket.cost_high << 32 | bucket.cost_low
    assert bucket.per_tick == 1 << 7
    assert cost == 1_000_000 * (250 * (1 << 39) // 1_000_000)
    assert (bucket.capacity_high << 32 | bucket.capacity_low) == 5 * cost


def test_bytes_are_counted_in_chunks_of_sixteen() -> None:
    bucket = hash_bucket(Limit(1024, SECOND, 0, unit="bytes"))
    assert bucket.by_bytes == 1
    assert bucket.burst == 0
    assert bucket.capacity_low == 32_768 * 250
    assert bucket.capacity_low // bucket.cost_low == 65  # 64 chunks and what rounding leaves


@pytest.mark.parametrize(("burst", "times"), [(0, 0), (1, 1), (1024, 1), (2048, 2)])
def test_a_burst_of_bytes_is_how_often_a_second_comes_again(burst: int, times: int) -> None:
    assert hash_bucket(Limit(1024, SECOND, burst, unit="bytes")).burst == times


def test_the_power_below_a_number() -> None:
    assert [power_below(number) for number in (1, 2, 3, 198, 256)] == [1, 2, 2, 128, 256]
