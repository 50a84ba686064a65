"""Statements of rules.

Read first: `values`, `stateful`, `elsewhere`. `STATEMENTS` says which key is which statement.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from fwsim.errors import RulesetError
from fwsim.nft.operands import VERDICTS
from fwsim.nft.rule_tree import (
    Assign,
    Match,
    Meter,
    Named,
    Notrack,
    Rule,
    SetUpdate,
    Statement,
    StripOption,
    VerdictMap,
    VerdictStatement,
    Xtables,
)  # fmt: skip
from fwsim.nft.source import Source, byte_length, shown
from fwsim.nft.statements import rule as rule_of_text
from fwsim.nft.tokens import END, NEWLINE, Reader
from fwsim.nft.tree import (
    Binary,
    Boolean,
    Ct,
    Element,
    Expression,
    Header,
    HeaderOption,
    List,
    Meta,
    Node,
    RawPayload,
    SetLiteral,
    SetReference,
)  # fmt: skip

from .elsewhere import ELSEWHERE
from .located import Json
from .members import integer, is_null, items, members, name, needed, one_of, only, word
from .selectors import tcp_option
from .stateful import STATEFUL
from .values import LEFT, MANGLED, MAPPED, RIGHT, STATEMENT, UPDATED, as_element, expression, mapped, verdict

OPERATORS = ("==", "!=", "<", ">", "<=", ">=", "!", "in")
BITS_OF_CT = frozenset(["state", "status", "label", "event"])
"""What of a connection has values that are bits, as the flags of tcp."""

LONGEST_TEXT = 1023
"""Bytes that nft has room for where it prints a statement as text in its JSON."""


def rule(found: Json, statements: Json, comment: str | None) -> Rule:
    """A rule of an array of statements."""
    read: list[Statement] = []
    for item in items(statements, "statements"):
        if isinstance(item, Statement):  # a usual one
            read.append(item)
        elif isinstance(item.value, str):
            read += _as_text(item)
        else:
            read.append(statement(item))
    return Rule(found.source, found.start, found.end, tuple(read), comment)


def statement(found: Json) -> Statement:
    """One statement."""
    kind, inside = only(found, "a statement")
    known = STATEMENTS.get(kind)
    if known is None:
        found.fail("a statement such as match, counter or accept")
    return known(found, kind, inside)


def _as_text(found: Json) -> list[Statement]:
    """What nft prints as text since it has no JSON for it (1.0.6: adding to a map, a chain without a name)."""
    text = word(found)
    if byte_length(text) >= LONGEST_TEXT:
        found.refuse("a statement as text that may have been cut off, expected an object")
    try:
        reader = Reader(Source(found.source.path, text + "\n"))
        read = rule_of_text(reader)
        while reader.kind == NEWLINE:
            reader.advance()
        if reader.kind != END or read.comment is not None:
            found.fail("a statement")
    except RulesetError as error:
        found.refuse(f"{shown(text)} is no statement: {error.problems[0].what}")
    return [_placed(each, found) for each in read.statements]


def _placed(node: Any, found: Json) -> Any:
    """A node of text as if it were written where its string stands."""
    changed: dict[str, Any] = {"source": found.source, "start": found.start, "end": found.end}
    for each in fields(node):
        value = getattr(node, each.name)
        if isinstance(value, Node):
            changed[each.name] = _placed(value, found)
        elif isinstance(value, tuple):
            changed[each.name] = tuple(_placed(item, found) if isinstance(item, Node) else item for item in value)
    return replace(node, **changed)


def _match(found: Json, _: str, inside: Json) -> Match:
    """`{"match": {"op": "==", "left": ..., "right": ...}}`, of which `&` with a list is text's `syn / syn,ack`."""
    held = members(inside, ("left", "op", "right"), "left, op and right")
    operator = one_of(needed(inside, held, "op"), OPERATORS, "an operator: ==, !=, <, >, <=, >=, ! or in")
    left, mask = _masked(needed(inside, held, "left"))
    right = expression(needed(inside, held, "right"), RIGHT)
    if isinstance(left, HeaderOption) and left.raw == (0, 8) and isinstance(right, Boolean):
        left = replace(left, raw=None)
    return compared(found.source, found.start, found.end, operator, left, right, mask)


def compared(
    source: Source, start: int, end: int, operator: str, left: Expression, right: Expression,
    mask: Expression | None = None,
) -> Match:  # fmt: skip
    """A comparison, of which text says `==` and `in` only where they make a difference."""
    said = operator != "in" and (operator != "==" or (mask is None and _is_bits(left, right)))
    return Match(source, start, end, left, operator if said else None, right, mask)


def _masked(found: Json) -> tuple[Expression, Expression | None]:
    """The left of a comparison, and its mask if that is a list."""
    if isinstance(found.value, dict) and found.value.keys() == {"&"}:
        operands = found.value["&"].value
        if isinstance(operands, list) and len(operands) == 2 and isinstance(operands[1].value, list):
            return expression(operands[0], LEFT), expression(operands[1], RIGHT)
    return expression(found, LEFT), None


def _is_bits(left: Expression, right: Expression) -> bool:
    """Whether text needs `==` to say that all bits are compared, or that what was masked is."""
    if isinstance(left, Binary) or isinstance(right, List):
        return True
    if isinstance(right, SetLiteral | SetReference):
        return False
    if isinstance(left, Ct):
        return left.key in BITS_OF_CT
    return isinstance(left, Header) and (left.header, left.field) == ("tcp", "flags")


