"""The tables of one family as a kernel would have them, and the commands that change them.

Read first: `commands`, `rules`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from fwsim.netfilter.steps import Step, Verdict
from fwsim.ruleset.values import Location
from fwsim.terms import Hook
from fwsim.terms import Verdict as Policy

from .commands import VERDICTS, Command
from .extensions import EVERYWHERE, FORWARD, INPUT, OUTPUT, POSTROUTING, PREROUTING, TARGETS
from .ipset import IpSet
from .rules import RuleWords, without_text
from .values import RefusedError


class Base(NamedTuple):
    """A chain that a table is born with."""

    hook: Hook
    priority: int
    kind: str = "filter"


FILTER, SECURITY, MANGLE, RAW, DSTNAT, SRCNAT = 0, 50, -150, -300, -100, 100

TABLES: dict[str, dict[str, Base]] = {
    "raw": {"PREROUTING": Base(PREROUTING, RAW), "OUTPUT": Base(OUTPUT, RAW)},
    "mangle": {
        "PREROUTING": Base(PREROUTING, MANGLE), "INPUT": Base(INPUT, MANGLE), "FORWARD": Base(FORWARD, MANGLE),
        "OUTPUT": Base(OUTPUT, MANGLE, "route"), "POSTROUTING": Base(POSTROUTING, MANGLE),
    },
    "nat": {
        "PREROUTING": Base(PREROUTING, DSTNAT, "nat"), "INPUT": Base(INPUT, SRCNAT, "nat"),
        "OUTPUT": Base(OUTPUT, DSTNAT, "nat"), "POSTROUTING": Base(POSTROUTING, SRCNAT, "nat"),
    },
    "filter": {
        "INPUT": Base(INPUT, FILTER), "FORWARD": Base(FORWARD, FILTER), "OUTPUT": Base(OUTPUT, FILTER),
    },
    "security": {
        "INPUT": Base(INPUT, SECURITY), "FORWARD": Base(FORWARD, SECURITY), "OUTPUT": Base(OUTPUT, SECURITY),
    },
}  # fmt: skip
"""The tables and their chains, with priorities of linux/netfilter_ipv4.h."""

POLICIES = {"ACCEPT": Policy.ACCEPT, "DROP": Policy.DROP}
LONGEST_CHAIN = 28
MOST_ITEMS = 1 << 18
"""Rules and chains that the commands of one family may make: a rule with two lists of addresses makes very many."""


@dataclass(slots=True)
class Entry:
    """A rule in its chain."""

    steps: tuple[Step, ...]
    rule: RuleWords
    name: str | None
    location: Location
    jump: str | None
    hooks: frozenset[Hook] = EVERYWHERE

    def same_as(self) -> tuple[object, ...]:
        """Equal for rules that -D takes for the same."""
        return self.name, self.jump, tuple(without_text(step) for step in self.steps)


@dataclass(slots=True)
class ChainState:
    """A chain with its rules."""

    name: str
    base: Base | None = None
    policy: Policy = Policy.ACCEPT
    entries: list[Entry] = field(default_factory=list)
    location: Location = field(default_factory=Location)


@dataclass(slots=True)
class TableState:
    """A table with its chains."""

    name: str
    chains: dict[str, ChainState]
    location: Location

    def entries(self) -> Iterator[Entry]:
        """The rules of all chains."""
        for chain in self.chains.values():
            yield from chain.entries


class Machine:
    """The tables of one family."""

    def __init__(self, family: int, sets: Mapping[str, IpSet]) -> None:
        """`sets` are those that rules may name."""
        self.family = family
        self.sets = sets
        self.tables: dict[str, TableState] = {}
        self.items = 0

    def _count(self, items: int) -> None:
        """Count rules and chains before they are made."""
        self.items += items
        if self.items > MOST_ITEMS:
            self.items -= items
            raise RefusedError(f"more than {MOST_ITEMS:,} rules and chains in one ruleset")

    def table(self, name: str, location: Location) -> TableState:
        """A table, which is there as soon as it is asked for."""
        if name not in TABLES:
            raise RefusedError(f"there is no table `{name}`: expected one of {', '.join(TABLES)}")
        if name not in self.tables:
            chains = {chain: ChainState(chain, base, location=location) for chain, base in TABLES[name].items()}
            self.tables[name] = TableState(name, chains, location)
        return self.tables[name]

    def begin(self, name: str, location: Location) -> TableState:
        """`*TABLE` of iptables-restore: what was in it goes, but for the policies."""
        table = self.table(name, location)
        table.chains = {name: chain for name, chain in table.chains.items() if chain.base}
        for chain in table.chains.values():
            chain.entries.clear()
        return table

    def declare(self, table: TableState, name: str, policy: str, location: Location) -> None:
        """`:CHAIN POLICY` of iptables-restore."""
        if len(name) > LONGEST_CHAIN:
            raise RefusedError(f"the name of a chain has more than {LONGEST_CHAIN} characters")
        chain = table.chains.get(name)
        if chain is None:
            if name in VERDICTS:
                raise RefusedError(f"`{name}` is no name for a chain")
            if policy != "-":
                raise RefusedError(
                    f"`{name}` is no chain of the table {table.name} itself: it has no policy, expected `-`"
                )
            self._count(1)
            table.chains[name] = ChainState(name, location=location)
        elif chain.base is None:
            raise RefusedError(f"there is a chain `{name}` already")
        else:
            chain.location = location
            if policy != "-":
                self._policy(table, name, policy, location)

    def apply(self, table: TableState, command: Command, location: Location) -> None:
        """Do what a command says."""
        if command.other_family:
            return
        letter = command.letter
        if letter in "AIDRC":
            self._change(table, command, location)
        elif letter == "N":
            self._new(table, command.chain, location)
        elif letter == "P":
            self._policy(table, command.chain, command.name, location)
        elif letter == "E":
            self._rename(table, command.chain, command.name)
        else:
            chains = [_chain(table, command.chain)] if command.chain else list(table.chains.values())
            if letter == "X":
                self._delete(table, chains, bool(command.chain))
            elif letter == "F":
                for chain in chains:
                    chain.entries.clear()

    # --- chains -----------------------------------------------------------------------------------------------------

    def _new(self, table: TableState, name: str, location: Location) -> None:
        """`-N`."""
        if name in table.chains:
            raise RefusedError(f"there is a chain `{name}` already")
        if name in VERDICTS or (name, self.family) in TARGETS:
            raise RefusedError(f"`{name}` is the name of a target")
        if not name or name[0] in "-!" or len(name) > LONGEST_CHAIN:
            raise RefusedError(
                f"`{name}` is no name for a chain: at most {LONGEST_CHAIN} characters, - and ! not in front"
            )
        self._count(1)
        table.chains[name] = ChainState(name, location=location)

    def _policy(self, table: TableState, name: str, policy: str, location: Location) -> None:
        """`-P`."""
        chain = _chain(table, name)
        if chain.base is None:
            raise RefusedError(f"`{name}` is no chain of the table {table.name} itself: it has no policy")
        if policy not in POLICIES:
            raise RefusedError(f"`{policy}` is no policy: expected ACCEPT or DROP")
        chain.policy = POLICIES[policy]
        chain.location = replace(location, policy_line=location.line)

    def _rename(self, table: TableState, old: str, new: str) -> None:
        """`-E`."""
        chain = _chain(table, old)
        if chain.base is not None:
            raise RefusedError(f"`{old}` cannot be renamed")
        if new in table.chains or not new or len(new) > LONGEST_CHAIN:
            raise RefusedError(f"`{new}` is no new name for a chain")
        chain.name = new
        table.chains = {known.name: known for known in table.chains.values()}
        for entry in table.entries():
            if entry.jump == old:
                last = entry.steps[-1]
                assert isinstance(last, Verdict)
                entry.jump = new
                entry.steps = (*entry.steps[:-1], replace(last, target=new))

    def _delete(self, table: TableState, chains: list[ChainState], named: bool) -> None:
        """`-X`."""
        going = {chain.name for chain in chains if chain.base is None or named}
        for chain in chains:
            if chain.name in going and (chain.base is not None or chain.entries):
                raise RefusedError(
                    f"chain `{chain.name}` cannot be deleted: it {'is built in' if chain.base else 'has rules'}"
                )
        for entry in table.entries():
            if entry.jump in going:
                raise RefusedError(f"chain `{entry.jump}` cannot be deleted: line {entry.location.line} jumps to it")
        for name in going:
            del table.chains[name]

    # --- rules ------------------------------------------------------------------------------------------------------

    def _change(self, table: TableState, command: Command, location: Location) -> None:
        """`-A`, `-I`, `-D`, `-R` and `-C`."""
        chain = _chain(table, command.chain)
        number = command.number
        letter = command.letter
        if letter == "D" and number is not None:
            del chain.entries[_place(chain, number, len(chain.entries))]
            return
        entries = self._entries(table, command, location)
        if letter == "A":
            chain.entries += entries
        elif letter == "I":
            place = _place(chain, number or 1, len(chain.entries) + 1)
            chain.entries[place:place] = entries
        elif letter == "R":
            if number is None or len(entries) != 1:
                raise RefusedError("-R needs the number of a rule, and one source and destination")
            chain.entries[_place(chain, number, len(chain.entries))] = entries[0]
        else:
            self._find(chain, entries, letter == "D")

    def _find(self, chain: ChainState, wanted: list[Entry], delete: bool) -> None:
        """Look for rules, and take them out."""
        for entry in wanted:
            same = entry.same_as()
            found = next((n for n, one in enumerate(chain.entries) if one.same_as() == same), None)
            if found is None:
                raise RefusedError(f"there is no such rule in chain `{chain.name}`")
            if delete:
                del chain.entries[found]

    def _entries(self, table: TableState, command: Command, location: Location) -> list[Entry]:
        """The rules that a command speaks of."""
        rule = command.rule
        if rule.jump is not None and table.chains[rule.jump].base is not None:
            raise RefusedError(f"`{rule.jump}` is a chain of the table itself: no rule jumps to it")
        self._count(max(len(rule.sources), 1) * max(len(rule.destinations), 1))
        ways = list(rule.steps(command.chain))
        hooks = rule.hooks()
        return [Entry(steps, rule, rule.comment, location, rule.jump, hooks) for steps in ways]


def _chain(table: TableState, name: str) -> ChainState:
    """A chain that must be there."""
    if name not in table.chains:
        raise RefusedError(f"there is no chain `{name}` in the table {table.name}")
    return table.chains[name]


def _place(chain: ChainState, number: int, most: int) -> int:
    """The place of a rule by its number."""
    if number > most:
        raise RefusedError(f"there is no rule {number} in chain `{chain.name}`: it has {len(chain.entries)}")
    return number - 1
