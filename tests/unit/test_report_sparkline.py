"""Lines of bars."""

from __future__ import annotations

import pytest

from fwsim.report.sparkline import sparkline


@pytest.mark.parametrize(
    ("numbers", "bars", "digits"),
    [
        ([], "", ""),
        ([0, 0], "··", ".."),
        ([1], "█", "9"),
        ([0, 1, 2, 3, 4, 5, 6, 7, 8], "·▁▂▃▄▅▆▇█", ".23456789"),
        ([1, 1_000_000, 0], "▁█·", "19."),
        ([500, 501, 1000], "▄▅█", "559"),
    ],
)
def test_heights_are_shares_of_the_highest_and_only_nothing_is_a_dot(
    numbers: list[int], bars: str, digits: str
) -> None:
    assert sparkline(numbers, bars=True) == bars
    assert sparkline(numbers, bars=False) == digits
