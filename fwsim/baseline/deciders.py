"""Who decides: rules and policies under names that hold across rulesets, so that two runs can be compared.

Read first: `Decider`. The number of a rule changes when another is written before it; so does its position. What stays
is the name that its author gave it, or else its text. The counts in what `nft list` and `iptables-save -c` print are no
part of it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fwsim.lower import ChainInfo, Lowered, RuleInfo
from fwsim.naming import SEVERAL

COUNTS = re.compile(r"\bpackets \d+ bytes \d+\b|# handle \d+|^\[\d+:\d+\]|\s+")


@dataclass(frozen=True)
class Decider:
    """A rule or a policy."""

    identity: str
    """Equal in two rulesets if it is the same one."""
    title: str
    """As a sentence names it: `"public web"`, `rule 3 of forward`, `policy of forward`."""
    path: str | None = None
    line: int | None = None

    @property
    def place(self) -> str:
        """Its title, and the line that it stands in."""
        return f"{self.title} (line {self.line})" if self.line is not None else self.title


NOBODY = Decider("nobody", "no rule")
"""No rule was asked, or none had to decide."""
ONE_OF_SEVERAL = Decider("several", SEVERAL)
"""It is not known which one decided."""


@dataclass(frozen=True)
class Deciders:
    """Those of a run by their numbers in decisions: `rules` by rule, `policies` by chain."""

    rules: Sequence[Decider]
    policies: Sequence[Decider]


def deciders_of(lowered: Lowered) -> Deciders:
    """The rules and policies of a ruleset."""
    return Deciders(list(_rules(lowered.rules, lowered.chains)), [_policy(chain) for chain in lowered.chains])


def _rules(rules: Sequence[RuleInfo], chains: Sequence[ChainInfo]) -> Iterator[Decider]:
    """Rules by name, if no other has it; else with their chain, and counted if that does not tell them apart either."""
    names = Counter(rule.name for rule in rules if rule.name)
    met: Counter[str] = Counter()
    for rule in rules:
        chain = chains[rule.chain].name
        if rule.name and names[rule.name] == 1:
            identity = f"name {rule.name}"
        else:
            identity = f"name {rule.name} in {chain}" if rule.name else f"text {_text(rule)} in {chain}"
            met[identity] += 1
            identity += f" #{met[identity]}"
        title = f'"{rule.name}"' if rule.name else f"rule {rule.position} of {chain}"
        yield Decider(identity, title, rule.path or None, rule.line)


def _text(rule: RuleInfo) -> str:
    """The text of a rule without what counts and without its spacing; its position if it was made in Python."""
    return COUNTS.sub(" ", rule.text).strip() or str(rule.position)


def _policy(chain: ChainInfo) -> Decider:
    """The policy of a chain: the same in another ruleset if that chain is at the same place in the packet's path."""
    hooks = " ".join(str(int(hook)) for hook in chain.hooks)
    return Decider(f"policy {hooks} {chain.priority} {chain.family}", f"policy of {chain.name}", None, chain.line)
