"""What all blocks in braces have in common: their items, directives among them, and going on behind a mistake.

Read first: `tokens`, `directives`.
"""

from __future__ import annotations

from collections.abc import Callable

from fwsim.errors import RulesetError

from .directives import DIRECTIVES
from .operands import variable
from .source import ITEMS, byte_length
from .tokens import END, JUNK, MOST_PROBLEMS, NEWLINE, NOTHING, QUOTED, Reader
from .tree import Expression, Symbol

FARTHEST = 100_000
"""Tokens that are passed over behind a mistake."""

LONGEST_INTERFACE = 15
"""Bytes of an interface name (IFNAMSIZ less one)."""


def block(reader: Reader, item: Callable[[Reader], None]) -> None:
    """`{ ... }` with directives and items, each of which steps over its own separator if it needs one."""
    reader.open_brace()
    reader.deeper()
    while reader.text != "}":
        if reader.kind == END:
            reader.fail("'}'")
        one(reader, item)
    reader.depth -= 1
    reader.close_brace()


def one(reader: Reader, item: Callable[[Reader], None]) -> None:
    """One item of a block or of the script; a mistake in it is kept, and what belongs to it is passed over."""
    if reader.kind == NEWLINE or reader.text == ";":
        reader.advance()
        return
    reader.count(ITEMS)
    depth, braces, scopes = reader.depth, reader.braces, len(reader.scopes)
    try:
        DIRECTIVES.get(reader.text, item)(reader)
    except RulesetError as error:
        if reader.kind == END:
            raise
        reader.problems += error.problems
        if len(reader.problems) >= MOST_PROBLEMS:
            raise RulesetError([]) from None
        reader.depth, reader.scoped = depth, NOTHING
        del reader.scopes[scopes:]
        skip(reader, reader.braces - braces)
        reader.braces = braces


def skip(reader: Reader, open_braces: int) -> None:
    """Go to the separator behind the item, in which some braces are open, or to the brace that closes its block.

    Reading ends with the mistakes so far where that is far away, and at a comment that never ends: to look for its
    end again and again would take for ever.
    """
    for _ in range(FARTHEST):
        if reader.text == "{":
            open_braces += 1
        elif reader.text == "}":
            if not open_braces:
                return
            open_braces -= 1
        elif not open_braces and (reader.kind == NEWLINE or reader.text == ";"):
            return
        if reader.kind == END:
            return
        if reader.kind == JUNK and reader.text == "#":
            break
        reader.advance()
    raise RulesetError([])


def devices(reader: Reader) -> tuple[Expression, ...]:
    """`= { eth0, "eth1", $wan }` behind `devices`, or `= $all`."""
    reader.expect("=")
    if reader.text == "$":
        return (variable(reader),)
    reader.open_brace()
    found = [device(reader)]
    while reader.take(","):
        if reader.kind == NEWLINE:
            reader.advance()
            if reader.text not in (",", "}"):
                reader.fail("',' or '}'")
        elif reader.text not in (",", "}"):
            found.append(device(reader))
    reader.close_brace()
    return tuple(found)


def device(reader: Reader) -> Expression:
    """The name of an interface, or a variable."""
    if reader.text == "$":
        return variable(reader)
    source, start, quoted = reader.source, reader.start, reader.kind == QUOTED
    end = reader.end
    name = reader.string("the name of an interface")
    if not 0 < byte_length(name) <= LONGEST_INTERFACE:
        reader.refuse(start, f"expected the name of an interface, of at most {LONGEST_INTERFACE} bytes")
    return Symbol(source, start, end, name, quoted)
