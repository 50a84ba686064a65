"""Figures as people read them."""

from __future__ import annotations

import pytest

from fwsim.report.figures import count, counted, duration, moment, roughly, share, size, time_of_day

SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0 ms"),
        (999_999, "under 1 ms"),
        (85_000_000, "85 ms"),
        (1_250_000_000, "1.25 s"),
        (59 * SECOND, "59 s"),
        (60 * SECOND, "1 min"),
        (8040 * SECOND, "2 h 14 min"),
        (3600 * SECOND, "1 h"),
        (86_400 * SECOND + SECOND, "1 d"),
        (90_061 * SECOND, "1 d 1 h"),
    ],
)
def test_duration_shows_its_two_largest_units(nanoseconds: int, text: str) -> None:
    assert duration(nanoseconds) == text


def test_counts_have_thousands_separated_and_nouns_their_number() -> None:
    assert count(1_234_567) == "1,234,567"
    assert [counted(number, "packet") for number in (0, 1, 2)] == ["0 packets", "1 packet", "2 packets"]


def test_moments_are_in_utc() -> None:
    assert moment(1_772_438_403_999_999_999) == "2026-03-02 08:00:03 UTC"
    assert time_of_day(1_772_438_403_000_004_999) == "08:00:03.000004"
    assert moment((1 << 63) - 1) == "2262-04-11 23:47:16 UTC"


@pytest.mark.parametrize(
    ("octets", "text"), [(999, "999 bytes"), (94_000, "94 kB"), (1_500_000, "1.5 MB"), (7 * 10**12, "7e+03 GB")]
)
def test_sizes_use_powers_of_ten(octets: int, text: str) -> None:
    assert size(octets) == text


def test_share_of_nothing_is_nothing() -> None:
    assert share(1, 8) == "12.5 %"
    assert share(0, 0) == "0 %"


def test_an_estimate_has_two_digits() -> None:
    assert [roughly(number) for number in (7, 99, 1_234, 98_765)] == [7, 99, 1_200, 99_000]
