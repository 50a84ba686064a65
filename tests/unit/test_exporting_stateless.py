"""The stateless twin as rules: packet for packet what the twin of the engine decides, or refused by name."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from fwsim.errors import RulesetError
from fwsim.exporting.nft import nft_text
from fwsim.exporting.stateless import Choices, stateless_twin
from fwsim.exporting.yaml_ruleset import ruleset_of
from fwsim.lower import lower
from fwsim.netfilter.steps import Assign, Choose, Statistic
from fwsim.ruleset import Ruleset, to_yaml
from fwsim.simulator import Simulator
from fwsim.terms import Hook
from tests.deciding import Wall
from tests.exporting import loads, read
from tests.from_text import nft
from tests.twins import twin_packet, twin_ruleset

OFFICE: dict[str, Any] = {
    "interfaces": {"lan": {"networks": ["10.1.0.0/16"]}, "wan": {"networks": ["any"]}},
    "chains": {
        "forward": {
            "hook": "forward",
            "policy": "drop",
            "rules": [
                {"ct_state": ["established", "related"], "verdict": "accept"},
                {"ct_state": "invalid", "verdict": "drop"},
                {"name": "web", "iif": "lan", "proto": "tcp", "dport": 443, "ct_state": "new", "verdict": "accept"},
                {"name": "ping", "iif": "lan", "icmp_type": "echo-request", "verdict": "accept"},
            ],
        }
    },
}


def converted(ruleset: Ruleset) -> Ruleset:
    """The twin of a ruleset, written as YAML and read again."""
    choices = Choices(ruleset.stateless.replies, ruleset.stateless.icmp_errors)
    twin = stateless_twin(ruleset.netfilter, choices)
    return read(to_yaml(ruleset_of(twin, ruleset, stateless=True)))


def wall(ruleset: Ruleset) -> Wall:
    """The stateless mode of a ruleset."""
    found = Wall([], mode="stateless")
    found.simulator = Simulator(ruleset, mode="stateless", key=1)
    return found


def test_replies_come_back_through_the_mirrored_rules() -> None:
    rules = converted(Ruleset.model_validate(OFFICE)).chains
    mirrored = {rule.name: rule for rule in rules["forward-mirror"].rules}
    web = mirrored["web (mirrored)"]
    assert web.oif is not None
    assert (web.oif.names, web.sport is not None, web.dport) == (("lan",), True, None)
    ping = mirrored["ping (mirrored)"]
    assert ping.icmp_type is not None
    assert ping.icmp_type.source == "echo-reply"


def test_the_twin_asks_for_nothing_of_connections() -> None:
    lowered = lower(converted(Ruleset.model_validate(OFFICE)), interfaces=("lan", "wan"))
    assert (lowered.uses_ct, lowered.tracking) == (False, False)


def test_a_ruleset_without_ct_expressions_is_its_own_twin() -> None:
    netfilter = read("policy: drop\nrules:\n  - {proto: tcp, verdict: accept}\n").netfilter
    assert stateless_twin(netfilter) is netfilter


def test_the_twin_loads_in_nft() -> None:
    twin = stateless_twin(Ruleset.model_validate(OFFICE).netfilter)
    assert loads("nft", nft_text(twin, fragments=True)) == ""


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        ({"limit": "1/second", "verdict": "accept"}, "the twin asks it for the mirror image, too, without counting"),
        ({"ct_mark": 1, "set_ct_mark": 2, "verdict": "accept"}, "'ct mark': rules set it"),
    ],
)
def test_what_cannot_be_decided_as_the_twin_does_is_refused_with_its_place(rule: dict[str, Any], what: str) -> None:
    rules = [{"ct_state": "new", **rule}, {"ct_state": "established", "verdict": "accept"}]
    document = {"chains": {"forward": {"hook": "forward", "policy": "drop", "rules": rules}}}
    with pytest.raises(RulesetError) as caught:
        converted(Ruleset.model_validate(document))
    assert any(what in problem.what for problem in caught.value.problems)
    assert all(problem.what.startswith("rule 1 of chain forward") for problem in caught.value.problems)


@pytest.mark.parametrize("seed", range(60))
def test_random_packets_are_decided_as_the_twin_does(seed: int) -> None:
    dice = Random(seed)
    ruleset = twin_ruleset(dice)
    try:
        twin = converted(ruleset)
    except RulesetError:
        return  # nested too deep once written out
    first, second = wall(ruleset), wall(twin)
    for _ in range(25):
        packet = twin_packet(dice)
        results = []
        for each in (first, second):
            decision = each.ask(packet)
            results.append((decision.verdict.name, each.row["reject_with"]))
        if results[0][0] == "DROP" and results[1][0] == "NOT_EVALUATED":
            continue  # what prerouting drops, the stack would discard as well: the rules stand behind it now
        assert results[0] == results[1], packet


MAP = "map m { type ipv4_addr : mark; elements = { 10.0.0.1 : 5, 10.0.0.2 : 6 }\n}\n"


def test_a_named_map_that_marks_connections_is_refused_where_rules_ask_for_the_mark() -> None:
    ruleset = read(nft("ct mark set ip saddr map @m\nct mark 5 accept\nct state established accept", MAP))
    with pytest.raises(RulesetError) as caught:
        stateless_twin(ruleset.netfilter)
    assert "'ct mark': rules set it" in str(caught.value)


def test_a_reply_has_not_the_mark_that_a_named_map_gave_the_packet_as_new() -> None:
    twin = stateless_twin(
        read(nft("meta mark 6 accept\nmeta mark set ip saddr map @m\nct state new drop", MAP)).netfilter
    )
    assert any(Assign("mark", 0) in rule.steps for chain in twin.tables[0].chains.values() for rule in chain.rules)


def test_a_count_in_a_map_stands_once() -> None:
    rules = "ip saddr vmap { 10.0.0.1 : accept, 10.0.0.2 : drop }\nct state established accept"
    netfilter = read(nft(rules)).netfilter
    (table,) = netfilter.tables
    (chain,) = table.chains.values()
    first, *others = chain.rules
    choose = first.steps[0]
    assert isinstance(choose, Choose)
    cases = (replace(choose.cases[0], steps=(Statistic(every=2), *choose.cases[0].steps)), *choose.cases[1:])
    counting = replace(first, steps=(replace(choose, cases=cases),))
    changed = replace(chain, rules=(counting, *others), hooks=(Hook.OUTPUT, Hook.INPUT))
    with pytest.raises(RulesetError) as caught:
        stateless_twin(replace(netfilter, tables=(replace(table, chains={chain.name: changed}),)))
    assert "counted in several places" in str(caught.value)
