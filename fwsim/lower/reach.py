"""At which hooks a chain is walked, its own and those of the chains that jump to it, and how deep jumps go.

Read first: `fwsim.netfilter.model`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from fwsim.errors import Problem, RulesetError
from fwsim.netfilter.model import Chain, Table, every_step
from fwsim.netfilter.steps import Choose, Step, Verdict
from fwsim.terms import Hook

Place = tuple[str, str, str]
"""A chain: the family and name of its table, and its own name."""


Targets = Mapping[Place, Collection[Place]]
"""For each chain those that it jumps or goes to."""


def targets_of_chains(running: Sequence[tuple[Table, Chain]]) -> Targets:
    """The targets of every chain, each once, in the order of the rules."""
    return {place_of(table, chain): dict.fromkeys(targets_of(table, chain)) for table, chain in running}


def hooks_of_chains(running: Sequence[tuple[Table, Chain]], targets: Targets) -> dict[Place, frozenset[Hook]]:
    """The hooks of every chain; none of one that nothing jumps to."""
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


def depth_of(running: Sequence[tuple[Table, Chain]], targets: Targets) -> int:
    """How many chains deep a packet gets at most, the base chain counted: 16 in nft, any number in xtables.

    Raises RulesetError for jumps in a circle, as nft_chain_validate of the kernel refuses them.
    """
    depths: dict[Place, int] = {}
    for table, chain in running:
        way = {place_of(table, chain)} if chain.hooks else set()
        stack = list(way)
        while stack:
            place = stack[-1]
            target = next((target for target in targets[place] if target not in depths), None)
            if target is None:
                depths[place] = 1 + max((depths[target] for target in targets[place]), default=0)
                way.remove(stack.pop())
            elif target in way:
                raise RulesetError([_circle(running, place, target)])
            else:
                way.add(target)
                stack.append(target)
    return max(depths.values(), default=0)


def _circle(running: Sequence[tuple[Table, Chain]], place: Place, target: Place) -> Problem:
    """That a rule of a chain jumps back to where a packet came from."""
    table, chain = next((table, chain) for table, chain in running if place_of(table, chain) == place)
    jumps = (rule for rule in chain.rules if target in targets_in(table, rule.steps))
    at = next(jumps).location
    what = f"jumps in a circle: from the chain '{chain.name}' back to '{target[2]}', expected none"
    return Problem(at.path, at.line, at.column, what)


def targets_of(table: Table, chain: Chain) -> Iterator[Place]:
    """The chains that a chain jumps or goes to."""
    return targets_in(table, (step for rule in chain.rules for step in rule.steps))


def targets_in(table: Table, steps: Iterable[Step]) -> Iterator[Place]:
    """The chains that steps jump or go to."""
    for step in every_step(steps):
        if isinstance(step, Verdict):
            if step.target is not None:
                yield table.family, table.name, step.target
        elif isinstance(step, Choose) and step.map is not None:
            for case in table.sets[step.map].cases or ():
                for inner in case.steps:
                    if isinstance(inner, Verdict) and inner.target is not None:
                        yield table.family, table.name, inner.target
