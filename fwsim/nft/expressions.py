"""What is matched, what it is compared with, and what is set.

Read first: `operands`, `selectors`, `elements`.

| grammar | operands on the left | operators take | stands in |
|---|---|---|---|
| matched | selectors, words, numbers | values | the left of a comparison, keys of maps |
| value | words, numbers, protocols | values | the right of a comparison, elements |
| settable | selectors that can be read, words, numbers | the same | `meta mark set`, `dnat to` |
"""

from __future__ import annotations

from .elements import set_literal, verdict_map
from .operands import (
    basic,
    binary,
    component,
    concatenated,
    keyword,
    listed,
    literal,
    parenthesis,
    prefix,
    primary,
    set_or_variable,
    set_reference,
    span,
    symbol_to_set,
    value,
    variable,
)  # fmt: skip
from .selectors import RAW_BASES, SELECTORS, SET_FROM, at_tunnel, offset, tunnel
from .tokens import Reader
from .tree import Expression, Hash, Header, Map, Number, Prefix, SetLiteral, Symbol, Variable
from .words import BITWISE, PAYLOAD, SYMBOLS

MATCHED = "a statement or an expression"


def matched_primary(reader: Reader) -> Expression:
    """One operand of what is matched."""
    selector = SELECTORS.get(reader.text)
    if selector is not None:
        return selector(reader)
    if reader.text in ("jhash", "symhash"):
        return hashed(reader)
    if reader.text == "(":
        return parenthesis(reader, matched_basic)
    if at_tunnel(reader):
        return tunnel(reader)
    if reader.text in ("exists", "missing"):
        reader.fail(MATCHED)
    return literal(reader, MATCHED)


def matched_basic(reader: Reader) -> Expression:
    """What is matched, with bitwise operators; behind them stand values."""
    found = matched_primary(reader)
    return binary(reader, found, primary) if reader.text in BITWISE else found


def matched(reader: Reader) -> Expression:
    """`ip saddr . tcp dport`."""
    found = matched_basic(reader)
    return concatenated(reader, found, matched_basic) if reader.text == "." else found


def left_side(reader: Reader) -> Expression:
    """The left of a comparison: what is matched, what a map gives for it, or a set."""
    if reader.text == "{":
        return set_literal(reader)
    key = matched(reader)
    return mapped(reader, key) if reader.text == "map" else key


def mapped(reader: Reader, key: Expression) -> Map:
    """`map { ... }` behind the key that is matched."""
    reader.expect("map")
    mapping = plain_right_side(reader)
    return Map(key.source, key.start, reader.last, key, mapping)


def plain_right_side(reader: Reader) -> Expression:
    """A value, a set in braces or by name."""
    if reader.text == "{":
        return set_literal(reader)
    return set_reference(reader) if reader.text == "@" else value(reader)


def right_side(reader: Reader) -> tuple[Expression, Expression | None]:
    """What is compared with, and the mask of `syn / syn,ack`: a value, a set, or a list."""
    if reader.text in ("{", "@"):
        return plain_right_side(reader), None
    first = basic(reader)
    if reader.text == ",":
        several = listed(reader, first, basic)
        return several, listed(reader, basic(reader), basic) if reader.take("/") else None
    if reader.text == "/":
        return _prefix_or_mask(reader, first)
    if reader.text == "-":
        first = span(reader, first, basic)
    return concatenated(reader, first, component), None


def _prefix_or_mask(reader: Reader, first: Expression) -> tuple[Expression, Expression | None]:
    """`/ 24`, which may go on as a concatenation, or `/ syn,ack`."""
    reader.expect("/")
    if reader.at_number() and reader.peek() != "," and reader.peek() not in BITWISE:
        length = reader.number("the length of a prefix")
        found: Expression = Prefix(first.source, first.start, reader.last, first, length)
        return concatenated(reader, found, component), None
    return first, listed(reader, basic(reader), basic)


def initializer(reader: Reader) -> Expression:
    """What `define` gives a name: a value, a list, a set that may be empty, or a negative number."""
    source, start = reader.source, reader.start
    if reader.take("-"):
        number = -reader.number("a number")
        return Number(source, start, reader.last, number)
    if reader.text == "{" and reader.peek() == "}":
        reader.advance()
        reader.advance()
        return SetLiteral(source, start, reader.last, ())
    if reader.text in ("{", "@"):
        return plain_right_side(reader)
    first = basic(reader)
    if reader.text == ",":
        return listed(reader, first, basic)
    if reader.text == "/":
        first = prefix(reader, first)
    elif reader.text == "-":
        first = span(reader, first, basic)
    return concatenated(reader, first, component)


def settable_primary(reader: Reader) -> Expression:
    """One operand of what is set."""
    text = reader.text
    if text in SYMBOLS and (text not in PAYLOAD or reader.peek() not in PAYLOAD[text]):
        return keyword(reader)
    selector = SET_FROM.get(text)
    if selector is not None:
        found = selector(reader)
        if isinstance(found, Header) and found.header == "rt":
            reader.refuse(found.start, "unexpected field of the routing header, expected a value that can be set")
        return found
    if text in ("jhash", "symhash"):
        return hashed(reader)
    if text == "(":
        return parenthesis(reader, settable_basic)
    if at_tunnel(reader):
        return tunnel(reader)
    return literal(reader)


def settable_basic(reader: Reader) -> Expression:
    """What is set, with bitwise operators."""
    found = settable_primary(reader)
    return binary(reader, found, settable_primary) if reader.text in BITWISE else found


def settable(reader: Reader) -> Expression:
    """What is set: `10.0.0.1`, `ip saddr map { ... }`, `10.0.0.1-10.0.0.9`, `new,destroy`."""
    first = settable_basic(reader)
    if reader.text == "/":
        return prefix(reader, first)
    if reader.text == "-":
        return span(reader, first, settable_basic)
    if reader.text == "," and isinstance(first, Symbol | Variable):
        return listed(reader, first, symbol_to_set)
    key = concatenated(reader, first, settable_primary)
    if not reader.take("map"):
        return key
    mapping = set_literal(reader) if reader.text == "{" else set_or_variable(reader)
    return Map(key.source, key.start, reader.last, key, mapping)


def verdict_mapping(reader: Reader) -> Expression:
    """What stands behind `vmap`."""
    return verdict_map(reader) if reader.text == "{" else set_or_variable(reader)


def set_or_defined(reader: Reader) -> Expression:
    """The elements of a named set: in braces, or a variable."""
    return variable(reader) if reader.text == "$" else set_literal(reader)


def at_raw_payload(reader: Reader) -> bool:
    """Whether `@` begins a raw payload rather than the name of a set."""
    return reader.text == "@" and reader.peek() in RAW_BASES


def hashed(reader: Reader) -> Hash:
    """`jhash ip saddr . ip daddr mod 2 seed 1 offset 10`, `symhash mod 2`."""
    start, kind = reader.start, reader.text
    reader.advance()
    reader.deeper()
    argument = left_side(reader) if kind == "jhash" else None
    reader.depth -= 1
    reader.expect("mod")
    modulus = reader.number("a modulus")
    seed = reader.number("a seed") if argument is not None and reader.take("seed") else None
    shift = offset(reader)
    return Hash(reader.source, start, reader.last, argument, modulus, seed, shift)
