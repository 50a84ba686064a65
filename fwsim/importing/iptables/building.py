"""The tables of a machine in netfilter's terms.

Read first: `machine`, `fwsim.netfilter.model`. A set of ipset belongs to the machine; here every table whose rules name
it has it, and sets of the same name are the same set.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fwsim.netfilter.model import Chain, NetfilterRule, Set, Table
from fwsim.netfilter.steps import Lookup, Match, Step, Update
from fwsim.ruleset.values import Names

from .ipset import IpSet
from .machine import ChainState, Machine, TableState


def tables_of(machine: Machine, first: int) -> Iterator[Table]:
    """The tables in the order in which they were first used; their chains are registered from number `first` on."""
    family = "ip" if machine.family == 4 else "ip6"
    for number, table in enumerate(machine.tables.values(), first):
        chains = {name: _chain(family, table, chain, number) for name, chain in table.chains.items()}
        yield Table(family, table.name, chains, _sets(table, machine.sets), {}, table.location)


def _chain(family: str, table: TableState, chain: ChainState, registered: int) -> Chain:
    """A chain with its rules."""
    rules = tuple(NetfilterRule(entry.steps, entry.name, entry.location) for entry in chain.entries)
    title = f"{family} {table.name} {chain.name}"
    if chain.base is None:
        return Chain(chain.name, title, rules=rules, location=chain.location)
    hook, priority, kind = chain.base
    return Chain(
        chain.name, title, (hook,), priority, chain.policy, kind, rules, chain.location, registered,
    )  # fmt: skip


def _sets(table: TableState, sets: Mapping[str, IpSet]) -> dict[str, Set]:
    """The sets that the rules of a table name."""
    if not sets:
        return {}
    names = dict.fromkeys(name for entry in table.entries() for step in entry.steps for name in _named(step))
    found = ((name, sets[name].as_set()) for name in names)
    return {name: known for name, known in found if known is not None}


def _named(step: Step) -> tuple[str, ...]:
    """The sets that a step names."""
    if isinstance(step, Match):
        return step.value.sets
    if isinstance(step, (Lookup, Update)):
        return (step.set,) if step.set else ()
    return ()


def interfaces_of(tables: tuple[Table, ...]) -> tuple[str, ...]:
    """The names of interfaces in the order in which rules name them; a beginning ends with `*`."""
    found: dict[str, None] = {}
    for table in tables:
        for chain in table.chains.values():
            for rule in chain.rules:
                for step in rule.steps:
                    if isinstance(step, Match) and step.selector in ("iif", "oif") and isinstance(step.value, Names):
                        found |= dict.fromkeys(step.value.names)
                        found |= dict.fromkeys(f"{prefix}*" for prefix in step.value.prefixes if prefix)
    return tuple(found)