def _verdict(found: Json, kind: str, inside: Json) -> VerdictStatement:
    """`{"accept": null}`."""
    return VerdictStatement(found.source, found.start, found.end, verdict(found, kind, inside))


def _verdict_map(found: Json, _: str, inside: Json) -> VerdictMap:
    """`{"vmap": {"key": ..., "data": ...}}`."""
    key, mapping = mapped(inside, LEFT)
    return VerdictMap(found.source, found.start, found.end, key, mapping)


def _stateful(found: Json, kind: str, inside: Json) -> Statement:
    """A statement that counts, or the use of a named one."""
    by_name = not is_null(inside) and (not isinstance(inside.value, dict) or "map" in inside.value)
    if by_name and kind in ("counter", "quota", "limit"):
        return Named(found.source, found.start, found.end, kind, expression(inside, STATEMENT))
    return STATEFUL[kind](found, inside)


def _mangle(found: Json, _: str, inside: Json) -> Assign:
    """`{"mangle": {"key": {"meta": {"key": "mark"}}, "value": 1}}`."""
    held = members(inside, ("key", "value"), "key and value")
    place = needed(inside, held, "key")
    target = expression(place, MANGLED)
    if not isinstance(target, Header | HeaderOption | Meta | Ct | RawPayload):
        place.fail("what can be set")
    return Assign(found.source, found.start, found.end, target, expression(needed(inside, held, "value"), STATEMENT))


def _by_name(found: Json, kind: str, inside: Json) -> Assign:
    """`{"ct helper": "ftp-standard"}`: the connection is given a named object."""
    place = found.source, found.start, found.end
    target = Meta(*place, "secmark") if kind == "secmark" else Ct(*place, kind.removeprefix("ct "))
    return Assign(*place, target, expression(inside, STATEMENT))


def _set_update(found: Json, kind: str, inside: Json) -> SetUpdate:
    """`{"set": {"op": "add", "elem": ..., "set": "@seen"}}`; of a map with data (nft 1.0.9 and later)."""
    keys = ("op", "elem", "set", "stmt") if kind == "set" else ("op", "elem", "map", "data", "stmt")
    held = members(inside, keys, ", ".join(keys))
    operation = one_of(needed(inside, held, "op"), ("add", "update", "delete"), "add, update or delete")
    element = as_element(expression(needed(inside, held, "elem"), UPDATED))
    place = needed(inside, held, kind)
    if not word(place).startswith("@") or place.value == "@":
        place.fail("the name of a set behind '@'")
    where = SetReference(place.source, place.start, place.end, word(place)[1:])
    statements = stateful_statements(held["stmt"]) if "stmt" in held else ()
    value = as_element(expression(needed(inside, held, "data"), MAPPED)) if kind == "map" else None
    return SetUpdate(found.source, found.start, found.end, operation, where, element, statements, value)


def stateful_statements(found: Json) -> tuple[Statement, ...]:
    """The statements that count for each element of a set."""
    listed = items(found, "statements")
    return tuple(_stateful_only(item) for item in listed)


def _stateful_only(found: Json) -> Statement:
    """A statement that counts."""
    kind, inside = only(found, "a statement")
    if kind not in STATEFUL:
        found.fail("counter, quota, limit, ct count or last")
    return _stateful(found, kind, inside)


def _meter(found: Json, _: str, inside: Json) -> Meter:
    """`{"meter": {"name": "m", "size": 65535, "key": ..., "stmt": ...}}`."""
    held = members(inside, ("name", "size", "key", "stmt"), "name, key and stmt")
    title = name(held["name"]) if "name" in held else None
    size = integer(held["size"], "a size") if "size" in held else None
    key: Element = as_element(expression(needed(inside, held, "key"), UPDATED))
    counted = statement(needed(inside, held, "stmt"))
    return Meter(found.source, found.start, found.end, title, size, key, counted)


def _strip_option(found: Json, _: str, inside: Json) -> StripOption:
    """`{"reset": {"tcp option": {"name": "timestamp"}}}`."""
    kind, option = only(inside, "tcp option")
    stripped = tcp_option(option) if kind == "tcp option" else None
    if not isinstance(stripped, HeaderOption) or stripped.field is not None:
        inside.fail("an option of tcp without a field")
    return StripOption(found.source, found.start, found.end, stripped)


def _notrack(found: Json, _: str, __: Json) -> Notrack:
    """`{"notrack": null}`."""
    return Notrack(found.source, found.start, found.end)


def _xtables(found: Json, _: str, inside: Json) -> Xtables:
    """`{"xt": {"type": "match", "name": "owner"}}`, or null, as nft before 1.0.5 prints all of them."""
    if is_null(inside):
        return Xtables(found.source, found.start, found.end, "extension", "")
    held = members(inside, ("type", "name"), "type and name")
    kind = one_of(needed(inside, held, "type"), ("match", "target", "watcher"), "match, target or watcher")
    return Xtables(found.source, found.start, found.end, kind, word(needed(inside, held, "name")))


STATEMENTS: dict[str, Callable[[Json, str, Json], Statement]] = {
    **dict.fromkeys(VERDICTS, _verdict), **dict.fromkeys(STATEFUL, _stateful), **ELSEWHERE,
    **dict.fromkeys(("ct helper", "ct timeout", "ct expectation", "secmark"), _by_name),
    "match": _match, "vmap": _verdict_map, "mangle": _mangle, "set": _set_update, "map": _set_update, "meter": _meter,
    "reset": _strip_option, "notrack": _notrack, "xt": _xtables,
}  # fmt: skip
"""Statements, by their key."""
