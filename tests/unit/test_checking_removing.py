"""Rules whose verdict changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.checking import removing
from fwsim.checking.removing import Removing
from tests.findings import Json, reaching_of, tcp


def redundant(rules: list[Json], policy: str = "drop", logging: tuple[int, ...] = (), **chains: Json) -> dict[int, Any]:
    one = Removing(reaching_of(rules, policy, **chains), frozenset(logging))
    result = {idle.rule: idle.instead for idle in one.redundant()}
    assert not one.open
    return result


def in_vain(rules: list[Json], policy: str = "drop", **chains: Json) -> dict[int, Any]:
    return {idle.rule: idle.instead for idle in Removing(reaching_of(rules, policy, **chains)).in_vain()}


def test_a_rule_that_a_later_one_makes_superfluous_is_redundant() -> None:
    assert redundant([tcp("5"), tcp("1-9")]) == {0: 1}


def test_an_exception_from_what_lies_between_is_not() -> None:
    assert redundant([tcp("5"), tcp("4-6", "drop"), tcp("1-9")]) == {}


def test_a_rule_that_says_what_the_policy_says_is_redundant() -> None:
    assert redundant([tcp("1-9"), tcp("20", "drop")]) == {1: None}
    assert redundant([tcp("20", "drop"), tcp("1-30")]) == {}


def test_several_rules_together_make_one_superfluous() -> None:
    assert redundant([tcp("4-6"), tcp("1-5"), tcp("6-9")]) == {0: 1}


def test_a_way_through_other_chains_is_followed() -> None:
    jump: Json = {"proto": "tcp", "verdict": "jump below"}
    assert redundant([tcp("5"), jump], below={"rules": [tcp("1-9")]}) == {0: 2}
    assert redundant([tcp("5"), jump], below={"rules": [tcp("1-9", src="10.0.0.0/8")]}) == {}


def test_rules_that_do_more_than_to_decide_are_left_alone() -> None:
    assert redundant([tcp("5"), tcp("1-9")], logging=(0,)) == {}
    assert redundant([tcp("5", set_mark=1), tcp("1-9")]) == {}
    assert redundant([tcp("5", limit="1/second"), tcp("1-9")]) == {}


def test_an_accepted_packet_that_a_later_chain_drops_is_not_what_makes_a_rule_redundant() -> None:
    late: Json = {"hook": "forward", "priority": 10, "policy": "drop", "rules": [tcp("80")]}
    assert redundant([tcp("5"), tcp("80")], late=late) == {}
    assert in_vain([tcp("5"), tcp("80")], late=late) == {0: None}


def test_what_a_later_chain_drops_whatever_it_is_is_accepted_in_vain() -> None:
    late: Json = {"hook": "forward", "priority": 10, "policy": "accept", "rules": [tcp("1-9", "drop")]}
    assert in_vain([tcp("5"), tcp("8-12")], late=late) == {0: 2}


def test_where_it_takes_too_long_it_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removing, "IN_ALL", 1)
    one = Removing(reaching_of([tcp("4-6"), tcp("1-5"), tcp("6-9")]))
    assert list(one.redundant()) == []
    assert one.open == [0]


def test_who_decides_instead_is_named_alone_only_if_it_decides_about_all() -> None:
    def alone(rules: list[Json], policy: str = "drop") -> dict[int, bool]:
        return {idle.rule: idle.alone for idle in Removing(reaching_of(rules, policy)).redundant()}

    assert alone([tcp("5"), tcp("1-9")]) == {0: True}
    assert alone([tcp("4-6"), tcp("1-5"), tcp("6-9")]) == {0: False}
    assert alone([tcp("1-9", "drop")]) == {0: True}
    assert alone([tcp("1-9"), tcp("3-4", iif="lan")], "accept") == {0: False}
