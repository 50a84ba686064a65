"""At which hooks a chain is walked: its own, and those of the chains that jump to it.

Read first: `fwsim.netfilter.model`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fwsim.netfilter.model import Chain, Table
from fwsim.netfilter.steps import Choose, Verdict
from fwsim.terms import Hook

from .needs import every_step

Place = tuple[str, str, str]
"""A chain: the family and name of its table, and its own name."""


def hooks_of_chains(running: Sequence[tuple[Table, Chain]]) -> dict[Place, frozenset[Hook]]:
    """The hooks of every chain; none of one that nothing jumps to."""
    targets = {place_of(table, chain): set(targets_of(table, chain)) for table, chain in running}
    hooks: dict[Place, set[Hook]] = {place_of(table, chain): set(chain.hooks) for table, chain in running}
    pending = [place for place, own in hooks.items() if own]
    while pending:
        place = pending.pop()
        for target in targets[place]:
            if not hooks[place] <= hooks[target]:
                hooks[target] |= hooks[place]
                pending.append(target)
    return {place: frozenset(own) for place, own in hooks.items()}


def place_of(table: Table, chain: Chain) -> Place:
    """A chain among all."""
    return table.family, table.name, chain.name


def depth_of(running: Sequence[tuple[Table, Chain]]) -> int:
    """How many chains deep a packet gets at most, the base chain counted: 16 in nft, any number in xtables."""
    targets = {place_of(table, chain): dict.fromkeys(targets_of(table, chain)) for table, chain in running}
    depths: dict[Place, int] = {}
    stack = [place_of(table, chain) for table, chain in running if chain.hooks]
    while stack:
        place = stack[-1]
        unknown = [target for target in targets[place] if target not in depths]
        if place in depths or not unknown:
            depths.setdefault(place, 1 + max((depths[target] for target in targets[place]), default=0))
            stack.pop()
        else:
            stack += unknown
    return max(depths.values(), default=0)


def targets_of(table: Table, chain: Chain) -> Iterator[Place]:
    """The chains that a chain jumps or goes to."""
    for rule in chain.rules:
        for step in every_step(rule.steps):
            if isinstance(step, Verdict) and step.target is not None:
                yield table.family, table.name, step.target
            elif isinstance(step, Choose) and step.map is not None:
                for case in table.sets[step.map].cases or ():
                    for inner in case.steps:
                        if isinstance(inner, Verdict) and inner.target is not None:
                            yield table.family, table.name, inner.target
