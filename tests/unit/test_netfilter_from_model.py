"""Rulesets of our own in the terms of netfilter."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.netfilter.from_model import FIELDS
from fwsim.netfilter.steps import Assign, Effectless, Match, NoTrack, Rate, SetHelper, Step, Term, Verdict
from fwsim.ruleset.model import Rule
from fwsim.ruleset.values import Numbers
from fwsim.terms import Hook, RejectWith
from tests.deciding import ruleset_of


def steps_of(document: dict[str, Any], hook: str = "forward") -> list[Step]:
    chains = {"c": {"hook": hook, "priority": "raw", "rules": [document]}}
    (chain,) = ruleset_of(chains).netfilter.tables[0].chains.values()
    return list(chain.rules[0].steps)


def test_chains_keep_their_names_hooks_and_order() -> None:
    chains: dict[str, Any] = {
        "a": {"hook": ["input", "forward"], "priority": 5, "policy": "drop"},
        "b": {"rules": [{"name": "all", "verdict": "drop"}]},
    }
    (table,) = ruleset_of(chains).netfilter.tables
    assert [(chain.title, chain.hooks, chain.registered) for chain in table.chains.values()] == [
        ("a", (Hook.INPUT, Hook.FORWARD), 0),
        ("b", (), 1),
    ]
    assert table.sees == 0
    assert table.chains["b"].rules[0].name == "all"


def test_statements_stand_in_the_order_of_the_keys() -> None:
    rule = {"limit": "1/second", "counter": True, "log": {"prefix": "x"}, "set_mark": 1, "set_ct_mark": 2}
    steps = steps_of(rule)
    assert [type(step) for step in steps] == [Rate, Effectless, Effectless, Assign, Assign, Verdict]
    assert steps[-1] == Verdict("continue", text="continue")


@pytest.mark.parametrize(
    ("rule", "step"),
    [
        ({"set_mark": "0x1"}, Assign("mark", 1, text="0x1", lenient=True)),
        ({"set_mark": "0x10/0xf0"}, Assign("mark", 0x10, (Term("mark", 0xFFFFFF0F),), "0x10/0xf0", lenient=True)),
        ({"notrack": True}, NoTrack("notrack")),
        ({"proto": "tcp", "verdict": "reject", "reject_with": "tcp-reset"},
         Verdict("reject", None, RejectWith.TCP_RESET, "reject")),
        ({"icmpv6_type": 128}, Match("icmp_type", Numbers(((128, 128),)), text="128")),
        ({"icmpv6_type": 128}, Match("family", Numbers(((6, 6),)), text="ipv6")),
    ],
)  # fmt: skip
def test_what_a_key_says_is_said_by_a_step(rule: dict[str, Any], step: Step) -> None:
    assert step in steps_of(rule, "prerouting" if "notrack" in rule else "input")


def test_a_helper_is_given_by_a_step() -> None:
    assert SetHelper("ftp", "ftp") in steps_of({"proto": "tcp", "helper": "ftp"})


def test_equal_values_are_one_match() -> None:
    chains = {"c": {"hook": "forward", "rules": [{"ttl": 5}, {"ttl": 5, "verdict": "drop"}]}}
    first, second = ruleset_of(chains).netfilter.tables[0].chains["c"].rules
    assert first.steps[0] is second.steps[0]


def test_every_match_of_a_rule_has_a_field() -> None:
    statements = {"name", "limit", "counter", "log", "set_mark", "set_ct_mark", "notrack", "helper", "verdict"}
    assert set(Rule.model_fields) - statements - {"reject_with"} == set(FIELDS)
