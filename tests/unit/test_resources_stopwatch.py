"""The time of each mode: what is counted of it, and when it says nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fwsim.resources import stopwatch
from fwsim.resources.stopwatch import LEAST_ROWS, LEAST_TIME, Speed, Stopwatch

MANY = max(LEAST_ROWS.values())


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether the engine counts as compiled: the last one says it."""
    found = [False]
    monkeypatch.setattr(stopwatch, "is_compiled", lambda: found[-1])
    return found


def watch(*spent: int) -> Stopwatch:
    """One for which so much time passes at each measurement."""

    def clock() -> Iterator[int]:
        for one in spent:
            yield from (100, 100 + one)

    return Stopwatch(clock().__next__)


def test_packets_in_a_second_of_a_core(compiled: list[bool]) -> None:
    timing = watch(LEAST_TIME, 3 * LEAST_TIME)
    for _ in range(2):
        with timing.timed("stateful", MANY):
            pass
    speed = timing.speed("stateful")
    assert speed == Speed(False, 2 * MANY, 4 * LEAST_TIME)
    assert speed.per_second == 2 * MANY * 10**9 // (4 * LEAST_TIME)
    assert timing.speed("stateless") is None


def test_too_little_time_says_nothing(compiled: list[bool]) -> None:
    timing = watch(LEAST_TIME - 1)
    with timing.timed("stateful", MANY):
        pass
    assert timing.speed("stateful") is None


def test_a_few_packets_at_a_time_are_not_measured(compiled: list[bool]) -> None:
    timing = watch(LEAST_TIME, LEAST_TIME)
    with timing.timed("stateful", LEAST_ROWS[False] - 1):
        pass
    assert timing.speed("stateful") is None


def test_parts_of_a_mode_add_their_time_and_one_of_them_the_packets(compiled: list[bool]) -> None:
    timing = watch(LEAST_TIME, LEAST_TIME, LEAST_TIME)
    for part in (-1, 0, 1):
        with timing.timed("stateful", MANY, part):
            pass
    assert timing.speed("stateful") == Speed(False, MANY, 3 * LEAST_TIME)


def test_the_compiled_speed_counts_without_the_first_time_that_loads_it(compiled: list[bool]) -> None:
    timing = watch(*[LEAST_TIME] * 4)
    with timing.timed("stateful", MANY):
        pass
    compiled.append(True)
    for expected in (
        Speed(False, MANY, LEAST_TIME),
        Speed(True, MANY, LEAST_TIME),
        Speed(True, 2 * MANY, 2 * LEAST_TIME),
    ):
        with timing.timed("stateful", MANY):
            pass
        assert timing.speed("stateful") == expected
