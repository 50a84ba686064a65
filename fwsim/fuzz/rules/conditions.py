"""Every rule of a ruleset with what a packet must be to come to its end: its own matches and those of the jumps.

Read first: `fwsim.fuzz.rules.asking`. That earlier rules may take the packet first is left to chance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from fwsim.fuzz.rules.asking import Ask, ask_of, field_of, pairs, some
from fwsim.netfilter import Chain, Netfilter, NetfilterRule, Table
from fwsim.netfilter.steps import Case, Choose, Step, Verdict
from fwsim.ruleset.values import Numbers
from fwsim.terms import Hook

JUMPS = ("jump", "goto")
DEEPEST = 16
VISITS = 6
"""Ways into a chain that are followed."""
MOST = 20_000
"""Conditions of a ruleset."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A packet at `hook` that meets all of `asks` comes to the end of the rule with this text."""

    hook: Hook
    asks: tuple[Ask, ...]
    text: str = ""


@dataclass
class Walk:
    """The way from a base chain through all its rules."""

    table: Table
    hook: Hook
    visits: Counter[str] = field(default_factory=Counter)

    def chain(self, chain: Chain, asks: tuple[Ask, ...], depth: int = 0) -> Iterator[Condition]:
        """The conditions of a chain's rules, and of the chains that it jumps to."""
        self.visits[chain.name] += 1
        if depth > DEEPEST or self.visits[chain.name] > VISITS:
            return
        for rule in chain.rules:
            yield from self.rule(rule, asks, depth)

    def rule(self, rule: NetfilterRule, asks: tuple[Ask, ...], depth: int) -> Iterator[Condition]:
        """The condition of a rule, and of what it leads to."""
        yield from self.steps(rule.steps, asks, depth, rule.location.text)

    def steps(self, steps: tuple[Step, ...], asks: tuple[Ask, ...], depth: int, text: str) -> Iterator[Condition]:
        """The condition behind these steps."""
        for place, step in enumerate(steps):
            asked = ask_of(step, self.table)
            if asked is not None:
                asks = (*asks, asked)
            elif isinstance(step, Choose):
                for case in self.cases(step):
                    more = Ask((pairs([field_of(one) for one in step.selectors], case.element),))
                    yield from self.steps((*case.steps, *steps[place + 1 :]), (*asks, more), depth, text)
                return
            elif isinstance(step, Verdict) and step.kind in JUMPS and step.target is not None:
                yield from self.chain(self.table.chains[step.target], asks, depth + 1)
        yield Condition(self.hook, asks, text)

    def cases(self, step: Choose) -> Iterator[Case]:
        """The cases of a map."""
        named = self.table.sets.get(step.map) if step.map is not None else None
        cases = step.cases or (named.cases if named is not None else None) or ()
        wanted = set(map(id, some(tuple(case.element for case in cases))))
        return (case for case in cases if id(case.element) in wanted)


def conditions(netfilter: Netfilter) -> list[Condition]:
    """Those of all rules, and for each base chain one that asks nothing: for its policy.

    Where there is no base chain at all, there are such ones for packets of every way.
    """
    found: list[Condition] = []
    for table in netfilter.tables:
        of_family = (Ask(((("family", Numbers(((table.sees, table.sees),))),),)),) if table.sees else ()
        for chain in table.chains.values():
            for hook in chain.hooks if table.family in ("ip", "ip6", "inet") else ():
                found.append(Condition(hook, of_family))
                found += Walk(table, hook).chain(chain, of_family)
                if len(found) > MOST:
                    return found[:MOST]
    return found or [Condition(hook, ()) for hook in (Hook.INPUT, Hook.FORWARD, Hook.OUTPUT)]
