"""Maps: `vmap`, and `map` for what is set or translated to.

Read first: `members`, `operands`. The cases of a named map are settled when the whole script is read, since
elements may be added behind the rule.
"""

from __future__ import annotations

from collections.abc import Callable

from fwsim.netfilter.fields import NotSimulated, Selector
from fwsim.netfilter.steps import Case, Choose, Step, Verdict
from fwsim.nft import tree
from fwsim.nft.rule_tree import VerdictMap
from fwsim.nft.tree import Expression, SetLiteral, SetReference

from .comparing import seen
from .matches import element_of
from .members import anonymous_map, has_interval, members_of
from .operands import Operand, is_constant, operands
from .reading import Reading
from .values import Evaluated, Wanted, element, refuse, unveiled

Build = Callable[[Evaluated], "tuple[Step, ...]"]
"""What follows from a value of a map."""


def verdict_step(reading: Reading, node: Expression) -> Verdict:
    """A verdict, whose chain must be there."""
    node = unveiled(node)
    if not isinstance(node, tree.Verdict):
        raise refuse(node, "expected a verdict")
    if node.chain is None:
        return reading.ruleset.verdict(node.kind)
    chain = node.chain.value if isinstance(node.chain, tree.Variable) else node.chain
    if not isinstance(chain, tree.Symbol):
        raise refuse(node.chain, "expected the name of a chain")
    reading.table.chain_named(node.chain, chain.name)
    return Verdict(node.kind, chain.name, text=node.text)


def keys(reading: Reading, node: Expression) -> tuple[Operand, ...]:
    """What a map looks at."""
    if is_constant(node):
        raise refuse(node, "the key of a map cannot be a constant")
    found = operands(reading, node)
    if any(not each.bits for each in found):
        raise refuse(node, "the key of a map has no certain type here")
    return found


def verdict_map(reading: Reading, node: VerdictMap) -> None:
    """`tcp dport vmap { 22 : accept }`."""
    left = keys(reading, node.key)
    mapping = unveiled(node.mapping)
    if isinstance(mapping, SetReference):
        named(reading, mapping, left, ("verdict",), "verdict")
        reading.add(choose_named(reading, mapping, left, node.text))
        return
    if not isinstance(mapping, SetLiteral):
        raise refuse(mapping, "expected a map in braces or by name")
    members = members_of(reading.constants, mapping, left, True)
    anonymous_map(members, left)
    cases = []
    for member in members:
        assert member.value is not None
        cases.append(Case(element_of(reading, left, member.key), (verdict_step(reading, member.value),)))
    reading.ruleset.anonymous_set(reading.table)
    reading.add(Choose(looked_at(left), last_first(cases), None, node.text))


def last_first(cases: list[Case]) -> tuple[Case, ...]:
    """The case of `*` last."""
    return tuple(sorted(cases, key=lambda case: not case.element))


def looked_at(left: tuple[Operand, ...]) -> tuple[Selector, ...]:
    """The selectors of a key."""
    return tuple(seen(each) for each in left) if len(left) == 1 else tuple(each.selector for each in left)


def named(reading: Reading, node: SetReference, left: tuple[Operand, ...], value: tuple[str, ...], what: str) -> None:
    """Check that a named map maps these keys to such values."""
    found = reading.table.set_named(node)
    found.check_key(node, left)
    if not found.is_map or found.values != value:
        given = " . ".join(found.values) if found.is_map else "nothing"
        raise refuse(node, f"'{node.name}' is no map to {what}: it gives {given}")


def check_mixed(node: SetLiteral, values: list[Evaluated]) -> None:
    """The kernel keeps either single values or intervals in one map."""
    if len({has_interval(value) for value in values}) > 1:
        raise refuse(node, "a map gives either single values or intervals, not both")


def choose_named(reading: Reading, node: SetReference, left: tuple[Operand, ...], text: str) -> Choose:
    """The choice by a named map; a key that is computed first is not simulated."""
    computed = any(each.operations or each.numbers for each in left)
    selectors = (NotSimulated(text),) if computed else tuple(each.selector for each in left)
    reading.table.sets[node.name].used_by_match = True
    return Choose(selectors, (), node.name, text)


def mapped(reading: Reading, node: tree.Map, wanted: tuple[Wanted, ...], build: Build, kind: str) -> Choose:
    """`ip saddr map { ... }` for a value of a type; `kind` tells what is built from what else may be."""
    left = keys(reading, node.key)
    mapping = unveiled(node.mapping)
    if isinstance(mapping, SetReference):
        named(reading, mapping, left, tuple(each.type.name for each in wanted), " . ".join(w.type.name for w in wanted))
        choice = choose_named(reading, mapping, left, node.text)
        return reading.table.sets[mapping.name].used_as(choice, kind, build, reading.ruleset)
    if not isinstance(mapping, SetLiteral):
        raise refuse(mapping, "expected a map in braces or by name")
    members = members_of(reading.constants, mapping, left, True)
    anonymous_map(members, left)
    cases, given = [], []
    for member in members:
        assert member.value is not None
        value = element(reading.constants, member.value, wanted)
        given.append(value)
        cases.append(Case(element_of(reading, left, member.key), build(value)))
    check_mixed(mapping, given)
    reading.ruleset.anonymous_set(reading.table)
    return Choose(looked_at(left), last_first(cases), None, node.text)
