"""Sets and maps in braces, and their elements.

Read first: `operands`, `stateful`. One newline may stand before and behind each element, not more, as in nft (a line
with nothing but a comment does not count).
"""

from __future__ import annotations

from collections.abc import Callable

from .durations import duration
from .operands import VERDICTS, value, verdict
from .source import ELEMENTS, byte_length
from .stateful import OF_ELEMENTS
from .tokens import NEWLINE, Reader
from .tree import Element, Expression, Node, SetLiteral, Symbol, Wildcard

LONGEST_COMMENT = 128
"""Bytes of a comment, as the kernel keeps them."""


def set_literal(reader: Reader) -> SetLiteral:
    """`{ 22, 80-90 : accept }`."""
    return _braces(reader, _member)


def verdict_map(reader: Reader) -> SetLiteral:
    """`{ 22 : accept }` behind `vmap`."""
    return _braces(reader, _verdict_member)


def _braces(reader: Reader, member: Callable[[Reader], Element]) -> SetLiteral:
    """Elements in braces; a comma more than needed does no harm, but for the first."""
    source, start = reader.source, reader.start
    reader.open_brace()
    reader.deeper()
    elements = [_between_newlines(reader, member)]
    while reader.take(","):
        if reader.kind == NEWLINE:
            reader.advance()
            if reader.kind == NEWLINE:
                reader.fail("an element, ',' or '}'")
        if reader.text not in (",", "}"):
            elements.append(_between_newlines(reader, member))
    reader.depth -= 1
    reader.close_brace("',' or '}'")
    return SetLiteral(source, start, reader.close(source), tuple(elements))


def _between_newlines(reader: Reader, member: Callable[[Reader], Element]) -> Element:
    """An element with a newline on either side, or without."""
    reader.count(ELEMENTS)
    if reader.kind == NEWLINE:
        reader.advance()
    found = member(reader)
    if reader.kind == NEWLINE:
        reader.advance()
    return found


def _member(reader: Reader) -> Element:
    """One element of a set or map; a set in a set is an element without options."""
    if reader.text == "{":
        inner = set_literal(reader)
        return Element(inner.source, inner.start, reader.last, inner)
    return _element(reader, _mapped)


def _mapped(reader: Reader) -> Expression:
    """What a map gives: a value or a verdict."""
    return verdict(reader) if reader.text in VERDICTS else value(reader)


def _verdict_member(reader: Reader) -> Element:
    """One element of a verdict map."""
    if reader.text == "{":
        reader.fail("a value")
    found = _element(reader, verdict)
    if found.value is None:
        reader.fail("':' and a verdict")
    return found


def _element(reader: Reader, mapped: Callable[[Reader], Expression]) -> Element:
    """A key with its options, and what it is mapped to."""
    source, start = reader.source, reader.start
    key = _wildcard(reader) if reader.text == "*" else value(reader)
    if reader.text == "," or reader.text == "}":
        return Element(source, start, reader.last, key)
    statements: list[Node] = []
    while reader.text in OF_ELEMENTS:
        statements.append(OF_ELEMENTS[reader.text](reader))
    timeout, expires, remark = element_options(reader)
    found = mapped(reader) if reader.take(":") else None
    return Element(source, start, reader.last, key, found, tuple(statements), timeout, expires, remark)


def _wildcard(reader: Reader) -> Wildcard:
    """`*`."""
    reader.advance()
    return Wildcard(reader.source, reader.last - 1, reader.last)


def element_options(reader: Reader) -> tuple[Symbol | None, Symbol | None, str | None]:
    """`timeout 1h`, `expires 30m` and `comment "..."` in any order."""
    timeout = expires = remark = None
    while reader.text in ("timeout", "expires", "comment"):
        if reader.text == "comment":
            remark = comment(reader, remark)
        elif reader.take("timeout"):
            timeout = duration(reader)
        else:
            reader.advance()
            expires = duration(reader)
    return timeout, expires, remark


def comment(reader: Reader, before: str | None) -> str:
    """`comment "..."`, which may be written once."""
    if before is not None:
        reader.fail("one comment only")
    reader.expect("comment")
    start = reader.start
    text = reader.string("a comment in quotes")
    if byte_length(text) > LONGEST_COMMENT:
        reader.refuse(start, f"the comment is too long, expected at most {LONGEST_COMMENT} bytes")
    return text
