"""Limits as buckets of nanoseconds."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.errors import RulesetError
from fwsim.lower import lower
from fwsim.lower.limits import LimitRow, limit_problems, limit_row
from fwsim.netfilter import NetfilterRule, Set
from fwsim.netfilter.steps import Lookup, Rate, Update
from fwsim.ruleset.limits import parse_limit
from fwsim.ruleset.values import Location
from tests.netfiltering import imported, table

SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("limit", "row"),
    [
        ("1/second", (5 * SECOND, SECOND, 0, 0, 0, 0, 0)),
        ({"rate": "10/second", "burst": 20}, (2 * SECOND, SECOND // 10, 0, 0, 0, 0, 0)),
        ({"rate": "1/minute", "burst": 1, "over": True}, (60 * SECOND, 60 * SECOND, 0, 0, 0, 0, 1)),
    ],
)
def test_a_limit_is_a_bucket_of_nanoseconds(limit: Any, row: LimitRow) -> None:
    """`nft_limit_init`: a packet costs the time that the rate allows for it; 5 packets of burst by default."""
    assert limit_row(parse_limit(limit)) == row


def test_a_limit_of_bytes_costs_by_length() -> None:
    limit = parse_limit({"rate": "1000 bytes/second", "burst": "500 bytes"})
    capacity, cost, remainder, divisor, by_bytes, longest, _ = limit_row(limit)
    assert (capacity, cost, remainder, divisor, by_bytes) == (SECOND * 3 // 2, SECOND // 1000, 0, 1000, 1)
    assert cost * longest <= capacity < cost * (longest + 1)


def test_a_limit_too_large_to_count_is_a_problem() -> None:
    fine = NetfilterRule((Rate(parse_limit("1/second")),))
    huge = NetfilterRule((Rate(parse_limit({"rate": "1/day", "burst": 4_000_000_000})),))
    assert limit_problems([fine]) == []
    (problem,) = limit_problems([fine, huge])
    assert "too large to be counted" in problem.what


def test_a_limit_of_each_element_can_be_too_large_too() -> None:
    huge = Rate(parse_limit({"rate": "1/day", "burst": 4_000_000_000}))
    meter = NetfilterRule((Update("add", "s", ("src",), steps=(huge,)),), location=Location("r.nft", 7))
    (problem,) = limit_problems([meter])
    assert problem.line == 7
    own = Set("s", ("ipv4_addr",), steps=(huge,), dynamic=True, location=Location("r.nft", 3))
    with pytest.raises(RulesetError) as caught:
        lower(imported(table([Lookup(("src",), set="s")], sets=[own])), interfaces=())
    assert [problem.line for problem in caught.value.problems] == [3]
