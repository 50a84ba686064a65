"""Rules of many steps as several rules and chains: effects happen once, returns leave the right chain."""

from __future__ import annotations

import pytest

from fwsim.exporting.drafting import asks_lasting, comes_back_changed, is_shared, leaves, told
from fwsim.exporting.yaml_ruleset import ruleset_of
from fwsim.netfilter.fields import Numgen
from fwsim.netfilter.steps import Assign, Case, Choose, Connections, Effectless, Match, Rate, Step, Term, Verdict
from fwsim.ruleset import Rule
from fwsim.ruleset.values import Limit, Numbers
from tests.exporting import assert_same_walks, read

BUCKET = Limit(1, 10**9)


def rules_of(*rules: str) -> dict[str, tuple[Rule, ...]]:
    """The chains that rules of nft become in YAML, after checking that they decide the same."""
    body = "\n\t\t".join(rules)
    text = f"table inet t {{\n\tchain c {{\n\t\ttype filter hook input priority 0;\n\t\t{body}\n\t}}\n}}\n"
    foreign = read(text)
    ours = ruleset_of(foreign.netfilter)
    assert_same_walks(foreign, ours, count=100)
    return {name: chain.rules for name, chain in ours.chains.items()}


def test_a_limit_behind_alternatives_stays_one() -> None:
    chains = rules_of("tcp dport . ip saddr { 22 . 10.0.0.1, 80 . 10.0.0.2 } limit rate 5/second accept")
    assert [rule.verdict.target for rule in chains["c"]] == ["c-more", "c-more"]
    assert [rule.limit is not None for rule in chains["c-more"]] == [True]


def test_a_match_behind_an_effect_is_asked_in_a_chain_of_its_own() -> None:
    chains = rules_of("meta mark set 0x5 ip saddr 10.0.0.0/8 accept", "drop")
    assert [rule.verdict.kind for rule in chains["c"]] == ["jump", "drop"]
    assert [rule.verdict.kind for rule in chains["c-more"]] == ["accept"]


def test_a_return_behind_an_effect_leaves_the_chain_that_it_stands_in() -> None:
    chains = rules_of("meta mark set 0x5 ip saddr 10.0.0.0/8 return", "drop")
    assert [rule.verdict.target for rule in chains["c"]] == ["c-more", "c-next"]
    assert [rule.verdict.kind for rule in chains["c-more"]] == ["return", "goto"]
    assert [rule.verdict.kind for rule in chains["c-next"]] == ["drop"]


def test_a_map_of_verdicts_is_a_rule_for_each_case() -> None:
    chains = rules_of("tcp dport vmap { 22 : accept, 80 : drop }")
    assert [(str(rule.dport.source), rule.verdict.kind) for rule in chains["c"] if rule.dport] == [
        ("22", "accept"),
        ("80", "drop"),
    ]


NAMED_MAP = Choose(("dport",), (), "m")
CHOICE = Choose(("dport",), (Case((Numbers(((22, 22),)),), (Verdict("return"),)),))


@pytest.mark.parametrize(
    ("steps", "answer"),
    [
        ((Verdict("return"),), True),
        ((Verdict("accept"),), False),
        ((CHOICE,), True),
        ((Choose(("dport",), (), "m"),), True),
    ],
)
def test_returns_and_gotos_leave_a_chain_those_in_maps_too(steps: tuple[Step, ...], answer: bool) -> None:
    assert leaves(steps) is answer


@pytest.mark.parametrize(
    ("steps", "answer"),
    [
        ((Assign("mark", 1),), True), ((Assign("mark", 1), Verdict("accept")), False), ((Verdict("jump", "x"),), True),
        ((Effectless("log"),), False), ((), False),
    ],
)  # fmt: skip
def test_a_packet_may_come_back_changed(steps: tuple[Step, ...], answer: bool) -> None:
    assert comes_back_changed(steps) is answer


@pytest.mark.parametrize(
    ("step", "answer"),
    [
        (Rate(BUCKET), True), (Rate(BUCKET, object="slow"), False), (Connections(3), True),
        (Assign("mark", 0, (Term(Numgen("inc", 3, 0, 1)),)), True), (Assign("mark", 0, (Term("ct_mark"),)), False),
        (Match(Numgen("inc", 3, 0, 1), Numbers(((0, 0),))), True), (Match("dport", Numbers(((22, 22),))), False),
    ],
)  # fmt: skip
def test_what_counts_for_itself_must_stand_once(step: Step, answer: bool) -> None:
    assert is_shared(step) is answer


def test_marks_and_states_may_change_between_two_rules() -> None:
    assert asks_lasting(Match("dport", Numbers(((22, 22),))))
    assert not asks_lasting(Match("mark", Numbers(((22, 22),))))


def test_a_step_is_told_as_it_was_written() -> None:
    assert told(Verdict("queue", text="queue to 3")) == "'queue to 3'"
    assert told(Verdict("queue")) == "'verdict'"


def test_behind_continue_the_rest_of_a_rule_is_written() -> None:
    chains = rules_of("tcp dport 81 continue drop", "tcp dport vmap { 22 : accept, 80 : continue } drop")
    found = [(str(rule.dport.source), rule.verdict.kind) for rule in chains["c"] if rule.dport]
    assert found == [("81", "drop"), ("22", "accept"), ("80", "drop")]
