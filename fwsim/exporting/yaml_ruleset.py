"""A ruleset in the terms of netfilter as one of our own, which `fwsim.ruleset.to_yaml` and `to_json` write.

Read first: `yaml_rules`. `ruleset_of` does it. Our chains see the packets of both families: a base chain of a table
of one family accepts those of the other first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fwsim.convert.identifiers import Identifiers
from fwsim.netfilter.model import ANY_FAMILY, Chain, Netfilter, Table
from fwsim.ruleset.load import validated
from fwsim.ruleset.located import Map
from fwsim.ruleset.model import Ruleset
from fwsim.ruleset.values import Location
from fwsim.terms import Verdict, word

from .reaching import hooks_of
from .saying import CannotSay, Refusals, rule_title
from .yaml_rules import YamlDrafting, located, set_written

FORM = "YAML"
OTHER = {4: "ipv6", 6: "ipv4"}
KEPT = ("name", "interfaces", "local", "rp_filter", "conntrack", "stateless", "tracking")
"""What a ruleset has beside its rules."""
WITHOUT_STATE = ("name", "interfaces", "local", "rp_filter")
"""The same for rules that need no state."""


def ruleset_of(
    netfilter: Netfilter, like: Ruleset | None = None, *, stateless: bool = False, form: str = FORM
) -> Ruleset:
    """The same rules as keys; interfaces and settings are those of `like`, without tracking if they are `stateless`.

    Raises RulesetError with all that the keys cannot say; `form` is what messages call them.
    """
    return _Export(netfilter, like, stateless=stateless, form=form).ruleset()


class _Export:
    """One ruleset on its way."""

    def __init__(self, netfilter: Netfilter, like: Ruleset | None, *, stateless: bool, form: str) -> None:
        """Name the chains and sets."""
        self.netfilter = netfilter
        self.like = like
        self.stateless = stateless
        self.refusals = Refusals(form)
        self.names = Identifiers()
        self.set_names = Identifiers()
        self.chains = {number: self._names(table) for number, table in enumerate(netfilter.tables)}
        self.drafting = YamlDrafting(self.names)
        self.sets: dict[str, Mapping[str, Any]] = {}
        self.heads: dict[str, Chain] = {}

    def _names(self, table: Table) -> dict[str, str]:
        """Names of the chains of a table: their own where no other table has it."""
        several = len(self.netfilter.tables) > 1
        result = {}
        for name in table.chains:
            shared = several and sum(name in other.chains for other in self.netfilter.tables) > 1
            result[name] = self.names.fresh(f"{table.family}-{table.name}-{name}" if shared else name)
        return result

    def ruleset(self) -> Ruleset:
        """The whole ruleset."""
        for number, table in enumerate(self.netfilter.tables):
            self._table(number, table)
        self.refusals.check()
        at = self.netfilter.tables[0].location if self.netfilter.tables else Location()
        sets = {"sets": located(self.sets, at)} if self.sets else {}
        root = located({**self._kept(), **sets, "chains": located(self._chains(), at)}, at)
        known = self.like is not None and bool(self.like.interfaces) and self.like._imported is None
        return validated(root, [], {"open_interfaces": not known})

    def _kept(self) -> dict[str, Any]:
        """Interfaces and settings."""
        kept: dict[str, Any] = {"tracking": "off"} if self.stateless else {}
        if self.like is None:
            return kept
        names = WITHOUT_STATE if self.stateless else KEPT
        return {**{key: getattr(self.like, key) for key in names if key in self.like.model_fields_set}, **kept}

    def _table(self, number: int, table: Table) -> None:
        """The sets and chains of a table."""
        sets = {}
        for name, own in table.sets.items():
            with self.refusals.within(f"set {name}", own.location):
                found = set_written(own)
                if found is not None:
                    sets[name] = self.set_names.fresh(name)
                    self.sets[sets[name]] = found
        reached = hooks_of(table)
        for name, chain in table.chains.items():
            if chain.kind == "nat" and not chain.rules and chain.policy == Verdict.ACCEPT:
                continue
            self.drafting.begin(table, self.chains[number], sets, reached[name])
            self._chain(self.chains[number][name], table, chain)

    def _chain(self, name: str, table: Table, chain: Chain) -> None:
        """One chain."""
        with self.refusals.within(f"chain {chain.title}", chain.location):
            _check(table, chain)
        self.drafting.open(name)
        self.heads[name] = chain
        if chain.hooks and table.sees != ANY_FAMILY:
            other = {"family": OTHER[table.sees], "verdict": "accept"}
            self.drafting.sheet.rules.append(located(other, chain.location))
        for number, rule in enumerate(chain.rules, start=1):
            with self.refusals.within(rule_title(chain, number, rule), rule.location):
                self.drafting.name, self.drafting.at = rule.name, rule.location
                self.drafting.add(rule.steps)
        self.drafting.name = None

    def _chains(self) -> dict[str, Any]:
        """All chains, base chains in the order of their registration."""
        sheets = {sheet.name: sheet for sheet in self.drafting.sheets}
        bases = [(chain.registered, name) for name, chain in self.heads.items() if chain.hooks]
        first = [name for _, name in sorted(bases, key=lambda base: base[0])]
        result = {}
        for name in (*first, *(name for name in sheets if name not in first)):
            hooked = _hooked(self.heads[name]) if name in self.heads else {}
            at = self.heads[name].location if name in self.heads else Location()
            result[name] = located({**hooked, "rules": _uniquely_named(sheets[name].rules)}, at)
        return result


def _check(table: Table, chain: Chain) -> None:
    """Refuse chains that our rulesets do not have."""
    if chain.other_hook is not None or table.family in ("arp", "bridge", "netdev"):
        raise CannotSay(f"a chain of a table of {table.family}, or at the hook {chain.other_hook}")
    if chain.kind == "nat":
        raise CannotSay("a chain of type nat")


def _hooked(chain: Chain) -> dict[str, Any]:
    """What makes a chain a base chain."""
    if not chain.hooks:
        return {}
    hooks = [word(hook) for hook in chain.hooks]
    priority = {"priority": chain.priority} if chain.priority else {}
    return {"hook": hooks[0] if len(hooks) == 1 else hooks, **priority, "policy": word(chain.policy)}


def _uniquely_named(rules: list[Map]) -> list[Map]:
    """Rules of which no two in a chain have the same name."""
    names: dict[str, int] = {}
    for rule in rules:
        name = rule.get("name")
        if name is not None:
            names[name] = names.get(name, 0) + 1
            if names[name] > 1:
                rule["name"] = f"{name} ({names[name]})"
    return rules
