"""Rules that do the opposite to the same packets."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.checking import pairs
from fwsim.checking.pairs import Pairs
from fwsim.space.fields import DPORT
from tests.findings import Json, reaching_of, tcp


def found(rules: list[Json], **chains: Any) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """Correlated, and general rules, with their partners."""
    one = Pairs(reaching_of(rules, **chains))
    one.find()
    assert not one.open
    return (
        {rule: other.rules for rule, other in one.correlated.items()},
        {rule: other.rules for rule, other in one.general.items()},
    )


def test_rules_that_overlap_and_do_the_opposite_are_correlated() -> None:
    assert found([tcp("1-10", "drop"), tcp("5-20")]) == ({0: [1]}, {})


def test_a_later_rule_that_takes_more_is_a_generalisation() -> None:
    assert found([tcp("1-10", "drop"), tcp("20", "drop"), tcp("1-30")]) == ({}, {2: [0, 1]})


def test_rules_that_do_the_same_make_no_pair() -> None:
    assert found([tcp("1-10", "drop"), tcp("5-20", "reject"), tcp("30-40")]) == ({}, {})


def test_a_rule_that_asks_for_nothing_is_the_default_and_no_generalisation() -> None:
    assert found([tcp("1-10", "drop"), {"verdict": "accept"}]) == ({}, {})


def test_what_earlier_rules_take_correlates_no_more() -> None:
    rules = [tcp("5-10", "drop"), tcp("1-10", src="10.0.0.0/8"), tcp("5-20", "drop", dst="10.0.0.0/8")]
    assert found(rules) == ({0: [1]}, {})


def test_a_packet_in_both_is_looked_for_where_the_first_one_lies_beside() -> None:
    one = Pairs(reaching_of([tcp("1-10", "drop"), tcp("9-20", iif="wan", src="10.0.0.0/8")]))
    one.find()
    assert one.correlated[0].rules == [1]
    assert one.correlated[0].sample.packet[DPORT] in (9, 10)


def test_rules_that_hang_on_limits_or_marks_are_left_alone() -> None:
    limited: dict[str, Any] = {"limit": "1/second"}
    assert found([tcp("1-10", "drop", **limited), tcp("5-20")]) == ({}, {})
    marking: Json = {"set_mark": 1, "verdict": "continue"}
    assert found([tcp("1-10", "drop", mark=0), marking, tcp("5-20", mark=0)]) == ({}, {})


def test_rules_that_never_apply_make_no_pair() -> None:
    assert found([tcp("1-20", "drop"), tcp("5-10")]) == ({}, {})


def test_of_very_many_pairs_the_first_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "MOST", 1)
    one = Pairs(reaching_of([tcp("1-10", "drop"), tcp("5-20"), tcp("15-30", "drop")]))
    one.find()
    assert list(one.correlated) == [0]
    assert one.skipped


def test_where_it_takes_too_long_it_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "TRIED", 0)
    one = Pairs(reaching_of([tcp("1-10", "drop"), tcp("9-20", src="10.0.0.0/8")]))
    one.find()
    assert (one.correlated, one.open) == ({}, [0])
