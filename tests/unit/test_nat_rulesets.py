"""Random rulesets that translate: reproducible, readable, with everything in them that the vocabulary has."""

from __future__ import annotations

import io

import pytest

from fwsim.fuzz.nat.rulesets import ruleset
from fwsim.netfilter.steps import Nat
from fwsim.ruleset import load_ruleset


def test_the_same_seed_gives_the_same_ruleset() -> None:
    assert ruleset("1/2") == ruleset("1/2") != ruleset("1/3")


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return [ruleset(f"here/{number}") for number in range(150)]


def test_every_ruleset_is_read_without_a_mistake(texts: list[str]) -> None:
    kinds = set()
    for text in texts:
        netfilter = load_ruleset(io.StringIO(text)).netfilter
        for table in netfilter.tables:
            for chain in table.chains.values():
                kinds |= {step.kind for rule in chain.rules for step in rule.steps if isinstance(step, Nat)}
    assert kinds >= {"snat", "dnat", "masquerade", "redirect"}


@pytest.mark.parametrize(
    "words",
    [
        "type nat hook prerouting", "type nat hook postrouting", "type nat hook input", "ct status dnat",
        "ct status snat",
        "ct original ip daddr", "ct reply ip6 saddr", "ct original proto-dst", "dnat ip to", "dnat ip6 to",
        "snat ip prefix to", "persistent", "redirect to :", "masquerade to :", "dport map {", "daddr map {", "notrack",
        ":7000-7003", "*nat", "-j DNAT --to-destination", "-j NETMAP", "--ctstate DNAT", "--ctorigdst",
    ],
)  # fmt: skip
def test_the_vocabulary_has_it(texts: list[str], words: str) -> None:
    assert any(words in text for text in texts)
