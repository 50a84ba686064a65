"""Times as a user writes them."""

from __future__ import annotations

import pytest

from fwsim.moments import nanoseconds_of

SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("0", 0),
        ("1772438403.123456789", 1_772_438_403_123_456_789),
        ("2026-03-02", 1_772_409_600 * SECOND),
        ("2026-03-02T08:00:03", 1_772_438_403 * SECOND),
        ("2026-03-02 08:00:03.5", 1_772_438_403_500_000_000),
        ("2026-03-02T09:00:03+01:00", 1_772_438_403 * SECOND),
    ],
)
def test_numbers_are_seconds_and_dates_are_utc(text: str, nanoseconds: int) -> None:
    assert nanoseconds_of(text) == nanoseconds


@pytest.mark.parametrize("text", ["", "soon", "-1", "nan", "inf", "1e30", "1960-01-01", "08:00", "2026-13-01"])
def test_what_is_no_time_or_none_that_fits_is_none(text: str) -> None:
    assert nanoseconds_of(text) is None
