"""Hosts meet in pairs of one family, from either side."""

from __future__ import annotations

from random import Random

from fwsim.fuzz.hosts import USUAL, Hosts


def test_pairs_are_of_one_family_and_of_both_sides() -> None:
    chance = Random(1)
    found = [USUAL.pair(chance) for _ in range(500)]
    assert {begins for begins, _ in found} == {0, 1}
    for begins, pair in found:
        family = int(":" in pair[0])
        assert pair[0] in USUAL.sides[begins][family]
        assert pair[1] in USUAL.sides[1 - begins][family]
    assert {":" in pair[0] for _, pair in found} == {True, False}


def test_a_family_that_one_side_lacks_is_not_spoken() -> None:
    hosts = Hosts(((("10.1.0.1",), ("fd00:1::1",)), (("198.51.100.1",), ())))
    assert {":" in hosts.pair(Random(seed))[1][0] for seed in range(50)} == {False}
