"""Limits and logs, short or as mappings."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.ruleset import Rule
from fwsim.ruleset.values import (
    Limit,
    Log,
)


def value(key: str, raw: object, **more: object) -> Any:
    return getattr(Rule.model_validate({key: raw, **more}), key)


@pytest.mark.parametrize(
    ("raw", "limit"),
    [
        ("10/second", Limit(10, 10**9)),
        ("10 / minute", Limit(10, 60 * 10**9)),
        ("1/day", Limit(1, 86400 * 10**9)),
        ({"rate": "10/second", "burst": 20}, Limit(10, 10**9, 20)),
        ({"rate": "10/second", "burst": "20 packets", "over": True}, Limit(10, 10**9, 20, True)),
        ("64 kbytes/second", Limit(65536, 10**9, 0, False, "bytes")),
        ({"rate": "2 mbytes/hour", "burst": "8 kbytes"}, Limit(2 << 20, 3600 * 10**9, 8192, False, "bytes")),
    ],
)
def test_limits_are_tokens_in_a_time(raw: object, limit: Limit) -> None:
    assert value("limit", raw) == limit


def test_logs_are_switches_or_prefixes() -> None:
    assert value("log", True) == Log("")
    assert value("log", False) is None
    assert value("log", "refused: ") == Log("refused: ")
    assert value("log", {"prefix": "refused: "}) == Log("refused: ")
