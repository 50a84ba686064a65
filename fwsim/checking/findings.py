"""Findings on a ruleset: each with its place and the text that it is about.

Read first: `fwsim.lower` (`RuleInfo.not_simulated`), `fwsim.netfilter.model` (Remark), `fwsim.topology.unplaced`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import partial

from fwsim.checking.own_addresses import needed_addresses
from fwsim.exporting.reaching import hooks_of
from fwsim.lower import Lowered, RuleInfo, lower
from fwsim.lower.needs import every_step
from fwsim.netfilter.steps import Unknown
from fwsim.ruleset import Ruleset
from fwsim.ruleset.host import Host
from fwsim.terms import word
from fwsim.topology import Topology
from fwsim.topology.fib import where
from fwsim.topology.unplaced import interfaces_without_network


class Kind(Enum):
    """What a finding means for whoever asks about packets."""

    NOT_SIMULATED = "not simulated"
    """A packet whose verdict hangs on it gets `unknown`."""
    REMARK = "remark"
    """Something that was read and changes nothing here."""
    NO_NETWORK = "no network"
    """An interface that rules name, and of which nobody has said what lies behind it."""
    NO_ADDRESS = "no address"
    """A rule translates to the firewall's own address on an interface where that is not known."""


@dataclass(frozen=True)
class Finding:
    """One finding; line 0 if it concerns the ruleset as a whole. `where` is the rule or chain, as sentences name it."""

    kind: Kind
    path: str
    line: int
    column: int
    what: str
    where: str = ""
    text: str = ""
    """What was written there."""


def findings_of(ruleset: Ruleset, path: str, host: Host | None = None) -> list[Finding]:
    """All findings on a ruleset, in the order of the file; `host` describes the machine it is for."""
    topology = Topology.build(ruleset, host=host)
    lowered = lower(ruleset, interfaces=topology.names, routes=partial(where, topology))
    found = [*_not_simulated(lowered, ruleset, path), *_remarks(ruleset, path), *_needed(ruleset, topology, path)]
    return [*sorted(found, key=lambda one: (one.path, one.line, one.column)), *_unplaced(ruleset, topology, path)]


def _not_simulated(lowered: Lowered, ruleset: Ruleset, path: str) -> Iterator[Finding]:
    """What rules ask or do that is not simulated; a remark if it has an answer wherever packets meet the rule."""
    idle = _answered_here(ruleset) if any(rule.not_simulated for rule in lowered.rules) else {}
    for rule in lowered.rules:
        for construct in rule.not_simulated:
            name = f'rule "{rule.name}"' if rule.name else f"rule {rule.position}"
            chain = lowered.chains[rule.chain].name
            hooks = idle.get((chain, rule.position, construct))
            kind = Kind.NOT_SIMULATED if hooks is None else Kind.REMARK
            what = construct if hooks is None else f"{construct}: never so at {hooks}"
            yield Finding(kind, rule.path or path, rule.line or 0, _column(rule), what, f"{name} of {chain}", rule.text)


def _answered_here(ruleset: Ruleset) -> dict[tuple[str, int, str], str]:
    """What cannot be simulated at some hooks, but is false at those from which its rule is reached: at which.

    By the title of the chain, the rule's position and the construct.
    """
    found = {}
    for table in ruleset.netfilter.tables:
        reached = hooks_of(table)
        for name, chain in table.chains.items():
            for position, rule in enumerate(chain.rules, 1):
                for step in every_step(rule.steps):
                    if isinstance(step, Unknown) and not step.elsewhere and reached[name].isdisjoint(step.hooks):
                        words = ", ".join(word(hook) for hook in sorted(reached[name]))
                        found[chain.title, position, step.construct] = words
    return {key: hooks for key, hooks in found.items() if hooks}


def _column(rule: RuleInfo) -> int:
    """Where a rule begins in its line."""
    return rule.column if rule.line else 0


def _remarks(ruleset: Ruleset, path: str) -> Iterator[Finding]:
    """What the reader of the ruleset had to say."""
    for remark in ruleset.netfilter.remarks:
        at = remark.location
        yield Finding(Kind.REMARK, at.path or path, at.line, at.column, remark.what, text=at.text)


def _needed(ruleset: Ruleset, topology: Topology, path: str) -> Iterator[Finding]:
    """The own addresses that rules translate to, and nobody has told."""
    for needed in needed_addresses(ruleset.netfilter, topology):
        at = needed.location
        yield Finding(Kind.NO_ADDRESS, at.path or path, at.line, at.column, needed.text(), needed.rule, at.text)


def _unplaced(ruleset: Ruleset, topology: Topology, path: str) -> Iterator[Finding]:
    """The interfaces of the rules behind which no network is known."""
    for name in interfaces_without_network(ruleset.netfilter, topology):
        what = f"nothing is known to lie behind {name}: --interface {name.rstrip('*')}=CIDR, --topology FILE or --live"
        yield Finding(Kind.NO_NETWORK, path, 0, 0, what)
