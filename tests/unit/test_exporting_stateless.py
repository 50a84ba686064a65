"""The stateless twin as rules: packet for packet what the twin of the engine decides, or refused by name."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from fwsim.errors import RulesetError
from fwsim.exporting.nft import nft_text
from fwsim.exporting.stateless import Choices, stateless_twin
from fwsim.exporting.yaml_ruleset import ruleset_of
from fwsim.lower import lower
from fwsim.ruleset import Ruleset, to_yaml
from fwsim.simulator import Simulator
from tests.deciding import Wall
from tests.exporting import loads, read
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
