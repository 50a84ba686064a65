"""A whole ruleset as nft text: chains, hooks, order, tracking."""

from __future__ import annotations

import re
from typing import Any

import pytest

from fwsim.convert import to_nft
from fwsim.errors import RulesetError
from tests.converting import chain, ruleset


def test_a_chain_at_several_hooks_has_its_rules_once() -> None:
    text = to_nft(ruleset({"limit": "1/second"}, policy="drop"))
    assert text.count("limit rate") == 1
    for hook in ("input", "forward", "output"):
        head = f"\tchain rules-{hook} {{\n\t\ttype filter hook {hook} priority 0; policy drop;\n\t\tjump rules\n"
        assert head in text


def test_chains_keep_their_order_since_of_equals_the_last_runs_first() -> None:
    names = ("b", "a", "c")
    text = to_nft(ruleset(chains={name: {"hook": "forward", "priority": -5} for name in names}))
    assert re.findall(r"chain (\w+) {\n\t\ttype filter hook forward priority -5;", text) == list(names)


@pytest.mark.parametrize(
    ("document", "tracks"),
    [({"tracking": "on"}, True), ({"tracking": "auto"}, False), ({"tracking": "off"}, False)],
)
def test_tracking_without_a_ct_key_is_turned_on_by_a_rule_without_effect(
    document: dict[str, Any], tracks: bool
) -> None:
    assert ("\tchain tracking {\n\t\tct state new\n\t}\n" in to_nft(ruleset({}, **document))) == tracks


def test_a_rule_that_matches_nothing_turns_tracking_on_all_the_same() -> None:
    text = to_nft(ruleset({"ct_state": "new", "src": "!0.0.0.0/0"}))
    assert chain(text, "tracking") == ["ct state new"]


def test_ct_keys_with_tracking_off_are_refused() -> None:
    with pytest.raises(RulesetError, match="'tracking: off'"):
        to_nft(ruleset({"ct_state": "new"}, tracking="off"))


def test_jumps_that_become_too_deep_are_refused() -> None:
    chains: dict[str, Any] = {f"c{n}": {"rules": [{"verdict": f"jump c{n + 1}"}]} for n in range(1, 15)}
    chains |= {"c15": {}, "base": {"hook": "forward", "rules": [{"verdict": "jump c1"}]}}
    to_nft(ruleset(chains=chains))
    chains["base"]["hook"] = ["forward", "input"]
    with pytest.raises(RulesetError, match="nested deeper than the 15 levels"):
        to_nft(ruleset(chains=chains))
