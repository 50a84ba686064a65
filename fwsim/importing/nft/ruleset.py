"""The ruleset that a script builds: tables, chains, sets and objects while commands change them.

Read first: `named_sets`, `fwsim.netfilter.model`. `commands` changes it, `result` makes a `Netfilter` of
it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fwsim.netfilter.model import NetfilterRule, Remark
from fwsim.netfilter.steps import Alter, Effectless, Quota, Rate, SetHelper, Step, Verdict
from fwsim.nft import block_tree, rule_tree
from fwsim.nft.tree import Node, SetReference
from fwsim.ruleset.values import Location

from .comparing import Values, kind_of
from .named_sets import SetState
from .operands import Operand
from .values import Constant, Constants, Word, refuse

if TYPE_CHECKING:
    from .named_sets import SecondUse


def location(node: Node, policy_line: int = 0) -> Location:
    """Where a node stands."""
    line, column = node.source.place(node.start)
    return Location(node.source.path, line, column, node.text, policy_line)


@dataclass
class RuleState:
    """A rule in its chain."""

    handle: int
    rule: NetfilterRule
    node: Node
    bound: tuple[tuple[Node, str], ...] = ()
    """What stands at some hooks only."""
    any_ports: bool = False


@dataclass
class ChainState:
    """A chain. A base chain has a `hook`."""

    name: str
    node: Node
    handle: int = 0
    kind: str = "filter"
    hook: str | None = None
    priority: int = 0
    policy: str = "accept"
    policy_line: int = 0
    devices: tuple[str, ...] = ()
    registered: int = 0
    anonymous: bool = False
    rules: list[RuleState] = field(default_factory=list)


@dataclass
class ObjectState:
    """A named object."""

    name: str
    kind: str
    step: Step
    node: Node

    def step_for(self, text: str) -> Step:
        """The step of a rule that uses it, with the text of the rule."""
        step = self.step
        if isinstance(step, Rate):
            return Rate(step.limit, step.kernel, self.name, text)
        if isinstance(step, Quota):
            return Quota(step.bytes, step.used, step.over, self.name, text)
        if isinstance(step, SetHelper):
            return SetHelper(step.helper, text)
        if isinstance(step, Alter):
            return Alter(step.selectors, step.constant, text)
        return Effectless(text, counter=self.kind == "counter")


@dataclass
class TableState:
    """A table."""

    family: str
    name: str
    node: Node
    chains: dict[str, ChainState] = field(default_factory=dict)
    sets: dict[str, SetState] = field(default_factory=dict)
    objects: dict[tuple[str, str], ObjectState] = field(default_factory=dict)
    flowtables: dict[str, block_tree.Flowtable] = field(default_factory=dict)
    dormant: bool = False
    handles: int = 0

    @property
    def title(self) -> str:
        """The table as messages name it."""
        return f"table {self.family} {self.name}"

    def next_handle(self) -> int:
        """The kernel numbers what is in a table from 1."""
        self.handles += 1
        return self.handles

    def set_named(self, node: SetReference) -> SetState:
        """The set that is meant."""
        found = self.sets.get(node.name)
        if found is None:
            raise refuse(node, f"there is no set '{node.name}' in {self.title}")
        return found

    def chain_named(self, node: Node, name: str) -> ChainState:
        """The chain that is meant."""
        found = self.chains.get(name)
        if found is None:
            raise refuse(node, f"there is no chain '{name}' in {self.title}")
        return found

    def object_named(self, node: Node, kind: str, name: str) -> ObjectState:
        """The object that is meant."""
        found = self.objects.get((kind, name))
        if found is None:
            raise refuse(node, f"there is no {kind} '{name}' in {self.title}")
        return found

    def meter(
        self, node: rule_tree.Meter, name: str | None, left: tuple[Operand, ...], size: int, timeout: int | None
    ) -> str:
        """The set of a meter; a meter without a name gets one."""
        if name is None:
            name = f"__meter{self.handles}"
        if name in self.sets:
            raise refuse(node, f"there is a set or meter '{name}' already, expected another name")
        self.next_handle()
        self.sets[name] = SetState.of_meter(name, node, left, size, timeout)
        return name


@dataclass
class Ruleset:
    """All tables, and what is said of them."""

    tables: dict[tuple[str, str], TableState] = field(default_factory=dict)
    constants: Constants = field(default_factory=Constants)
    values: Values = field(default_factory=Values)
    comparisons: dict[tuple[Operand, str], Step] = field(default_factory=dict)
    """The steps of comparisons, by what is looked at and by how they were written."""
    remarks: list[Remark] = field(default_factory=list)
    _said: set[str] = field(default_factory=set)
    """What `remark_once` has said."""
    interfaces: dict[str, None] = field(default_factory=dict)
    second_uses: list[SecondUse] = field(default_factory=list)
    waiting: list[tuple[TableState, ChainState, rule_tree.AnonymousChain]] = field(default_factory=list)
    """Chains without a name whose rules are still to be read."""
    numbers: int = 0
    bases: int = 0
    _verdicts: dict[str, Verdict] = field(default_factory=dict)

    def next_number(self) -> int:
        """A number for a counter that no other has."""
        self.numbers += 1
        return self.numbers

    def next_base(self) -> int:
        """A number for a base chain, higher than those before."""
        self.bases += 1
        return self.bases

    def verdict(self, kind: str) -> Verdict:
        """A verdict without a chain."""
        return self._verdicts.setdefault(kind, Verdict(kind, text=kind))

    def remark(self, node: Node, what: str) -> None:
        """Something for `check`."""
        self.remarks.append(Remark(location(node), what))

    def remark_once(self, node: Node, what: str) -> None:
        """Something for `check` that need not be said of every rule."""
        if what not in self._said:
            self._said.add(what)
            self.remark(node, what)

    def mention(self, operand: Operand, constants: Iterable[Constant | object]) -> None:
        """Keep the names of interfaces."""
        if operand.selector not in ("iif", "oif") and kind_of(operand.selector) != "name":
            return
        if operand.selector == "ct_helper":
            return
        for each in constants:
            if isinstance(each, Word):
                self.interfaces.setdefault(each.text + "*" if each.begins else each.text)

    def anonymous_set(self, table: TableState) -> None:
        """A set without a name takes a handle as well."""
        table.next_handle()

    def anonymous_chain(self, table: TableState, node: rule_tree.AnonymousChain) -> str:
        """A chain without a name; its rules are read when the rule that jumps there has been."""
        name = f"__chain{len(table.chains)}"
        while name in table.chains:
            name += "_"
        chain = ChainState(name, node, table.next_handle(), anonymous=True)
        table.chains[name] = chain
        self.waiting.append((table, chain, node))
        return name
