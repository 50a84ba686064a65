"""Statements that count, in JSON as in text."""

from typing import Any

import pytest

from tests.nft_json_reading import is_as_text, refused, statement_of


@pytest.mark.parametrize(
    ("told", "text"),
    [
        ({"counter": None}, "counter"),
        ({"counter": {"packets": 1, "bytes": 2}}, "counter packets 1 bytes 2"),
        ({"counter": {"packets": -1, "bytes": 0}}, "counter packets 18446744073709551615 bytes 0"),
        (
            {"quota": {"val": 25, "val_unit": "mbytes", "inv": True, "used": 1, "used_unit": "kbytes"}},
            "quota over 25 mbytes used 1 kbytes",
        ),
        ({"quota": {"val": 5}}, "quota 5 bytes"),
        ({"limit": {"rate": 10, "per": "second"}}, "limit rate 10/second"),
        ({"limit": {"rate": 10, "burst": 5, "per": "second"}}, "limit rate 10/second"),
        ({"limit": {"rate": 10, "burst": 7, "per": "day", "inv": True}}, "limit rate over 10/day burst 7 packets"),
        (
            {"limit": {"rate": 1, "burst": 0, "per": "hour", "rate_unit": "kbytes", "burst_unit": "bytes"}},
            "limit rate 1 kbytes/hour",
        ),
        (
            {"limit": {"rate": 1, "burst": 2, "per": "hour", "rate_unit": "mbytes", "burst_unit": "kbytes"}},
            "limit rate 1 mbytes/hour burst 2 kbytes",
        ),
        ({"ct count": {"val": 10, "inv": True}}, "ct count over 10"),
        ({"ct count": {"val": 1}}, "ct count 1"),
    ],
)
def test_what_counts_is_what_text_says(told: Any, text: str) -> None:
    assert is_as_text(told, text)


def test_when_a_rule_was_last_used_is_told_in_milliseconds() -> None:
    assert statement_of({"last": {"used": 5000}}).used == "5000ms"
    assert statement_of({"last": None}).used == "never"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"counter": {"packets": 1}}, "'bytes' is missing"),
        ({"counter": {"packets": 1, "bytes": 2, "name": "x"}}, "unknown key 'name', expected bytes, packets"),
        ({"quota": {"val": 1, "val_unit": "gbytes"}}, "unexpected string 'gbytes', expected bytes, kbytes or mbytes"),
        ({"limit": {"rate": 1}}, "'per' is missing"),
        ({"limit": {"rate": 1, "per": "year"}}, "unexpected string 'year', expected second, minute, hour, day or week"),
        (
            {"limit": {"rate": 1, "per": "day", "rate_unit": "x"}},
            "unexpected string 'x', expected packets, bytes, kbytes or mbytes",
        ),
        ({"ct count": {"val": -1}}, "-1 is out of range, expected 0 to 4294967295"),
        ({"ct count": {}}, "'val' is missing"),
    ],
)
def test_what_counts_nothing_is_refused(told: Any, expected: str) -> None:
    assert refused(told) == expected
