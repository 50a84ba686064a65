"""Lines that are the same in both rulesets, and those that are changed."""

from __future__ import annotations

from random import Random
from typing import Any

from fwsim.differing.aligning import Aligning, Alignment, matching
from fwsim.differing.keys import Keys
from fwsim.differing.sides import sides_of
from fwsim.differing.universe import start_of
from fwsim.space import way_through
from fwsim.terms import Hook
from tests.differing import model

Json = dict[str, Any]
FORWARD = int(Hook.FORWARD)


def aligned(old: Json, new: Json, family: int = 4) -> Alignment:
    sides = sides_of(model({"chains": old}), model({"chains": new}))
    both = (sides.old, sides.new)
    ways = tuple(way_through(side.model, FORWARD) for side in both)
    keys = Keys(sides.old), Keys(sides.new)
    return Aligning(keys, start_of(FORWARD, family, 2)).along((ways[0], ways[1]), family)


def chain(*rules: Json, policy: str = "drop", **more: Any) -> Json:
    return {"hook": "forward", "policy": policy, "rules": list(rules), **more}


A, B, C = ({"proto": "tcp", "dport": port, "verdict": "accept"} for port in (1, 2, 3))


def test_a_rule_that_is_put_in_is_the_only_change() -> None:
    found = aligned({"f": chain(A, B)}, {"f": chain(A, C, B)})
    assert found.same == {0: 0, 1: 2}
    assert found.changed == (set(), {1})
    assert found.identity(0, 1) == found.identity(1, 2) != found.identity(1, 1)


def test_a_policy_that_is_another_one_is_a_change() -> None:
    found = aligned({"f": chain(A)}, {"f": chain(A, policy="accept")})
    assert found.ends == ({0}, {0})
    assert not found.changed[0]


def test_chains_that_are_called_correspond_by_name_or_by_content() -> None:
    jump = {"verdict": "jump below"}
    old = {"f": chain(jump), "below": {"rules": [A, B]}}
    assert aligned(old, {"f": chain(jump), "below": {"rules": [A]}}).changed == ({2}, set())
    other = {"f": chain({"verdict": "jump renamed"}), "renamed": {"rules": [A, B]}}
    assert not aligned(old, other).any
    assert aligned(old, {"f": chain({"verdict": "jump x"}), "x": {"rules": [B]}}).changed[0] == {0}


def test_a_base_chain_that_only_one_has_is_changed_whole() -> None:
    late = chain(B, priority=5)
    found = aligned({"f": chain(A)}, {"f": chain(A), "late": late})
    assert (found.changed[1], found.ends[1]) == ({1}, {1})
    assert not aligned({"f": chain(A)}, {"f": chain(A), "late": chain(policy="accept", priority=5)}).any


def test_rules_of_another_family_are_no_change() -> None:
    other = {"src": "fd00::/8", "verdict": "accept"}
    assert not aligned({"f": chain(A)}, {"f": chain(other, A)}).any
    assert aligned({"f": chain(A)}, {"f": chain(other, A)}, family=6).any


def test_matching_pairs_equal_values_in_order() -> None:
    dice = Random(3)
    for _ in range(200):
        one, other = ([dice.randrange(4) for _ in range(dice.randrange(9))] for _ in range(2))
        pairs = matching(one, other)
        assert all(one[first] == other[second] for first, second in pairs)
        assert pairs == sorted(pairs)
        assert all(len({pair[side] for pair in pairs}) == len(pairs) for side in (0, 1))
    assert matching([1, 2, 3], [1, 2, 3]) == [(0, 0), (1, 1), (2, 2)]
