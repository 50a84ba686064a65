"""Chains: their hook, priority and policy, and their rules.

Read first: `blocks`, `statements`, `block_tree`.
"""

from __future__ import annotations

from typing import Any

from .block_tree import Base, Chain, Priority
from .blocks import block, device, devices
from .elements import comment
from .operands import variable
from .rule_tree import Rule
from .statements import rule
from .tokens import Reader
from .tree import Expression, Variable
from .words import CHAIN_TYPES, HOOKS

POLICIES = frozenset(["accept", "drop"])


def chain_block(reader: Reader, start: int, name: str) -> Chain:
    """`{ ... }` behind the name of a chain."""
    source = reader.source
    found: dict[str, Any] = {"base": None, "policy": None}
    rules: list[Rule] = []

    def item(reader: Reader) -> None:
        known = ITEMS.get(reader.text)
        if known is not None:
            known(reader, found)
        else:
            rules.append(rule(reader))
        reader.separator()

    reader.scopes.append({})
    block(reader, item)
    reader.scopes.pop()
    return Chain(source, start, reader.close(source), name, rules=tuple(rules), **found)


def _base(reader: Reader, found: dict[str, Any]) -> None:
    """`type filter hook input device "eth0" priority filter`."""
    source, start = reader.source, reader.start
    reader.advance()
    kind = _known(reader, CHAIN_TYPES, "a type of chain: filter, nat or route")
    reader.expect("hook")
    hook = _known(reader, HOOKS, "a hook: prerouting, input, forward, output, postrouting, ingress or egress")
    names: tuple[Expression, ...] = ()
    if reader.take("device"):
        names = (device(reader),)
    elif reader.take("devices"):
        names = devices(reader)
    order = priority(reader)
    found["base"] = Base(source, start, reader.last, kind, hook, order, names)


def _known(reader: Reader, words: frozenset[str], what: str) -> str:
    """A word of a closed list that is no keyword."""
    if not reader.at_string() or reader.text not in words:
        reader.fail(what)
    return reader.name(what)


def hook_name(reader: Reader) -> str:
    """The hook of a flowtable."""
    return _known(reader, HOOKS, "a hook: ingress")


def priority(reader: Reader) -> Priority:
    """`priority filter + 10`."""
    source, start = reader.source, reader.start
    reader.expect("priority")
    if reader.text == "$":
        found = variable(reader)
        return Priority(source, start, reader.last, None, 0, found)
    if reader.at_number() or reader.text == "-":
        offset = _signed(reader, "")
        return Priority(source, start, reader.last, None, offset)
    name = reader.name("a priority: a number, or a name with or without '+ N' or '- N'")
    offset = _signed(reader, name) if reader.text in ("+", "-") else 0
    return Priority(source, start, reader.last, name, offset)


def _signed(reader: Reader, name: str) -> int:
    """A number; its sign must be written behind a name, and may be `-` only without one."""
    if name and reader.take("+"):
        return reader.number("a number")
    return -reader.number("a number") if reader.take("-") else reader.number("a number")


def _policy(reader: Reader, found: dict[str, Any]) -> None:
    """`policy drop`."""
    start = reader.start
    reader.advance()
    word = reader.text
    policy: str | Variable = variable(reader) if word == "$" else reader.one_of(POLICIES, "accept or drop")
    if found["policy"] is not None:
        reader.refuse(start, "the chain has a policy already, expected one only")
    found["policy"] = policy


def _flags(reader: Reader, found: dict[str, Any]) -> None:
    """`flags offload`."""
    reader.advance()
    reader.expect("offload")
    found["offload"] = True


def _devices(reader: Reader, found: dict[str, Any]) -> None:
    """`devices = { ... }` on a line of its own."""
    reader.advance()
    found["devices"] = found.get("devices", ()) + devices(reader)


def _comment(reader: Reader, found: dict[str, Any]) -> None:
    """`comment "..."`."""
    found["comment"] = comment(reader, found.get("comment"))


ITEMS = {"type": _base, "policy": _policy, "flags": _flags, "devices": _devices, "comment": _comment}
"""What may stand in a chain besides rules."""
