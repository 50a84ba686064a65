"""Which rules may lead to a goal."""

from __future__ import annotations

from typing import Any

from fwsim.lower import lower
from fwsim.ruleset import Ruleset
from fwsim.space import Goal, Model, way_through
from fwsim.space.aiming import GETS_THROUGH, Aim
from fwsim.space.fields import IIF
from fwsim.space.index import bits_of
from fwsim.space.node import Node
from fwsim.space.ways import Base
from fwsim.terms import Hook, Verdict

RULES = [
    {"iif": "lan", "verdict": "accept"},
    {"iif": "lan", "verdict": "drop"},
    {"iif": "wan", "verdict": "jump below"},
    {"iif": "wan", "verdict": "return"},
    {"iif": "wan", "verdict": "continue"},
]
DROP = Goal(frozenset((int(Verdict.DROP),)))


def aim(goal: Goal, policy: str = "drop", **chains: Any) -> tuple[Aim, Node]:
    """The aim, and a node at the beginning of the forward chain."""
    forward = {"hook": "forward", "policy": policy, "rules": RULES}
    below = {"rules": [{"oif": "wan", "verdict": "reject"}]}
    document = {"chains": {"forward": forward, "below": below, **chains}}
    model = Model(lower(Ruleset.model_validate(document), interfaces=("lan", "wan")))
    way = way_through(model, int(Hook.FORWARD))
    first = next(n for n, stop in enumerate(way) if isinstance(stop, Base))
    return Aim(model, way, goal), Node(first, model.region({}), chain=0)


def test_who_looks_for_acceptance_aims_at_what_accepts_or_leads_on() -> None:
    one, node = aim(GETS_THROUGH)
    assert list(bits_of(one.targets_of(node))) == [0, 2]
    assert not one.end_matters(node)
    other, node = aim(GETS_THROUGH, "accept")
    assert list(bits_of(other.targets_of(node))) == [0, 2, 3]
    assert other.end_matters(node)


def test_who_looks_for_a_refusal_follows_what_is_accepted_only_if_another_chain_may_refuse_it() -> None:
    one, node = aim(DROP, "accept")
    assert list(bits_of(one.targets_of(node))) == [1, 2]
    late = {"hook": "forward", "priority": 1, "policy": "drop", "rules": []}
    other, node = aim(DROP, "accept", late=late)
    assert list(bits_of(other.targets_of(node))) == [0, 1, 2, 3]


def test_packets_that_were_called_may_return() -> None:
    one, node = aim(GETS_THROUGH)
    assert one.end_matters(node._replace(chain=1, stack=((0, 3),)))


def test_a_rule_that_is_looked_for_is_past_once_nothing_leads_to_it() -> None:
    wanted = Goal(rules=frozenset((5,)))  # the rule below
    one, node = aim(wanted)
    assert not one.is_past(node)
    assert not one.is_past(node._replace(at=2))
    assert one.is_past(node._replace(at=3))
    assert not one.is_past(node._replace(at=3, chain=1, stack=((0, 2),)))
    assert not one.is_past(node._replace(chain=1, at=0, stack=((0, 3),)))
    assert one.is_past(node._replace(chain=1, at=1, stack=((0, 3),)))
    assert list(bits_of(one.targets_of(node._replace(chain=1)))) == [0]


def test_packets_that_no_jump_takes_to_what_is_looked_for_are_past_it() -> None:
    found, node = aim(Goal(rules=frozenset((5,))))
    place = found.model.places[IIF]
    assert not found.is_past(node)
    assert not found.is_past(node.seeing(place, ((1, 1),)))
    assert found.is_past(node.seeing(place, ((0, 0),)))
    assert not found.is_past(node.seeing(place, None))
