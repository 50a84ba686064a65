"""Matches as sets of values, and as instructions."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.engine.program import OP_ADDRESS, OP_CHOICE, OP_VALUE
from fwsim.lower.asking import Asked, Meanings, instruction_of, merged_asks
from fwsim.lower.boundaries import WHOLE
from fwsim.lower.stretches import Stretches
from fwsim.netfilter import Set
from fwsim.netfilter.steps import Match
from fwsim.ruleset.values import Addresses, Choice, Masked, Names, Numbers
from fwsim.tables import PACKET, number_of
from tests.deciding import ruleset_of


def asked(match: Match, **sets: Set) -> Asked:
    found = Meanings(["lan", "wan"]).asked(match, sets)
    assert found is not None
    return found


def asks_of(document: dict[str, Any], **more: Any) -> list[Asked]:
    """What the only rule of a ruleset asks."""
    ruleset = ruleset_of([{"verdict": "drop", **document}], **more)
    (chain,) = ruleset.netfilter.tables[0].chains.values()
    return merged_asks([asked(step) for step in chain.rules[0].steps if isinstance(step, Match)])


def fields(document: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {question.key: question.boundaries for question in asks_of(document, **more)}


def test_a_rule_that_asks_nothing_has_no_questions() -> None:
    assert fields({}) == {}


def test_values_are_the_boundaries_of_where_they_are_true() -> None:
    assert fields({"proto": "tcp", "dport": [80, 443]}) == {"proto": (6, 7), "dport": (80, 81, 443, 444)}
    assert fields({"proto": "tcp", "dport": "!80"})["dport"] == (0, 80, 81)
    assert fields({"iif": "wan"}) == {"iif": (1, 2)}
    assert fields({"ttl": "1-5"}) == {"ttl": (1, 6)}


def test_a_set_is_put_in_and_what_is_wanted_stays_as_written() -> None:
    (match,) = asks_of({"src": "@hosts"}, sets={"hosts": ["10.1.0.5"]})
    assert match.boundaries == (0x0A010005 << 96, 0x0A010006 << 96)
    assert match.wanted == "@hosts"


def test_a_named_set_of_the_table_stands_for_its_elements_negated_or_not() -> None:
    hosts = Set("hosts", ("ipv4_addr",), value=Addresses(v4=((5, 5),)))
    inside = asked(Match("src", Addresses(sets=("hosts",))), hosts=hosts)
    assert inside.boundaries == (5 << 96, 6 << 96)
    outside = asked(Match("src", Addresses(sets=("hosts",), negated=True)), hosts=hosts)
    assert outside.boundaries == (0, 5 << 96, 6 << 96, 1 << 128)


def test_what_a_match_implies_is_asked_as_well() -> None:
    assert fields({"icmp_type": "echo-request"}) == {"family": (4, 5), "proto": (1, 2), "icmp_type": (8, 9)}
    assert fields({"tcp_flags": "syn / syn,ack"})["proto"] == (6, 7)


def test_two_matches_on_one_field_are_one() -> None:
    assert [question.key for question in asks_of({"family": "ipv4", "icmp_type": 0})].count("family") == 1


@pytest.mark.parametrize("order", [1, -1])
def test_a_name_and_a_negated_one_are_one_question_that_needs_an_interface(order: int) -> None:
    lan, others = Names(names=("lan",)), Names(prefixes=("l",), negated=True)
    (one,) = merged_asks([asked(Match("iif", lan)), asked(Match("iif", others, absent=True))][::order])
    assert one.boundaries == ()
    assert not one.means.absent


def test_two_matches_under_one_mask_are_one_and_under_two_masks_two() -> None:
    low = asked(Match("mark", Masked((Choice(0x10, 0x30, 0xF0),))))
    high = asked(Match("mark", Masked((Choice(0x20, 0x40, 0xF0),))))
    (both,) = merged_asks([low, high])
    assert both.boundaries == (0x20, 0x31)
    assert both.means.choices == (Choice(0x20, 0x30, 0xF0),)
    other = asked(Match("mark", Masked((Choice(1, 1, 0x0F),))))
    assert len(merged_asks([low, other])) == 2


def test_small_masked_fields_become_sets_of_values_and_large_ones_sets_under_their_mask() -> None:
    flags = fields({"tcp_flags": "syn / syn,ack"})["tcp_flags"]
    assert [number for number in range(256) if sum(b <= number for b in flags) % 2] == [
        number for number in range(256) if number & 0x12 == 0x02
    ]
    (mark,) = asks_of({"ct_mark": "0x10/0xf0"})
    assert (mark.boundaries, mark.means.mask) == ((0x10, 0x11), 0xF0)
    assert [(choice.mask, choice.low, choice.high) for choice in mark.means.choices] == [(0xF0, 0x10, 0x10)]
    (marks,) = asks_of({"ct_mark": [1, "0x10/0xf0"]})
    assert marks.boundaries is None
    assert marks.means.mask == WHOLE


def test_what_is_not_simulated_is_no_question() -> None:
    assert Meanings([]).asked(Match("ct_expiration", Numbers(((1, 5),))), {}) is None


@pytest.mark.parametrize(
    ("match", "row"),
    [
        (Match("src", Addresses(v4=((5, 5),))), (OP_ADDRESS, "src0", 0)),
        (Match("ttl", Numbers(((5, 5),))), (OP_VALUE, "ttl", 0)),
        (Match("ct_mark", Masked((Choice(0x10, 0x10, 0xF0),))), (OP_CHOICE, "ct_mark", 0)),
        (Match("iif", Names(("lan",), negated=True), absent=True), (OP_VALUE, "iif", 1)),
    ],
)
def test_an_instruction_names_the_field_and_whether_it_may_be_absent(match: Match, row: tuple[int, str, int]) -> None:
    op, field, *_, absent = instruction_of(asked(match), Stretches())
    assert (op, field, absent) == (row[0], number_of(PACKET, row[1]), row[2])


def test_an_instruction_names_where_its_operands_stand() -> None:
    stretches = Stretches()
    _, _, first, count, *_ = instruction_of(asked(Match("ttl", Numbers(((1, 5),)))), stretches)
    assert stretches.array()[first : first + count].tolist() == [1, 6]


def test_equal_values_have_one_meaning_and_equal_matches_one_question() -> None:
    meanings = Meanings([])
    one, other = (
        meanings.asked(Match("sport", Numbers(((1, 5),), source=source), text=source), {}) for source in ("a", "b")
    )
    assert one is not None
    assert other is not None
    assert one.means is other.means
    assert (one.wanted, other.wanted) == ("a", "b")
    value = Numbers(((1, 5),))
    there = meanings.asked(Match("sport", value, text="a"), {})
    assert there is meanings.asked(Match("sport", value, text="a"), {})
    absent = meanings.asked(Match("sport", value, absent=True, text="a"), {})
    assert absent is not None
    assert absent.means.absent
    assert meanings.asked(Match("dport", value, text="a"), {}) != there
