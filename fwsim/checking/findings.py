"""Findings on a ruleset: each with its place and the text that it is about.

Read first: `fwsim.lower` (`RuleInfo.not_simulated`), `fwsim.netfilter.model` (Remark), `fwsim.topology.unplaced`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import partial

from fwsim.lower import Lowered, RuleInfo, lower
from fwsim.ruleset import Ruleset
from fwsim.ruleset.host import Host
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
    found = [*_not_simulated(lowered, path), *_remarks(ruleset, path)]
    return [*sorted(found, key=lambda one: (one.path, one.line, one.column)), *_unplaced(ruleset, topology, path)]


def _not_simulated(lowered: Lowered, path: str) -> Iterator[Finding]:
    """What rules ask or do that is not simulated."""
    for rule in lowered.rules:
        for construct in rule.not_simulated:
            name = f'rule "{rule.name}"' if rule.name else f"rule {rule.position}"
            place = f"{name} of {lowered.chains[rule.chain].name}"
            yield Finding(
                Kind.NOT_SIMULATED, rule.path or path, rule.line or 0, _column(rule), construct, place, rule.text
            )


def _column(rule: RuleInfo) -> int:
    """Where a rule begins in its line."""
    return rule.column if rule.line else 0


def _remarks(ruleset: Ruleset, path: str) -> Iterator[Finding]:
    """What the reader of the ruleset had to say."""
    for remark in ruleset.netfilter.remarks:
        at = remark.location
        yield Finding(Kind.REMARK, at.path or path, at.line, at.column, remark.what, text=at.text)


def _unplaced(ruleset: Ruleset, topology: Topology, path: str) -> Iterator[Finding]:
    """The interfaces of the rules behind which no network is known."""
    for name in interfaces_without_network(ruleset.netfilter, topology):
        what = f"nothing is known to lie behind {name}: --interface {name.rstrip('*')}=CIDR, --topology FILE or --live"
        yield Finding(Kind.NO_NETWORK, path, 0, 0, what)
