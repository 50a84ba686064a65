"""Rulesets in the terms of netfilter, written down by hand, and packets thrown at them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fwsim.lower import Lowered, lower
from fwsim.netfilter import Chain, Netfilter, NetfilterRule, Set, Table
from fwsim.netfilter.steps import Match, Step, Verdict
from fwsim.ruleset import Ruleset
from fwsim.ruleset.values import Addresses, Numbers
from fwsim.terms import Hook
from fwsim.terms import Verdict as Policy
from tests.matching import INTERFACES, Firewall

ACCEPT, DROP = Verdict("accept"), Verdict("drop")


def number(field: str, *values: int, negated: bool = False) -> Match:
    """A match on a numeric field."""
    return Match(field, Numbers(tuple((value, value) for value in sorted(values)), negated), text=f"{field} {values}")


def address(field: str, *values: int) -> Match:
    """A match on IPv4 addresses."""
    return Match(field, Addresses(v4=tuple((value, value) for value in sorted(values))))


def table(
    *rules: Sequence[Step],
    family: str = "inet",
    policy: Policy = Policy.DROP,
    sets: Sequence[Set] = (),
    hook: Hook = Hook.FORWARD,
    **chains: Any,
) -> Table:
    """A table with a base chain `f` at forward of these rules, and more chains by name."""
    base = Chain("f", f"{family} t f", (hook,), policy=policy, rules=tuple(map(rule, rules)))
    more = {name: Chain(name, f"{family} t {name}", rules=tuple(map(rule, steps))) for name, steps in chains.items()}
    return Table(family, "t", {"f": base, **more}, {each.name: each for each in sets})


def rule(steps: Sequence[Step]) -> NetfilterRule:
    return NetfilterRule(tuple(steps))


def imported(*tables: Table) -> Ruleset:
    """A ruleset of these tables."""
    ruleset = Ruleset.model_validate({})
    ruleset._imported = Netfilter(tables, "nft")
    return ruleset


class NetfilterFirewall(Firewall):
    """Tables, lowered, with their memory."""

    def __init__(self, *tables: Table) -> None:
        self.lowered: Lowered = lower(imported(*tables), interfaces=INTERFACES)
        self.memory = self.lowered.memory()

    @property
    def rule_hits(self) -> list[int]:
        """Of the rules, by number."""
        return [int(hits) for hits in self.memory.hits[: len(self.lowered.rules)]]
