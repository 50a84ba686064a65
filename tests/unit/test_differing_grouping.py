"""Differences by who is responsible."""

from __future__ import annotations

from fwsim.differing.grouping import joined
from fwsim.space.intervals import point
from tests.differing import Json, compared


def tcp(port: int | str, verdict: str) -> Json:
    return {"proto": "tcp", "dport": port, "verdict": verdict}


def test_the_same_two_rules_are_told_once_with_all_their_regions() -> None:
    answer = compared([tcp("1-9", "accept")], [tcp("4-5", "drop"), tcp("1-9", "accept")])
    (group,) = answer.groups
    assert (group.old.rule, group.new.rule, group.complete) == ("1", "1", True)
    assert {(one.hook, one.family, one.text) for one in group.regions} == {
        (2, family, "tcp dport 4-5") for family in (4, 6)
    }


def test_the_shortest_is_told_first() -> None:
    new = [tcp("4-5", "drop") | {"src": "10.0.0.0/24", "iif": "lan"}, tcp(7, "drop"), tcp("1-9", "accept")]
    answer = compared([tcp("1-9", "accept")], new)
    assert [group.new.rule for group in answer.groups] == ["2", "1"]


def test_regions_that_differ_in_one_field_become_one() -> None:
    regions = [{1: point(a), 2: point(b)} for a in (1, 2) for b in (3, 4)]
    assert joined([dict(region) for region in regions]) == [{1: ((1, 2),), 2: ((3, 4),)}]
    assert len(joined([{1: point(1), 2: point(3)}, {1: point(2), 2: point(5)}])) == 2


def test_a_change_is_the_same_wherever_its_lines_are() -> None:
    one = compared([tcp(1, "accept")], [tcp(1, "drop")]).groups[0]
    other = compared([tcp(1, "accept")], [tcp(1, "drop"), tcp(2, "drop")]).groups[0]
    assert one.identity == other.identity
