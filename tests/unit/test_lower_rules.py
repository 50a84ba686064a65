"""One rule as matches and instructions."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.engine.program import (
    OP_ADDRESS,
    OP_CHOICE,
    OP_LIMIT,
    OP_NOTRACK,
    OP_SET_CT_MARK,
    OP_SET_HELPER,
    OP_SET_MARK,
    OP_VALUE,
)
from fwsim.lower.rules import LimitRow, Match, instruction_of, limit_problems, limit_row, matches_of, statements_of
from fwsim.lower.stretches import Stretches
from fwsim.ruleset.model import Rule
from fwsim.tables import PACKET, number_of
from tests.deciding import ruleset_of

SECOND = 1_000_000_000
DAY = 86_400 * SECOND


def rule_of(document: dict[str, Any], **more: Any) -> tuple[Rule, list[Match]]:
    ruleset = ruleset_of([{"verdict": "drop", **document}], **more)
    (rule,) = ruleset.rules
    return rule, matches_of(rule, ruleset, ["lan", "wan"], {})


def fields(document: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {match.key: match.boundaries for match in rule_of(document, **more)[1]}


def operations(document: dict[str, Any]) -> list[int]:
    limits: list[LimitRow] = []
    rule, matches = rule_of(document)
    return [instruction_of(m, Stretches())[0] for m in matches] + [row[0] for row in statements_of(rule, limits)]


def test_a_rule_that_asks_nothing_has_no_matches() -> None:
    assert fields({}) == {}


def test_values_are_the_boundaries_of_where_they_are_true() -> None:
    assert fields({"proto": "tcp", "dport": [80, 443]}) == {"proto": (6, 7), "dport": (80, 81, 443, 444)}
    assert fields({"proto": "tcp", "dport": "!80"})["dport"] == (0, 80, 81)
    assert fields({"iif": "wan"}) == {"iif": (1, 2)}
    assert fields({"ttl": "1-5"}) == {"ttl": (1, 6)}


def test_a_set_is_put_in_and_what_is_wanted_stays_as_written() -> None:
    _, (match,) = rule_of({"src": "@hosts"}, sets={"hosts": ["10.1.0.5"]})
    assert match.boundaries == (0x0A010005 << 96, 0x0A010006 << 96)
    assert match.wanted == "@hosts"


def test_what_a_match_implies_is_asked_as_well() -> None:
    assert fields({"icmp_type": "echo-request"}) == {"family": (4, 5), "proto": (1, 2), "icmp_type": (8, 9)}
    assert fields({"tcp_flags": "syn / syn,ack"})["proto"] == (6, 7)


def test_two_matches_on_one_field_are_one() -> None:
    _, matches = rule_of({"family": "ipv4", "icmp_type": 0})
    assert [match.key for match in matches].count("family") == 1


def test_small_masked_fields_become_sets_of_values_and_large_ones_sets_under_their_mask() -> None:
    flags = fields({"tcp_flags": "syn / syn,ack"})["tcp_flags"]
    assert [number for number in range(256) if sum(b <= number for b in flags) % 2] == [
        number for number in range(256) if number & 0x12 == 0x02
    ]
    _, (mark,) = rule_of({"ct_mark": "0x10/0xf0"})
    assert (mark.boundaries, mark.means.mask) == ((0x10, 0x11), 0xF0)
    assert [(choice.mask, choice.low, choice.high) for choice in mark.means.choices] == [(0xF0, 0x10, 0x10)]
    _, (marks,) = rule_of({"ct_mark": [1, "0x10/0xf0"]})
    assert marks.boundaries is None


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"src": "10.1.0.5"}, [OP_ADDRESS]),
        ({"ttl": 5}, [OP_VALUE]),
        ({"ct_mark": "0x10/0xf0"}, [OP_CHOICE]),
        ({"ct_mark": "0x10/0xf0", "ttl": 5}, [OP_VALUE, OP_CHOICE]),
        ({"ttl": 5, "limit": "1/second"}, [OP_VALUE, OP_LIMIT]),
        ({"set_mark": 1, "set_ct_mark": 2, "notrack": False, "verdict": "accept"}, [OP_SET_MARK, OP_SET_CT_MARK]),
        ({"set_mark": 1, "limit": "1/second"}, [OP_LIMIT, OP_SET_MARK]),
        ({"set_mark": 1, "helper": "ftp"}, [OP_SET_MARK, OP_SET_HELPER]),
    ],
)
def test_indexed_matches_come_first_then_the_others_then_the_limit_then_what_is_set(
    document: dict[str, Any], expected: list[int]
) -> None:
    assert operations(document) == expected


def test_notrack_is_an_instruction_and_counter_and_log_are_none() -> None:
    chains = {
        "raw": {"hook": "prerouting", "priority": "raw", "rules": [{"notrack": True, "counter": True, "log": True}]}
    }
    (rule,) = ruleset_of(chains).chains["raw"].rules
    assert [row[0] for row in statements_of(rule, [])] == [OP_NOTRACK]


def test_an_instruction_names_the_field_and_where_its_operands_stand() -> None:
    stretches = Stretches()
    _, (match,) = rule_of({"ttl": "1-5"})
    op, field, first, count, *_ = instruction_of(match, stretches)
    assert (op, field) == (OP_VALUE, number_of(PACKET, "ttl"))
    assert stretches.array()[first : first + count].tolist() == [1, 6]


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
    rule, _ = rule_of({"limit": limit})
    assert rule.limit is not None
    assert limit_row(rule.limit) == row


def test_a_limit_of_bytes_costs_by_length() -> None:
    rule, _ = rule_of({"limit": {"rate": "1000 bytes/second", "burst": "500 bytes"}})
    assert rule.limit is not None
    capacity, cost, remainder, divisor, by_bytes, longest, _ = limit_row(rule.limit)
    assert (capacity, cost, remainder, divisor, by_bytes) == (SECOND * 3 // 2, SECOND // 1000, 0, 1000, 1)
    assert cost * longest <= capacity < cost * (longest + 1)


def test_a_limit_too_large_to_count_is_a_problem() -> None:
    fine, _ = rule_of({"limit": "1/second"})
    huge, _ = rule_of({"limit": {"rate": "1/day", "burst": 4_000_000_000}})
    assert limit_problems([fine]) == []
    (problem,) = limit_problems([fine, huge])
    assert "too large to be counted" in problem.what
