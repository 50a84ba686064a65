"""Commands, applied in order to a ruleset, as nft and the kernel would.

Read first: `ruleset`, `rules`, `sets`, `chains`. Each command is checked by itself; the mistakes of all
are told together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from fwsim.errors import Problem, RulesetError
from fwsim.nft import block_tree, rule_tree
from fwsim.nft.block_tree import Command, Target
from fwsim.nft.tree import Expression, Node

from . import chains, sets
from .counting import check_object, object_step
from .removing import check_unused, check_unused_object, check_unused_set
from .rules import by_handle, place_of, read_rule
from .ruleset import ChainState, ObjectState, Ruleset, TableState
from .values import refuse

MOST_PROBLEMS = 10
OBJECTS = frozenset(["counter", "quota", "limit", "secmark", "synproxy", "ct helper", "ct timeout", "ct expectation"])


class Applying:
    """Applies commands, and keeps their mistakes."""

    def __init__(self, ruleset: Ruleset) -> None:
        """Begin with what is there."""
        self.ruleset = ruleset
        self.problems: list[Problem] = []

    def attempt(self, change: Callable[..., object], *arguments: Any) -> None:
        """Do something; its mistakes are kept, and after many of them all is told."""
        try:
            change(*arguments)
        except RulesetError as error:
            self.problems += error.problems
            if len(self.problems) >= MOST_PROBLEMS:
                raise RulesetError(self.problems[:MOST_PROBLEMS]) from None

    def command(self, command: Command) -> None:
        """One command."""
        verb = VERBS.get(command.verb)
        if verb is not None and command.kind != "inquiry":
            verb(self, command)

    # --- what is there already ---------------------------------------------------------------------------------

    def table_of(self, target: Target) -> TableState:
        """The table that a command is about."""
        family = target.family or "ip"
        for found in self.ruleset.tables.values():
            if found.family == family and (found.name == target.table):
                return found
        raise refuse(target, f"there is no table {family} {target.table or ''}".rstrip())

    def chain_of(self, target: Target) -> tuple[TableState, ChainState]:
        """The chain that a command is about."""
        table = self.table_of(target)
        for chain in table.chains.values():
            if chain.name == target.name or (target.name is None and chain.handle == target.handle):
                return table, chain
        raise refuse(target, f"there is no chain '{target.name or target.handle}' in {table.title}")

    # --- add and create ----------------------------------------------------------------------------------------

    def add(self, command: Command) -> None:
        """`add`, `create`, or a block."""
        target = cast(Target, command.target)
        exclusive = command.verb == "create"
        if command.kind == "table":
            self.whole_table(command, target, cast("block_tree.Table | None", command.body), exclusive)
            return
        self.attempt(self.add_to, self.found(target), command, target, exclusive)

    def found(self, target: Target) -> TableState:
        """The table, without which nothing else can be done."""
        try:
            return self.table_of(target)
        except RulesetError as error:
            raise RulesetError([*self.problems, *error.problems]) from None

    def add_to(self, table: TableState, command: Command, target: Target, exclusive: bool) -> None:
        """Something in a table."""
        body, name = command.body, target.name or ""
        if command.kind == "chain":
            chain_body = cast("block_tree.Chain | None", body)
            chain = chains.declare(self.ruleset, table, command, name, chain_body, exclusive)
            if chain_body is not None:
                self.rules(table, chain, chain_body)
        elif command.kind == "rule":
            self.rule(table, command, target, False)
        elif command.kind in ("set", "map"):
            self.named_set(table, cast(block_tree.NamedSet, body), exclusive)
        elif command.kind == "element":
            self.elements(table, command, target, cast(Expression, body), exclusive)
        elif command.kind == "flowtable":
            self.flowtable(table, cast(block_tree.Flowtable, body), exclusive)
        elif command.kind in OBJECTS:
            self.named_object(table, cast("block_tree.Stateful | block_tree.CtObject", body), exclusive)

    def whole_table(self, command: Command, target: Target, body: block_tree.Table | None, exclusive: bool) -> None:
        """A table, with what its block holds: chains may be spoken of in it before they stand there."""
        family, name = target.family or "ip", target.table or ""
        table = self.ruleset.tables.get((family, name))
        if table is None:
            table = self.ruleset.tables[family, name] = TableState(family, name, command)
        elif exclusive:
            self.problems += refuse(command, f"there is a table {family} {name} already").problems
        if body is None:
            return
        table.dormant = "dormant" in body.flags
        self.block(table, body, exclusive)

    def block(self, table: TableState, body: block_tree.Table, exclusive: bool) -> None:
        """First what has a name, then what is in it."""
        for each in body.chains:
            self.attempt(chains.declare, self.ruleset, table, each, each.name, each, False)
        for one in body.objects:
            self.attempt(self.named_object, table, one, False)
        for flowtable in body.flowtables:
            self.attempt(self.flowtable, table, flowtable, False)
        declared = []
        for named in body.sets:
            self.attempt(lambda named=named: declared.append((sets.declare(self.ruleset, table, named, False), named)))
        for state, named in declared:
            if named.elements is not None:
                reading = sets.reading_of(self.ruleset, table, node=named)
                self.attempt(sets.add_elements, reading, state, named.elements)
        for each in body.chains:
            if each.name in table.chains:
                self.rules(table, table.chains[each.name], each)

    def rules(self, table: TableState, chain: ChainState, body: block_tree.Chain) -> None:
        """The rules of a chain's block, behind those that it has."""
        for node in body.rules:
            self.attempt(lambda node=node: chain.rules.append(read_rule(self.ruleset, table, chain, node)))

    def rule(self, table: TableState, command: Command, target: Target, insert: bool) -> None:
        """`add rule`, `insert rule`."""
        chain = self.chain_of(target)[1]
        place = place_of(chain, target, command, insert)
        chain.rules.insert(place, read_rule(self.ruleset, table, chain, cast(rule_tree.Rule, command.body)))

    def named_set(self, table: TableState, body: block_tree.NamedSet, exclusive: bool) -> None:
        """A set or map with its elements."""
        state = sets.declare(self.ruleset, table, body, exclusive)
        if body.elements is not None:
            sets.add_elements(sets.reading_of(self.ruleset, table, node=body), state, body.elements)

    def elements(self, table: TableState, node: Node, target: Target, body: Expression, exclusive: bool) -> None:
        """`add element`."""
        state = table.sets.get(target.name or "")
        if state is None:
            raise refuse(target, f"there is no set '{target.name}' in {table.title}")
        sets.add_elements(sets.reading_of(self.ruleset, table, node=node), state, body, exclusive)

    def named_object(self, table: TableState, body: block_tree.Stateful | block_tree.CtObject, exclusive: bool) -> None:
        """A named object."""
        key = (body.kind, body.name)
        if key in table.objects:
            if exclusive:
                raise refuse(body, f"there is a {body.kind} '{body.name}' already")
            return
        check_object(body)
        table.next_handle()
        table.objects[key] = ObjectState(body.name, body.kind, object_step(body), body)

    def flowtable(self, table: TableState, body: block_tree.Flowtable, exclusive: bool) -> None:
        """A flowtable."""
        if table.family not in ("ip", "ip6", "inet"):
            raise refuse(body, f"tables of {table.family} have no flowtables")
        if body.name in table.flowtables:
            if exclusive:
                raise refuse(body, f"there is a flowtable '{body.name}' already")
            return
        if body.hook is None:
            raise refuse(body, f"the flowtable '{body.name}' has no hook, expected 'hook ingress priority 0;'")
        table.next_handle()
        table.flowtables[body.name] = body

    # --- insert, replace, rename -------------------------------------------------------------------------------

    def insert(self, command: Command) -> None:
        """`insert rule`."""
        target = cast(Target, command.target)
        self.attempt(lambda: self.rule(self.found(target), command, target, True))

    def replace(self, command: Command) -> None:
        """`replace rule`."""
        self.attempt(self._replace, command, cast(Target, command.target))

    def _replace(self, command: Command, target: Target) -> None:
        table, chain = self.chain_of(target)
        place = by_handle(chain, target.handle or 0, target)
        chain.rules[place] = read_rule(self.ruleset, table, chain, cast(rule_tree.Rule, command.body))

    def rename(self, command: Command) -> None:
        """`rename chain`."""
        self.attempt(self._rename, cast(Target, command.target), command.rename or "")

    def _rename(self, target: Target, name: str) -> None:
        chain = self.chain_of(target)[1]
        raise refuse(
            target, f"'{chain.name}' can be renamed to '{name}' when it is loaded only, not in the same script"
        )

    # --- delete, destroy, flush --------------------------------------------------------------------------------

    def delete(self, command: Command) -> None:
        """`delete`, and `destroy`, which does nothing where there is nothing."""
        self.attempt(self._delete, command, cast(Target, command.target), command.verb == "delete")

    def _delete(self, command: Command, target: Target, must: bool) -> None:
        try:
            table = self.table_of(target)
        except RulesetError:
            if must:
                raise
            return
        DELETIONS[command.kind if command.kind not in OBJECTS else "object"](self, table, command, target, must)

    def _delete_table(self, table: TableState, *_: object) -> None:
        del self.ruleset.tables[table.family, table.name]

    def _delete_chain(self, table: TableState, command: Command, target: Target, must: bool) -> None:
        if command.body is not None or (not must and target.name not in table.chains):
            return
        chain = self.chain_of(target)[1]
        chain.rules = []
        check_unused(table, chain, target)
        del table.chains[chain.name]

    def _delete_rule(self, _table: TableState, _command: Command, target: Target, must: bool) -> None:
        chain = self.chain_of(target)[1]
        if must or any(each.handle == target.handle for each in chain.rules):
            del chain.rules[by_handle(chain, target.handle or 0, target)]

    def _delete_set(self, table: TableState, _command: Command, target: Target, must: bool) -> None:
        if target.name not in table.sets:
            if must:
                raise refuse(target, f"there is no set '{target.name}' in {table.title}")
            return
        check_unused_set(table, target.name, target)
        del table.sets[target.name]

    def _delete_elements(self, table: TableState, command: Command, target: Target, must: bool) -> None:
        state = table.sets.get(target.name or "")
        if state is None:
            raise refuse(target, f"there is no set '{target.name}' in {table.title}")
        reading = sets.reading_of(self.ruleset, table, node=command)
        sets.remove_elements(reading, state, cast(Expression, command.body), must)

    def _delete_flowtable(self, table: TableState, command: Command, target: Target, must: bool) -> None:
        if command.body is not None:
            return
        if table.flowtables.pop(target.name or "", None) is None and must:
            raise refuse(target, f"there is no flowtable '{target.name}' in {table.title}")

    def _delete_object(self, table: TableState, command: Command, target: Target, must: bool) -> None:
        found = table.objects.get((command.kind, target.name or ""))
        if found is None:
            if must:
                raise refuse(target, f"there is no {command.kind} '{target.name}' in {table.title}")
            return
        check_unused_object(table, found, target)
        del table.objects[command.kind, found.name]

    def flush(self, command: Command) -> None:
        """`flush ruleset`, `flush chain t c`."""
        self.attempt(self._flush, command)

    def _flush(self, command: Command) -> None:
        target = command.target
        tables = self.ruleset.tables
        if command.kind == "ruleset":
            family = None if target is None else target.family
            for key in [key for key in tables if family in (None, key[0])]:
                del tables[key]
            return
        target = cast(Target, target)
        table = self.table_of(target)
        if command.kind == "table":
            for chain in table.chains.values():
                chain.rules = []
        elif command.kind == "chain":
            self.chain_of(target)[1].rules = []
        elif target.name not in table.sets:
            raise refuse(target, f"there is no {command.kind} '{target.name}' in {table.title}")
        else:
            table.sets[target.name].clear()


VERBS: dict[str, Callable[[Applying, Command], None]] = {
    "add": Applying.add, "create": Applying.add, "insert": Applying.insert, "replace": Applying.replace,
    "delete": Applying.delete, "destroy": Applying.delete, "flush": Applying.flush, "rename": Applying.rename,
}  # fmt: skip
DELETIONS: dict[str, Callable[..., None]] = {
    "table": Applying._delete_table, "chain": Applying._delete_chain, "rule": Applying._delete_rule,
    "set": Applying._delete_set, "map": Applying._delete_set, "element": Applying._delete_elements,
    "flowtable": Applying._delete_flowtable, "object": Applying._delete_object,
}  # fmt: skip
"""How each kind of thing is deleted."""
