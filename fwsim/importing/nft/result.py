"""From the ruleset that a script built to a `Netfilter`.

Read first: `ruleset`, `fwsim.netfilter.model`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from fwsim.netfilter.fields import Raw, Selector
from fwsim.netfilter.model import Chain, Netfilter, NetfilterRule, Object, Set, Table
from fwsim.netfilter.steps import Case, Choose, Effectless, Element, Lookup, Match, Step
from fwsim.nft.block_tree import Script
from fwsim.ruleset.values import Addresses, MatchValue, Numbers
from fwsim.terms import Hook, Verdict

from .headers import WITH_PORTS
from .named_sets import Build, Kept, SetState, pretended
from .ruleset import ChainState, Ruleset, RuleState, TableState, location
from .values import Constant, Evaluated, Everything, Span, Word

HOOKS = {
    "prerouting": Hook.PREROUTING, "input": Hook.INPUT, "forward": Hook.FORWARD, "output": Hook.OUTPUT,
    "postrouting": Hook.POSTROUTING,
}  # fmt: skip
SEEN = frozenset(["ip", "ip6", "inet"])
"""Families whose chains stand at the five hooks of packets."""


def netfilter(ruleset: Ruleset, script: Script) -> Netfilter:
    """All that the script says."""
    finishing = Finishing(ruleset)
    tables = tuple(finishing.table(table) for table in ruleset.tables.values())
    for table in ruleset.tables.values():
        for chain in table.chains.values():
            for name in chain.devices:
                ruleset.interfaces.setdefault(name)
    sources = tuple((source.path, source.text) for source in script.sources)
    return Netfilter(tables, "nft", tuple(ruleset.remarks), tuple(ruleset.interfaces), sources)


PORTS: dict[Selector, Selector] = {Raw("th", 0, 16): "sport", Raw("th", 16, 16): "dport"}
"""Where ports stand in the headers that have them."""


def has_ports(element: Element, place: int) -> bool:
    """Whether an element asks at a place for protocols with ports only."""
    found = element[place] if element else None
    if not isinstance(found, Numbers):
        return False
    return all(low == high and low in WITH_PORTS for low, high in found.intervals)


def last_everything(keys: Iterable[Evaluated]) -> list[Evaluated]:
    """The keys of elements, `*` behind all others."""
    return sorted(keys, key=lambda key: isinstance(key, Everything))


class Finishing:
    """Makes the parts of a `Netfilter`."""

    def __init__(self, ruleset: Ruleset) -> None:
        """Maps that are used for two things are told apart by the choice."""
        self.ruleset = ruleset
        self.second = {id(use.choice): use for use in ruleset.second_uses}

    def table(self, table: TableState) -> Table:
        """A table."""
        if table.dormant:
            self.ruleset.remark(table.node, f"{table.title} is dormant: its chains see no packet")
        empty = frozenset(name for name, found in table.sets.items() if not found.elements and not found.dynamic)
        dynamic = frozenset(name for name, found in table.sets.items() if found.dynamic or found.forgets)
        chains = {name: self.chain(table, chain, empty, dynamic) for name, chain in table.chains.items()}
        sets = {name: self.set(found) for name, found in table.sets.items()}
        for name in (name for name, found in table.sets.items() if found.forgets):
            what = f"elements of '{name}' are forgotten in time, which runs from the first packet on"
            self.ruleset.remark(table.sets[name].node, what)
        objects = {
            name: Object(name, found.kind, found.step, location(found.node))
            for (_, name), found in table.objects.items()
        }
        return Table(table.family, table.name, chains, sets, objects, location(table.node))

    def chain(self, table: TableState, chain: ChainState, empty: frozenset[str], dynamic: frozenset[str]) -> Chain:
        """A chain with its rules."""
        hooked = chain.hook is not None and not table.dormant
        five = hooked and table.family in SEEN and chain.hook in HOOKS
        change = bool(empty or dynamic or self.second)
        rules = tuple(
            self.rule(table, each, empty, dynamic) if change or each.any_ports else each.rule for each in chain.rules
        )
        return Chain(
            chain.name,
            f"{table.family} {table.name} {chain.name}",
            (HOOKS[chain.hook],) if five and chain.hook is not None else (),
            chain.priority,
            Verdict.DROP if chain.policy == "drop" else Verdict.ACCEPT,
            chain.kind,
            rules,
            location(chain.node, chain.policy_line),
            chain.registered,
            chain.hook if hooked and not five else None,
            chain.devices,
        )

    def rule(
        self, table: TableState, state: RuleState, empty: frozenset[str], dynamic: frozenset[str]
    ) -> NetfilterRule:
        """A rule whose sets are known now."""
        rule = state.rule
        steps = tuple(self.step(step, empty, dynamic) for step in rule.steps)
        if state.any_ports:
            steps = tuple(self.with_ports(table, step) for step in steps)
        return rule if steps == rule.steps else replace(rule, steps=steps)

    def step(self, step: Step, empty: frozenset[str], dynamic: frozenset[str]) -> Step:
        """A set that changes is looked up; so is an empty one, of which no value tells the family."""
        if isinstance(step, Match) and step.value.sets:
            name = step.value.sets[0]
            if name in dynamic or (name in empty and isinstance(step.value, Addresses)):
                return Lookup((step.selector,), (), name, step.value.negated, step.text)
        use = self.second.get(id(step))
        if use is not None and isinstance(step, Choose):
            return replace(step, map=None, cases=tuple(self.cases(use.map, use.build)))
        return step

    def with_ports(self, table: TableState, step: Step) -> Step:
        """`meta l4proto . th dport` of elements whose protocols all have ports: they are the ports of PACKET."""
        if not isinstance(step, Lookup | Choose) or "proto" not in step.selectors:
            return step
        if isinstance(step, Lookup) and step.negated:
            return step
        place = step.selectors.index("proto")
        if not all(has_ports(element, place) for element in self.elements_of(table, step)):
            return step
        return replace(step, selectors=tuple(PORTS.get(each, each) for each in step.selectors))

    def elements_of(self, table: TableState, step: Lookup | Choose) -> Iterable[Element]:
        """The elements that a step looks into; of a set that rules change one that says nothing."""
        name = step.set if isinstance(step, Lookup) else step.map
        if name is None:
            return step.elements if isinstance(step, Lookup) else [case.element for case in step.cases]
        found = table.sets[name]
        return [()] if found.dynamic else (self.element(found, key) for key in found.elements)

    def set(self, found: SetState) -> Set:
        """A set with its elements, or a map with its cases."""
        is_map = found.is_map or found.object_kind is not None
        alone = len(found.wanted) == 1 and not is_map and not found.dynamic and not found.forgets
        value = self.value(found) if alone and found.elements else None
        keys = () if is_map or value is not None else last_everything(found.elements)
        elements = tuple(self.element(found, key) for key in keys)
        cases = tuple(self.cases(found, found.build)) if is_map else None
        return Set(
            found.name, found.kinds, elements, value, cases, found.dynamic, found.size, found.timeout_ns, found.steps,
            location(found.node), self.expiries(found),
        )  # fmt: skip

    def expiries(self, found: SetState) -> tuple[int | None, ...]:
        """For each element, or case, when it is forgotten, if any says so."""
        times = tuple(found.elements[key].timeout_ns for key in last_everything(found.elements))
        return times if any(time is not None for time in times) else ()

    def value(self, found: SetState) -> MatchValue:
        """All elements as one value."""
        constants = [key for key in found.elements if isinstance(key, Span | Word | Everything)]
        return self.ruleset.values.of(pretended(found.wanted[0]), constants)

    def element(self, found: SetState, key: Evaluated) -> Element:
        """One element: the value of every part; nothing of a map's `*`."""
        if isinstance(key, Everything) and (found.is_map or found.object_kind is not None):
            return ()
        if isinstance(key, Everything):
            key = (key,) * len(found.wanted)
        parts: tuple[Constant, ...] = (key,) if isinstance(key, Span | Word) else key
        of = self.ruleset.values.of
        return tuple(of(pretended(wanted), (part,)) for wanted, part in zip(found.wanted, parts, strict=True))

    def cases(self, found: SetState, build: Build | None) -> list[Case]:
        """What follows from each element of a map."""
        keys = last_everything(found.elements)
        return [Case(self.element(found, key), self.steps(found.elements[key], build)) for key in keys]

    def steps(self, kept: Kept, build: Build | None) -> tuple[Step, ...]:
        """What follows from one element; of a map that no rule uses nothing does."""
        if kept.steps:
            return kept.steps
        if build is None or kept.value is None:
            return (Effectless(str(kept.value)),)
        return build(kept.value)
