"""Rules that translate to the firewall's own address on an interface where that is not known.

Read first: `fwsim.topology.own_addresses`, `fwsim.engine.binding.take_own_address`. Whatever such a rule translates has
an address that is not known, and so has what belongs to the same connection, until a copy of a packet tells it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fwsim.exporting.reaching import hooks_of
from fwsim.netfilter.model import ANY_FAMILY, Chain, Netfilter, NetfilterRule, Table, every_step
from fwsim.netfilter.steps import Choose, Match, Nat
from fwsim.ruleset.values import Location, Names
from fwsim.terms import UNKNOWN_VALUE, Hook
from fwsim.topology import LOOPBACK, Topology

ASKS = {"masquerade": ("oif", Hook.POSTROUTING), "redirect": ("iif", Hook.PREROUTING)}
"""For kinds of translation the interface whose address they take, and where they do."""
WAYS = {"oif": "the interface by which packets leave", "iif": "the interface by which packets come in"}


@dataclass(frozen=True)
class Needed:
    """What a rule needs to be told; `on` are the interfaces."""

    kind: str
    on: str
    location: Location
    rule: str
    """As sentences name it."""

    def text(self, line: str = "") -> str:
        """A sentence; `line` is where the rule stands, if it is to be said."""
        needs = f"{self.kind}{line} needs the firewall's own address on {self.on}, which is not known"
        return f"{needs}: --local ADDRESS or --topology FILE tells it"

    @property
    def located(self) -> str:
        """The sentence with the line of the rule."""
        return self.text(f" (line {self.location.line})" if self.location.line else "")


def needed_addresses(netfilter: Netfilter, topology: Topology) -> list[Needed]:
    """What the rules need, in their order."""
    return [one for table in netfilter.tables for one in _of_table(table, topology)]


def _of_table(table: Table, topology: Topology) -> Iterator[Needed]:
    """What the rules of a table need."""
    reached = hooks_of(table)
    for name, chain in table.chains.items():
        for position, rule in enumerate(chain.rules, 1):
            for step in _translations(rule, table):
                selector, hook = ASKS[step.kind]
                family = table.sees or step.family or ANY_FAMILY
                on = _interfaces(rule, selector, family, topology) if hook in reached[name] else []
                if on:
                    yield Needed(step.kind, ", ".join(on), rule.location, _title(rule, position, chain))


def _title(rule: NetfilterRule, position: int, chain: Chain) -> str:
    """A rule as sentences name it."""
    return f'rule "{rule.name}" of {chain.title}' if rule.name else f"rule {position} of {chain.title}"


def _translations(rule: NetfilterRule, table: Table) -> Iterator[Nat]:
    """The translations of a rule to own addresses, each kind once."""
    steps = every_step(rule.steps)
    for step in list(steps):
        if isinstance(step, Choose) and step.map is not None and step.map in table.sets:
            steps += [inner for case in table.sets[step.map].cases or () for inner in every_step(case.steps)]
    found = {step.kind: step for step in steps if isinstance(step, Nat) and step.kind in ASKS}
    yield from found.values()


def _interfaces(rule: NetfilterRule, selector: str, family: int, topology: Topology) -> list[str]:
    """The interfaces whose address a rule needs, and is not known."""
    asked = [step.value for step in rule.steps if isinstance(step, Match) and step.selector == selector]
    values = [value for value in asked if isinstance(value, Names) and not value.sets]
    declared = [name for name in topology.names if name != LOOPBACK]
    named = [name for value in values if not value.negated for name in (*value.names, *_beginnings(value, declared))]
    meant = [
        name
        for name in dict.fromkeys([*declared, *named])
        if name.endswith("*") or all(value.matches(name) != value.negated for value in values)
    ]
    if not meant and not declared and len(values) == len(asked):
        return [WAYS[selector]]  # nothing is known of any
    return [name for name in meant if _is_lacking(name, family, topology)]


def _beginnings(value: Names, declared: list[str]) -> list[str]:
    """Beginnings of names with which that of no declared interface begins."""
    return [f"{start}*" for start in value.prefixes if not any(name.startswith(start) for name in declared)]


def _is_lacking(name: str, family: int, topology: Topology) -> bool:
    """Whether it is not known which address an interface has; of rules for both families, if neither is known."""
    found = [topology.own_address(name, one)[0] for one in ((family,) if family else (4, 6))]
    return UNKNOWN_VALUE in found and all(first < 0 for first in found)
