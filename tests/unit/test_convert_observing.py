"""What an observed ruleset tells by log messages."""

from __future__ import annotations

from typing import Any

from fwsim.convert import Observe, behind_confirmation, to_nft
from tests.converting import chain, ruleset


def test_observed_every_decision_tells_its_rule_or_policy() -> None:
    rules: list[Any] = [{"iif": "lan"}, {"log": True, "verdict": "return"}, {"log": True, "verdict": "drop"}]
    more = {"late": {"hook": "forward", "rules": [{"verdict": "reject"}]}}
    text = to_nft(ruleset(*rules, chains=more), observe=Observe())
    assert chain(text, "rules") == [
        'iifname "lan" log prefix "R0" group 1 accept',
        "return",
        'log prefix "R2" group 1 drop',
    ]
    assert chain(text, "rules-input") == ["jump rules", 'log prefix "P0" group 1']
    assert chain(text, "late") == ['log prefix "R3" group 1 reject with icmpx port-unreachable']
    assert chain(text, "late-forward") == ["jump late", 'log prefix "P1" group 1']
    assert chain(text, "enters-forward") == ['log prefix "H2" group 3']
    assert "tracked-" not in text


def test_observed_states_are_told_only_where_packets_are_tracked() -> None:
    text = to_nft(ruleset({}, tracking="on"), observe=Observe(decisions=None, tracking=7, hooks=None))
    assert 'ct state established ct direction reply log prefix "S2r" group 7 accept' in chain(text, "tracked-output")
    assert 'ct state untracked log prefix "S64-" group 7 accept' in chain(text, "tracked-prerouting")
    assert "enters-" not in text
    assert chain(text, "rules") == ["accept"]


def test_what_passes_the_end_is_told_by_a_table_of_its_own() -> None:
    text = behind_confirmation(Observe(ends=9))
    assert chain(text, "postrouting") == ['log prefix "E4" group 9']
    assert "hook input priority 2147483647;" in text
    assert behind_confirmation(Observe(ends=None)) == ""
