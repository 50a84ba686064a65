"""The clock, held against Python's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fwsim.headers.clock import SECOND, clock

LATEST = int(datetime(2200, 1, 1, tzinfo=UTC).timestamp()) * SECOND


@given(st.integers(0, LATEST))
@example(0)
@example(int(datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC).timestamp()) * SECOND + SECOND - 1)
@example(int(datetime(2024, 3, 1, tzinfo=UTC).timestamp()) * SECOND)
def test_the_clock_says_what_the_calendar_does(now: int) -> None:
    date = datetime.fromtimestamp(now // SECOND, UTC)
    midnight = date.replace(hour=0, minute=0, second=0)
    wanted = {
        "hour": (date - midnight).seconds,
        "day": (date.weekday() + 1) % 7,
        "monthday": date.day,
        "monthday_before": (date - timedelta(days=1)).day,
    }
    assert {field: int(clock(field, np.array([now]))[0]) for field in wanted} == wanted


@pytest.mark.parametrize(("day", "number"), [(7, 0), (8, 1), (13, 6)])
def test_sunday_is_zero(day: int, number: int) -> None:
    now = int(datetime(2024, 1, day, 12, tzinfo=UTC).timestamp()) * SECOND
    assert clock("day", np.array([now])).tolist() == [number]
