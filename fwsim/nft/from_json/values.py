"""Expressions: constants, sets, maps, elements, and what joins them.

Read first: `selectors`. libnftables says of each expression where it may stand (`Where`); places add up, so an operand
of `|` in an element must be fit for both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, cast

from fwsim.nft.operands import VERDICTS
from fwsim.nft.tree import (
    Binary,
    Boolean,
    Concatenation,
    Element,
    Expression,
    Hash,
    List,
    Map,
    Node,
    Number,
    Prefix,
    Range,
    SetLiteral,
    SetReference,
    Symbol,
    Verdict,
    Wildcard,
)  # fmt: skip

from . import stateful
from .located import Json
from .members import integer, items, members, name, needed, only, pair, word
from .selectors import SELECTORS

Where: TypeAlias = int
"""Where an expression stands: a sum of these, of which the left of a comparison is none."""

LEFT, RIGHT, STATEMENT, PRIMARY, MAPPED, MANGLED, UPDATED, KEY, JOINED = 0, 1, 2, 4, 8, 16, 32, 64, 128

OF_PACKET = STATEMENT | PRIMARY | MAPPED | UPDATED | KEY | JOINED
FITS: dict[str, Where] = {
    "concat": RIGHT | STATEMENT | MAPPED | UPDATED | KEY, "set": RIGHT | STATEMENT,
    "map": STATEMENT | PRIMARY | MAPPED | JOINED,
    "prefix": RIGHT | STATEMENT | MAPPED | JOINED, "range": RIGHT | STATEMENT | MAPPED | JOINED,
    "payload": OF_PACKET | MANGLED, "meta": OF_PACKET | MANGLED, "ct": OF_PACKET | MANGLED,
    "exthdr": OF_PACKET & ~STATEMENT, "fib": OF_PACKET & ~STATEMENT,
    **dict.fromkeys(
        ("tcp option", "ip option", "sctp chunk", "dccp option"), PRIMARY | MAPPED | MANGLED | UPDATED | JOINED
    ),
    "osf": STATEMENT | PRIMARY | KEY | JOINED, "ipsec": PRIMARY | KEY | JOINED, "socket": PRIMARY | JOINED,
    "rt": OF_PACKET, "numgen": OF_PACKET, "jhash": OF_PACKET, "symhash": OF_PACKET,
    **dict.fromkeys(("|", "^", "&", "<<", ">>"), RIGHT | OF_PACKET),
    **dict.fromkeys(VERDICTS, RIGHT | MAPPED),
    "elem": RIGHT | STATEMENT | PRIMARY | UPDATED,
}  # fmt: skip
"""Where each expression may stand, besides the left of a comparison, where each may."""


def expression(found: Json, where: Where) -> Expression:
    """Any expression."""
    value = found.value
    if isinstance(value, dict):
        kind, inside = only(found, "an expression")
        fits = FITS.get(kind)
        if fits is None:
            found.fail("an expression such as payload, meta or set")
        if where & fits != where:
            found.refuse(f"'{kind}' cannot stand here, expected another expression")
        selector = SELECTORS.get(kind)
        return selector(inside) if selector is not None else JOINERS[kind](found, kind, inside, where)
    if isinstance(value, list):
        if not where & (RIGHT | STATEMENT) or where & PRIMARY:
            found.fail("one value")
        parts = tuple(expression(item, where) for item in value)
        return List(found.source, found.start, found.end, parts)
    if isinstance(value, bool) and not where & (RIGHT | PRIMARY):
        found.fail("a number or string")
    return constant(found)


def constant(found: Json) -> Expression:
    """A string, number or boolean."""
    source, start, end, value = found.source, found.start, found.end, found.value
    if isinstance(value, bool):
        return Boolean(source, start, end, value)
    if isinstance(value, int):
        return Number(source, start, end, value % (1 << 64))
    if not isinstance(value, str):
        found.fail("a string, a number, true or false")
    if value == "*":
        return Wildcard(source, start, end)
    if value.startswith("@"):
        return SetReference(source, start, end, value[1:])
    return Symbol(source, start, end, value)


def _concat(found: Json, _: str, inside: Json, where: Where) -> Expression:
    """`{"concat": [a, b]}`; one part alone is itself."""
    parts = tuple(expression(item, where | JOINED) for item in items(inside, "expressions"))
    if not parts:
        inside.refuse("nothing is joined, expected expressions")
    return parts[0] if len(parts) == 1 else Concatenation(found.source, found.start, found.end, parts)


def _set(found: Json, _: str, inside: Json, where: Where) -> Expression:
    """`{"set": [1, 2]}`, `{"set": [[1, value]]}`."""
    return set_of(found, inside, where)


def set_of(found: Json, inside: Json, where: Where = LEFT) -> Expression:
    """The elements of a set or map, in an array or one alone, or a named set."""
    if not isinstance(inside.value, list):
        one = constant(inside)
        if isinstance(one, SetReference):
            return one
        elements: tuple[Element, ...] = (as_element(one),)
    else:
        elements = tuple(_member(item, where) for item in inside.value)
    if not elements:
        inside.refuse("the set is empty, expected elements")
    return SetLiteral(found.source, found.start, found.end, elements)


def _member(found: Json, where: Where) -> Element:
    """An element, or an array of a key and what it is mapped to."""
    if not isinstance(found.value, list) or len(found.value) != 2:
        return as_element(expression(found, where | RIGHT))
    key = as_element(expression(found.value[0], where | RIGHT))
    mapped = expression(found.value[1], where | MAPPED)
    options = key.statements, key.timeout, key.expires, key.comment
    return Element(found.source, found.start, found.end, key.key, mapped, *options)


def as_element(found: Expression) -> Element:
    """An expression as an element without options, if it is none already."""
    return found if isinstance(found, Element) else Element(found.source, found.start, found.end, found)


def _map(found: Json, _: str, inside: Json, where: Where) -> Expression:
    """`{"map": {"key": ..., "data": ...}}`."""
    key, mapping = mapped(inside, where)
    return Map(found.source, found.start, found.end, key, mapping)


def mapped(inside: Json, where: Where) -> tuple[Expression, Expression]:
    """Key and data of a map or verdict map."""
    held = members(inside, ("key", "data"), "key and data")
    key = expression(needed(inside, held, "key"), where | KEY)
    data = needed(inside, held, "data")
    mapping = expression(data, where | RIGHT)
    if not isinstance(mapping, SetLiteral | SetReference):
        data.fail("a set or the name of one")
    return key, mapping


def _prefix(found: Json, _: str, inside: Json, where: Where) -> Expression:
    """`{"prefix": {"addr": "10.0.0.0", "len": 8}}`."""
    held = members(inside, ("addr", "len"), "addr and len")
    base = expression(needed(inside, held, "addr"), where | PRIMARY)
    length = integer(needed(inside, held, "len"), "the length of a prefix", 128)
    return Prefix(found.source, found.start, found.end, base, length)


def _range(found: Json, _: str, inside: Json, where: Where) -> Expression:
    """`{"range": [1, 5]}`."""
    first, last = (expression(item, where | PRIMARY) for item in pair(inside, "the first and the last value"))
    return Range(found.source, found.start, found.end, first, last)


def _binary(found: Json, operator: str, inside: Json, where: Where) -> Expression:
    """`{"|": [a, b]}`; nft 1.1 and later write more than two operands of one operator in a row."""
    operands = items(inside, "operands")
    if len(operands) < 2:
        inside.fail("an array of operands")
    joined = expression(operands[0], where | PRIMARY)
    for operand in operands[1:]:
        right = expression(operand, where | PRIMARY)
        joined = Binary(found.source, found.start, found.end, operator, joined, right)
    return joined


def _hash(found: Json, kind: str, inside: Json, where: Where) -> Expression:
    """`{"jhash": {"mod": 2, "expr": ..., "seed": 1}}`, `{"symhash": {"mod": 2}}`."""
    keys = ("mod", "offset", "expr", "seed") if kind == "jhash" else ("mod", "offset")
    held = members(inside, keys, "mod")
    argument = expression(needed(inside, held, "expr"), where) if kind == "jhash" else None
    modulus = integer(needed(inside, held, "mod"))
    seed = integer(held["seed"]) if "seed" in held else None
    offset = integer(held["offset"]) if "offset" in held else 0
    return Hash(found.source, found.start, found.end, argument, modulus, seed, offset)


def verdict(found: Json, kind: str, inside: Json, _: Where = LEFT) -> Verdict:
    """`{"accept": null}`, `{"jump": {"target": "other"}}`."""
    if kind not in ("jump", "goto"):
        return Verdict(found.source, found.start, found.end, kind)
    held = members(inside, ("target",), "target")
    target = needed(inside, held, "target")
    chain = Symbol(target.source, target.start, target.end, name(target))
    return Verdict(found.source, found.start, found.end, kind, chain)


def _element(found: Json, _: str, inside: Json, where: Where) -> Expression:
    """`{"elem": {"val": 1, "timeout": 60, "comment": "x", "counter": null}}`."""
    held = members(inside, (*ELEMENT_KEYS, *stateful.STATEFUL), "val")
    key = expression(needed(inside, held, "val"), where)
    statements = [stateful.STATEFUL[each](inside, item) for each, item in held.items() if each not in ELEMENT_KEYS]
    timeout, expires = (duration(held[each]) if each in held else None for each in ("timeout", "expires"))
    comment = word(held["comment"], "a comment") if "comment" in held else None
    nodes = tuple(cast("list[Node]", statements))
    return Element(found.source, found.start, found.end, key, None, nodes, timeout, expires, comment)


ELEMENT_KEYS = ("val", "timeout", "expires", "comment")


def duration(found: Json) -> Symbol:
    """A number of seconds as a duration."""
    seconds = integer(found, "a number of seconds", 1 << 50)
    return Symbol(found.source, found.start, found.end, duration_text(seconds * 1000))


def duration_text(milliseconds: int) -> str:
    """Milliseconds as nft prints them: `1d2h3m4s5ms`."""
    text = ""
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, milliseconds = divmod(milliseconds, size)
        if count:
            text += f"{count}{unit}"
    return text or "0s"


JOINERS: dict[str, Callable[[Json, str, Json, Where], Expression]] = {
    "concat": _concat, "set": _set, "map": _map, "prefix": _prefix, "range": _range, "jhash": _hash, "symhash": _hash,
    **dict.fromkeys(("|", "^", "&", "<<", ">>"), _binary), **dict.fromkeys(VERDICTS, verdict), "elem": _element,
}  # fmt: skip
"""Expressions that hold others, by their key."""
