"""What text and JSON of nft say, in one form in which they can be compared.

Left out, or made one, is only what `nft -j list ruleset` (1.0.6) does not tell or tells with other words:
- comments of tables and chains, interfaces of chains, `auto-merge`, `dynamic`, `interval` of what a map gives;
- `typeof` (any type will do), whether a word was quoted, names of priorities (their number is compared);
- durations are whole seconds, and numbers that text has as words (`rtclassid "1"`, `0x...` of 128 bits) are numbers;
- `reject` without an answer is the one that its family has;
- the flag `timeout` of a set or map that has a timeout goes without saying;
- where JSON says `xt`, text may have what that means in words of its own, or nothing (`-m comment`): any will do;
- a table in a block is a row of commands.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import fields
from typing import Any

from fwsim.nft.block_tree import (
    Base,
    Chain,
    CtObject,
    DataType,
    NamedSet,
    Priority,
    Script,
    Table,
)
from fwsim.nft.durations import WHOLE_DURATION, milliseconds
from fwsim.nft.priorities import priority_number
from fwsim.nft.rule_tree import Reject
from fwsim.nft.tree import Node, Number, Symbol

PLACES = ("source", "start", "end")
NOT_TOLD = {
    (Table, "comment"), (Chain, "comment"), (Base, "devices"), (Chain, "devices"), (NamedSet, "auto_merge"),
    (NamedSet, "value_interval"), (Symbol, "quoted"),
}  # fmt: skip
REJECTED = {"ip": "icmp", "ip6": "icmpv6", "inet": "icmpx", "bridge": "icmpx", "netdev": "icmpx"}


class Anything:
    """Equals whatever it is compared with."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


def commands_of(script: Script) -> dict[Any, list[Any]]:
    """What is added to a ruleset, by kind, table and chain, each in its order."""
    found: dict[Any, list[Any]] = defaultdict(list)
    for command in script.commands:
        target = command.target
        assert target is not None
        family, table, body = target.family or "ip", target.table, command.body
        if command.kind == "table":
            assert body is None or isinstance(body, Table)
            found["table", family, table].append(body.flags if body else ())
            for kind, name, member in _members(body):
                found[kind, family, table, name].append(said(member, family))
        elif command.kind == "rule":
            found["rule", family, table, target.name].append(said(body, family))
        else:
            name = str(target.name)
            found[_kind(command.kind), family, table, name].append(
                said(body or Chain(target.source, 0, 0, name, None, None, ()), family)
            )
    return dict(found)


def _kind(kind: str) -> str:
    return "set" if kind == "map" else kind


def _members(table: Table | None) -> list[tuple[str, str, Node]]:
    """What a block of a table holds; rules by their chain."""
    if table is None:
        return []
    found: list[tuple[str, str, Node]] = []
    for chain in table.chains:
        found.append(("chain", chain.name, chain))
        found += [("rule", chain.name, rule) for rule in chain.rules]
    found += [("set", each.name, each) for each in table.sets]
    found += [("flowtable", each.name, each) for each in table.flowtables]
    return found + [(each.kind, each.name, each) for each in table.objects]


def said(value: Any, family: str) -> Any:
    """What a node says."""
    if isinstance(value, Symbol):
        return _word(value.name)
    if isinstance(value, Number):
        return value.value
    if isinstance(value, DataType):
        return Anything() if value.expressions else value.names
    if isinstance(value, Base):
        return value.type, value.hook, priority_number(value.priority, family, value.hook)
    if isinstance(value, Priority):
        return priority_number(value, family, "ingress")
    if isinstance(value, Reject) and value.kind is None:
        return "Reject", REJECTED[family], "port-unreachable"
    if isinstance(value, Node):
        return type(value).__name__, *(
            _field(value, each.name, family)
            for each in fields(value)
            if each.name not in PLACES and (type(value), each.name) not in NOT_TOLD
        )
    return [said(item, family) for item in value] if isinstance(value, tuple) else value


def _field(node: Node, name: str, family: str) -> Any:
    """What a field of a node says."""
    value = getattr(node, name)
    if isinstance(node, Chain) and name == "rules":
        return ()
    if isinstance(node, NamedSet):
        if name == "flags":
            return sorted(flag for flag in value if flag != "dynamic" and (flag != "timeout" or node.timeout is None))
        if name in ("timeout", "gc_interval") and value is not None:
            return _word(value)
    if isinstance(node, CtObject) and name == "timeout" and value is not None:
        return milliseconds(value)
    return said(value, family)


def _word(text: str) -> Any:
    """A word; the number that it is if it is one, of seconds if it is a duration."""
    if text.isdigit():
        return int(text)
    if text.startswith("0x"):
        return int(text, 16)
    return milliseconds(text) // 1000 if WHOLE_DURATION.match(text) else text


def differences(text: Script, told: Script) -> list[str]:
    """Where a listing as text and one as JSON do not say the same."""
    first, second = commands_of(text), commands_of(told)
    keys = [f"{key}: only in {'text' if key in first else 'JSON'}" for key in first.keys() ^ second.keys()]
    both = [key for key in first if key in second and not _same(first[key], second[key])]
    return keys + [f"{key}:\n{first[key]}\n{second[key]}" for key in both]


def _same(first: list[Any], second: list[Any]) -> bool:
    """Whether two rows say the same."""
    if first == second:
        return True
    rules = [*first, *second]
    if len(first) != len(second) or any(not isinstance(each, tuple) or each[0] != "Rule" for each in rules):
        return False
    return all(
        one[2] == other[2] and _same_statements(one[1], other[1]) for one, other in zip(first, second, strict=True)
    )


def _same_statements(text: list[Any], told: list[Any]) -> bool:
    """Whether the statements of two rules say the same, `xt` standing for any."""
    if told and told[0][0] == "Xtables" and not (text and text[0][0] == "Xtables"):
        return any(_same_statements(text[count:], told[1:]) for count in range(len(text) + 1))
    if not told or not text:
        return not text and not told
    return bool(text[0] == told[0]) and _same_statements(text[1:], told[1:])
