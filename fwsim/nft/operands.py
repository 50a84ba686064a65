"""Values: what stands on the right of a comparison, in sets, and what bitwise operators join.

Read first: `tokens`, `tree`. nft has three grammars of expressions that differ in what an operand may be: what is
matched, values, and what is set. `binary` is the part they share.
"""

from __future__ import annotations

from collections.abc import Callable

from .source import PARTS
from .tokens import DEEPEST, NOTHING, QUOTED, STARRED, Reader
from .tree import (
    Binary,
    Boolean,
    Concatenation,
    Expression,
    List,
    Number,
    Prefix,
    Range,
    SetReference,
    Symbol,
    Variable,
    Verdict,
)  # fmt: skip
from .words import BITWISE, RIGHT_WORDS, SYMBOLS

Operand = Callable[[Reader], Expression]

VALUE = "a value"
VERDICTS = frozenset(["accept", "drop", "continue", "jump", "goto", "return"])


def binary(reader: Reader, left: Expression, operand: Operand, least: int = 1) -> Expression:
    """The operators that follow `left`, each binding as closely as in C; the operands behind them are `operand`s."""
    count = 0
    while reader.text in BITWISE and BITWISE[reader.text][1] >= least:
        operator, level = BITWISE[reader.text]
        reader.advance()
        count += 1
        if count > DEEPEST:
            reader.refuse(left.start, f"expected at most {DEEPEST} operators in a row")
        right = operand(reader)
        if level < 4:
            right = binary(reader, right, operand, level + 1)
        left = Binary(left.source, left.start, reader.last, operator, left, right)
    return left


def literal(reader: Reader, what: str = VALUE) -> Expression:
    """A number, a word, a variable, `exists` or `missing`."""
    source, start = reader.source, reader.start
    if reader.at_number():
        value = reader.number(what)
        return Number(source, start, reader.last, value)
    if reader.at_string():
        return Symbol(source, start, reader.end, reader.word())
    if reader.kind == STARRED:
        return Symbol(source, start, reader.end, reader.string(what))
    if reader.kind == QUOTED:
        return Symbol(source, start, reader.end, reader.string(what), True)
    if reader.text == "$":
        return variable(reader)
    if reader.text in ("exists", "missing"):
        exists = reader.text == "exists"
        reader.advance()
        return Boolean(source, start, reader.last, exists)
    reader.fail(what)


def keyword(reader: Reader) -> Expression:
    """A keyword that is a value here."""
    name = reader.text
    reader.advance()
    return Symbol(reader.source, reader.last - len(name), reader.last, name)


def variable(reader: Reader) -> Variable:
    """`$name`, which must be defined where it is used."""
    start = reader.start
    reader.expect("$")
    place = reader.start
    name = reader.name("the name of a variable")
    for scope in reversed(reader.scopes):
        if name in scope:
            return Variable(reader.source, start, reader.last, name, scope[name])
    reader.refuse(place, f"the variable '{name}' is not defined, expected 'define {name} = ...' before it")


def primary(reader: Reader) -> Expression:
    """One operand of a value."""
    if reader.text == "(":
        return parenthesis(reader, basic)
    if reader.text in RIGHT_WORDS:
        return keyword(reader)
    return literal(reader)


def parenthesis(reader: Reader, inside: Operand) -> Expression:
    """`( ... )`; the parentheses leave no trace in the tree."""
    reader.expect("(")
    reader.deeper()
    found = inside(reader)
    reader.depth -= 1
    reader.expect(")")
    return found


def basic(reader: Reader) -> Expression:
    """Operands with bitwise operators: `fin | syn`."""
    found = primary(reader)
    return binary(reader, found, primary) if reader.text in BITWISE else found


def component(reader: Reader) -> Expression:
    """One part of a concatenation: a value, a prefix or a range."""
    first = basic(reader)
    if reader.text == "/":
        return prefix(reader, first)
    return span(reader, first, basic) if reader.text == "-" else first


def prefix(reader: Reader, base: Expression) -> Expression:
    """`/ N` behind the address."""
    reader.expect("/")
    length = reader.number("the length of a prefix")
    return Prefix(base.source, base.start, reader.last, base, length)


def span(reader: Reader, first: Expression, operand: Operand) -> Expression:
    """`- last` behind the first value of a range."""
    reader.expect("-")
    last = operand(reader)
    return Range(first.source, first.start, reader.last, first, last)


def concatenated(reader: Reader, first: Expression, part: Operand) -> Expression:
    """`. part . part` behind the first part, if anything is joined to it."""
    if reader.text != ".":
        return first
    parts = [first]
    while reader.take("."):
        reader.count(PARTS)
        parts.append(part(reader))
    return Concatenation(first.source, first.start, reader.last, tuple(parts))


def value(reader: Reader) -> Expression:
    """A value as an element of a set has it: `10.0.0.0/8 . 22`."""
    return concatenated(reader, component(reader), component)


def listed(reader: Reader, first: Expression, item: Operand) -> Expression:
    """`, item, item` behind the first item, of which there must be one at least."""
    items = [first]
    reader.expect(",")
    items.append(item(reader))
    while reader.take(","):
        reader.count(PARTS)
        items.append(item(reader))
    return List(first.source, first.start, reader.last, tuple(items))


def symbol_to_set(reader: Reader) -> Expression:
    """An item of a list that is set: a word or a keyword."""
    if reader.text in SYMBOLS:
        return keyword(reader)
    if reader.at_number() or reader.text in ("exists", "missing"):
        reader.fail("a word")
    return literal(reader, "a word")


def set_reference(reader: Reader) -> SetReference:
    """`@name`."""
    start = reader.start
    reader.expect("@")
    if reader.text in ("ll", "nh"):
        reader.fail("the name of a set")
    scoped, reader.scoped = reader.scoped, NOTHING
    name = reader.name("the name of a set")
    reader.scoped = scoped
    return SetReference(reader.source, start, reader.last, name)


def set_or_variable(reader: Reader) -> Expression:
    """`@name`, or a variable that holds a set."""
    return variable(reader) if reader.text == "$" else set_reference(reader)


def verdict(reader: Reader) -> Verdict:
    """`accept`, `jump other`."""
    source, start, kind = reader.source, reader.start, reader.text
    if kind not in VERDICTS:
        reader.fail("a verdict")
    reader.advance()
    if kind not in ("jump", "goto"):
        return Verdict(source, start, reader.last, kind)
    chain = chain_name(reader)
    return Verdict(source, start, reader.last, kind, chain)


def chain_name(reader: Reader) -> Symbol | Variable:
    """The chain of a jump."""
    if reader.text == "$":
        return variable(reader)
    start = reader.start
    name = reader.name("the name of a chain")
    return Symbol(reader.source, start, reader.last, name)
