"""Sets that rules change: `add @set { ip saddr }`, `update`, `delete`, and meters.

Read first: `counting`, `operands`.
"""

from __future__ import annotations

from dataclasses import replace

from fwsim.netfilter.fields import NotSimulated
from fwsim.netfilter.steps import Connections, Step, Update
from fwsim.nft.rule_tree import Meter, SetUpdate, Statement
from fwsim.nft.tree import Expression, Node, SetReference

from .counting import STATEFUL, counted, not_stateful
from .named_sets import SetState
from .operands import Operand, is_constant, operands
from .reading import Reading
from .values import Wanted, duration_ns, element, refuse, unveiled

UNKNOWN_VALUE = "what a rule puts into a map is not simulated"


def set_update(reading: Reading, node: SetUpdate) -> None:
    """`add @name { ip saddr timeout 1m limit rate 1/second }`."""
    where = unveiled(node.set)
    if not isinstance(where, SetReference):
        raise refuse(node.set, "expected the name of a set")
    found = reading.table.set_named(where)
    key = node.element.key
    left = constant_key(reading, key, found.wanted) if is_constant(key) else key_of(reading, key)
    found.check_key(where, left)
    if node.element.timeout is not None and "timeout" not in found.flags:
        raise refuse(node.element, f"'{where.name}' has no 'flags timeout'")
    if node.element.comment is not None:
        raise refuse(node.element, "a comment cannot stand here")
    steps = tuple(_inner(each, left) for each in node.statements)
    if node.value is not None:
        _check_value(reading, node, found)
        reading.ruleset.remark(node, f"{node.text}: {UNKNOWN_VALUE}")
    found.change(node, node.operation)
    _check_steps(node, steps, "timeout" in found.flags)
    timeout = duration_ns(node.element.timeout, node.element.timeout.name) if node.element.timeout is not None else None
    selectors = tuple(each.selector for each in left)
    reading.add(Update(node.operation, where.name, selectors, timeout, steps, node.text))


def _check_steps(node: Node, steps: tuple[Step, ...], forgets: bool) -> None:
    """Connections are counted for elements only that stay."""
    if forgets and any(isinstance(step, Connections) for step in steps):
        raise refuse(node, "'ct count' cannot be kept for elements that have a timeout")


def _check_value(reading: Reading, node: SetUpdate, found: SetState) -> None:
    """What a rule puts into a map: something of the packet, or always the same."""
    assert node.value is not None
    if not found.is_map:
        raise refuse(node.value, "a value stands in maps only")
    if is_constant(node.value.key):
        element(reading.constants, node.value.key, found.value_wanted)
    else:
        operands(reading, node.value.key)


def key_of(reading: Reading, node: Expression) -> tuple[Operand, ...]:
    """What is put into a set."""
    if is_constant(node):
        raise refuse(node, "a rule puts into a set what it sees of a packet, expected no constant")
    return operands(reading, node)


def constant_key(reading: Reading, node: Expression, wanted: tuple[Wanted, ...]) -> tuple[Operand, ...]:
    """A constant that every packet puts into the set."""
    element(reading.constants, node, wanted)
    return tuple(Operand(NotSimulated(node.text), each.type, each.bits) for each in wanted)


def _inner(node: Statement, left: tuple[Operand, ...]) -> Step:
    """What is kept for each element."""
    if not isinstance(node, STATEFUL):
        raise not_stateful(node)
    step = counted(node)
    if isinstance(step, Connections):
        return replace(step, key=tuple((each.selector, each.bits) for each in left))
    return step


def meter(reading: Reading, node: Meter) -> None:
    """`meter name size 65535 { ip saddr limit rate 1/second }`: a set of its own, filled by this rule."""
    left = key_of(reading, node.element.key)
    if node.element.comment is not None:
        raise refuse(node.element, "a comment cannot stand here")
    step = _inner(node.statement, left)
    timeout = duration_ns(node.element.timeout, node.element.timeout.name) if node.element.timeout is not None else None
    _check_steps(node, (step,), timeout is not None)
    name = reading.table.meter(node, node.name, left, node.size or 0, timeout)
    operation = "add" if timeout is None else "update"
    selectors = tuple(each.selector for each in left)
    reading.add(Update(operation, name, selectors, timeout, (step,), node.text))
