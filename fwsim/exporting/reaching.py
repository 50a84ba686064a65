"""From which hooks the chains of a table are reached.

Read first: `fwsim.netfilter.model`.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwsim.netfilter.model import Chain, Table, every_step
from fwsim.netfilter.steps import Choose, Step, Verdict
from fwsim.terms import Hook


def targets_of(chain: Chain, table: Table) -> Iterator[str]:
    """The chains that the rules of a chain jump or go to."""
    for rule in chain.rules:
        for step in every_step(rule.steps):
            yield from _targets(step)
            if isinstance(step, Choose) and step.map is not None and step.map in table.sets:
                for case in table.sets[step.map].cases or ():
                    for inner in every_step(case.steps):
                        yield from _targets(inner)


def _targets(step: Step) -> Iterator[str]:
    """The chain that a verdict leads to."""
    if isinstance(step, Verdict) and step.target is not None:
        yield step.target


def hooks_of(table: Table) -> dict[str, frozenset[Hook]]:
    """For each chain the hooks at which packets get to it."""
    found = {name: set(chain.hooks) for name, chain in table.chains.items()}
    calls = {name: set(targets_of(chain, table)) & found.keys() for name, chain in table.chains.items()}
    pending = list(found)
    while pending:
        name = pending.pop()
        for target in calls[name]:
            if not found[name] <= found[target]:
                found[target] |= found[name]
                pending.append(target)
    return {name: frozenset(hooks) for name, hooks in found.items()}
