"""Conditions of random rules that translate: of some kinds, and such as can hold beside one another."""

from __future__ import annotations

from random import Random

from fwsim.fuzz.nat.conditions import BEHIND_ROUTING, FILTERING, has_protocol, negated, some


def test_no_two_protocols_are_asked_for() -> None:
    chance = Random(1)
    drawn = [some(chance, 4, FILTERING, 2, 4) for _ in range(300)]
    assert max(sum(map(has_protocol, found)) for found in drawn) == 1
    assert {len(found) for found in drawn} >= {1, 2, 3}


def test_a_condition_is_about_the_family_that_it_is_made_for() -> None:
    chance = Random(2)
    found = [one for _ in range(200) for one in some(chance, 6, BEHIND_ROUTING, 1, 3)]
    assert any(one.startswith("ip6 daddr") for one in found)
    assert not any(one.startswith("ip ") or " ip " in one for one in found)


def test_some_values_are_negated() -> None:
    chance = Random(3)
    assert {negated(chance, "wan") for _ in range(50)} == {"wan", "!= wan"}
