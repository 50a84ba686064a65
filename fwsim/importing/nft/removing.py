"""What speaks of what: whether a chain, set or object may go.

Read first: `ruleset`.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwsim.netfilter.model import every_step
from fwsim.netfilter.steps import Match, Step, Verdict
from fwsim.nft.tree import Node, Symbol, walk

from .ruleset import ChainState, ObjectState, TableState
from .values import refuse


def steps_of(table: TableState) -> Iterator[Step]:
    """All steps of a table's rules and maps."""
    for chain in table.chains.values():
        for each in chain.rules:
            yield from every_step(each.rule.steps)
    for found in table.sets.values():
        if found.values == ("verdict",) or found.object_kind:
            for kept in found.elements.values():
                yield from every_step(kept.steps)


def check_unused(table: TableState, chain: ChainState, node: Node) -> None:
    """A chain that something jumps to stays."""
    if any(isinstance(step, Verdict) and step.target == chain.name for step in steps_of(table)):
        raise refuse(node, f"the chain '{chain.name}' is in use: a rule jumps there")


def check_unused_set(table: TableState, name: str, node: Node) -> None:
    """A set that a rule speaks of stays."""
    for step in steps_of(table):
        named = isinstance(step, Match) and name in step.value.sets
        if named or getattr(step, "set", None) == name or getattr(step, "map", None) == name:
            raise refuse(node, f"the set '{name}' is in use by a rule")


def check_unused_object(table: TableState, found: ObjectState, node: Node) -> None:
    """An object that a rule speaks of stays."""
    for chain in table.chains.values():
        for each in chain.rules:
            if any(isinstance(part, Symbol) and part.name == found.name for part in walk(each.node)):
                raise refuse(node, f"the {found.kind} '{found.name}' is in use by a rule")
