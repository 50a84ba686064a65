"""Copies of chains in the views of the twin: verdicts lead further."""

from __future__ import annotations

import pytest

from fwsim.errors import RulesetError
from fwsim.exporting.stateless import stateless_twin
from fwsim.netfilter import Netfilter
from fwsim.netfilter.steps import Verdict
from tests.exporting import read


def twin(*chains: str) -> Netfilter:
    """The twin of chains in nft."""
    return stateless_twin(read("table inet t {\n" + "\n".join(chains) + "\n}\n").netfilter)


FORWARD = "chain f { type filter hook forward priority 0; policy drop; ct state established accept; jump x; }"


def test_chains_that_do_nothing_in_a_view_are_not_copied() -> None:
    found = twin(FORWARD, "chain x { ct state invalid drop; }")
    assert set(found.tables[0].chains) == {"forward"}


def test_a_chain_that_is_jumped_to_is_copied_for_each_view() -> None:
    found = twin(FORWARD, "chain x { tcp dport 22 accept; }")
    assert {"forward", "x", "x-mirror", "f-mirror", "forward-replies"} <= set(found.tables[0].chains)


def test_what_would_be_counted_in_two_places_is_refused() -> None:
    early = "chain p { type filter hook prerouting priority 0; udp dport 53 limit rate 5/second drop; }"
    late = "chain i { type filter hook input priority 0; ct state new drop; }"
    with pytest.raises(RulesetError, match="would be counted in several places"):
        twin(early, late)


def test_translations_are_refused() -> None:
    nat = "chain n { type nat hook postrouting priority 100; masquerade; }"
    with pytest.raises(RulesetError, match="a chain of type nat: it needs connections"):
        twin(FORWARD, "chain x { }", nat)


def test_notrack_in_a_chain_that_is_jumped_to_is_refused() -> None:
    raw = "chain r { type filter hook prerouting priority -300; jump x; }"
    with pytest.raises(RulesetError, match="notrack in a chain that is jumped to"):
        twin(FORWARD, raw, "chain x { udp dport 53 notrack; }")


def test_behind_continue_the_rest_of_a_rule_is_copied() -> None:
    rules = "ct state established accept; tcp dport 80 continue drop;"
    chains = twin(f"chain f {{ type filter hook forward priority 0; {rules} }}").tables[0].chains.values()
    ends = {rule.steps[-1].kind for chain in chains for rule in chain.rules if isinstance(rule.steps[-1], Verdict)}
    assert "drop" in ends
    assert "continue" not in ends


def test_a_map_that_jumps_to_what_does_nothing_does_not_lead_to_what_is_behind_it() -> None:
    with pytest.raises(RulesetError, match="vmap"):
        twin(FORWARD, "chain x { ip saddr vmap { 10.0.0.1 : jump y, 10.0.0.2 : continue } drop; }", "chain y { }")
