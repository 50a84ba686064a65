"""The token bucket of `limit`, against what nft_limit.c computes."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.engine.limits import cost_of, doubt_about, has_tokens
from fwsim.engine.rule_rows import BUCKET, LIMIT
from fwsim.lower.limits import limit_row
from fwsim.ruleset.limits import parse_limit
from fwsim.tables import empty
from fwsim.terms import Reason

SECOND = 1_000_000_000
CUT = int(Reason.CUT)


def limit(written: object) -> Any:
    """One row of LIMIT."""
    table = empty(LIMIT, 1)
    table[0] = limit_row(parse_limit(written))
    return table[0]


def bucket() -> Any:
    return empty(BUCKET, 1)[0]


def passes(written: object, times: list[float], length: int = 100) -> list[int]:
    """Which packets match, one after the other at these seconds."""
    row, full = limit(written), bucket()
    return [has_tokens(row, full, int(at * SECOND), length, 0) for at in times]


def test_the_burst_passes_at_once_and_then_the_rate() -> None:
    assert passes({"rate": "10/second", "burst": 3}, [0, 0, 0, 0, 0.0999, 0.1, 0.15, 0.2]) == [1, 1, 1, 0, 0, 1, 0, 1]


def test_five_packets_pass_at_once_without_a_burst() -> None:
    assert passes("1/minute", [0] * 7) == [1] * 5 + [0] * 2


def test_the_bucket_never_holds_more_than_the_burst() -> None:
    assert passes({"rate": "1/second", "burst": 2}, [0, 1000, 1000, 1000]) == [1, 1, 1, 0]


def test_over_matches_what_exceeds_the_rate() -> None:
    assert passes({"rate": "1/second", "burst": 1, "over": True}, [0, 0.5, 1, 1.2]) == [0, 1, 0, 1]


def test_a_packet_that_fails_takes_no_token() -> None:
    assert passes({"rate": "1/second", "burst": 1}, [0, 0.5, 0.9, 1.0]) == [1, 0, 0, 1]


@pytest.mark.parametrize("start", [0, 1.7e9])
def test_when_the_first_packet_comes_does_not_matter(start: float) -> None:
    assert passes({"rate": "1/second", "burst": 1}, [start, start + 0.5, start + 1]) == [1, 0, 1]


def test_a_limit_by_bytes_holds_rate_and_burst() -> None:
    # nft_limit_init: tokens = unit * (rate + burst) / rate
    written = {"rate": "1000 bytes/second", "burst": "500 bytes"}
    assert passes(written, [0], 1500) == [1]
    assert passes(written, [0], 1501) == [0]
    assert passes(written, [0, 0, 0.1, 0.2], 750) == [1, 1, 0, 0]
    assert passes(written, [0, 0, 0.75], 750) == [1, 1, 1]


@pytest.mark.parametrize(
    ("written", "length"), [("3 bytes/second", 7), ("1 bytes/week", 65575), ("64 kbytes/minute", 1500), ("7/week", 40)]
)
def test_the_cost_is_that_of_the_kernel_or_more_than_the_bucket_holds(written: str, length: int) -> None:
    parsed, row = parse_limit(written), limit(written)
    exact = parsed.per_ns * (length if parsed.unit == "bytes" else 1) // parsed.rate
    assert cost_of(row, length) == (exact if exact <= row["capacity"] else row["capacity"] + 1)


def test_the_longest_packet_that_a_byte_limit_can_pass_is_exact() -> None:
    row = limit({"rate": "3 bytes/second", "burst": "1 bytes"})
    assert row["longest"] == 4
    assert [has_tokens(row, bucket(), 0, length, 0) for length in (4, 5)] == [1, 0]


def test_a_byte_limit_without_divisor_passes_nothing() -> None:
    row = limit("3 bytes/second")
    row["divisor"] = 0
    assert has_tokens(row, bucket(), 0, 1, 0) == 0


def test_quiet_tells_without_taking() -> None:
    row, full = limit({"rate": "1/second", "burst": 1}), bucket()
    assert [has_tokens(row, full, 0, 1, 1) for _ in range(3)] == [1, 1, 1]
    assert [has_tokens(row, full, 0, 1, quiet) for quiet in (0, 1, 0)] == [1, 0, 0]


def test_doubt_about_a_bucket_stays() -> None:
    own = bucket()
    assert doubt_about(own, 0, 0) == 0
    assert doubt_about(own, CUT, 0) == CUT
    assert doubt_about(own, 0, 0) == CUT
    assert doubt_about(own, int(Reason.NO_INTERFACE), 0) == CUT


def test_doubt_of_a_quiet_walk_leaves_no_trace() -> None:
    own = bucket()
    assert doubt_about(own, CUT, 1) == CUT
    assert doubt_about(own, 0, 0) == 0
