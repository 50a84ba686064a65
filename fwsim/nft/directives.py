"""What may stand in any block: include, define, redefine, undefine.

Read first: `tokens`, `library`. A name is known from its definition to the end of the block it is written in; only
tables and chains open a scope of their own, sets and objects do not.
"""

from __future__ import annotations

from collections.abc import Callable

from .expressions import initializer
from .tokens import NEWLINE, QUOTED, Reader
from .tree import Define


def include(reader: Reader) -> None:
    """`include "./other.nft"`: go on in that file, and then behind this line."""
    reader.advance()
    if reader.kind != QUOTED:
        reader.fail("a file name in quotes")
    source, place, pattern = reader.source, reader.start, reader.text[1:-1]
    reader.advance()
    _at_end(reader)
    if reader.library is None:
        raise source.error(place, "nothing can be included here, expected a script that is read from a file")
    reader.into(reader.library.find(pattern, source, place))


def _at_end(reader: Reader) -> None:
    """The separator must be there; it is not stepped over."""
    if reader.kind != NEWLINE and reader.text != ";":
        reader.fail("a newline or ';'")


def define(reader: Reader) -> None:
    """`define name = value`."""
    _define(reader, False)


def redefine(reader: Reader) -> None:
    """`redefine name = value`, whether or not there was one."""
    _define(reader, True)


def _define(reader: Reader, again: bool) -> None:
    """Bind a name in the scope that is open."""
    source, start = reader.source, reader.start
    reader.advance()
    place = reader.start
    name = reader.name("a name to define")
    reader.expect("=")
    value = initializer(reader)
    found = Define(source, start, reader.close(source), name, value, again)
    _at_end(reader)
    known = reader.scopes[-1].setdefault(name, [])
    if known and not again:
        reader.refuse(place, f"'{name}' is defined already, expected 'redefine' or another name")
    known.append(found)
    reader.advance()


def undefine(reader: Reader) -> None:
    """`undefine name`: forget the last definition in this scope; one that it replaced is valid again, as in nft."""
    reader.advance()
    place = reader.start
    name = reader.name("a name that is defined")
    _at_end(reader)
    known = reader.scopes[-1].get(name)
    if not known:
        reader.refuse(place, f"'{name}' is not defined in this block, expected a name that is")
    known.pop()
    reader.advance()


DIRECTIVES: dict[str, Callable[[Reader], None]] = {
    "include": include, "define": define, "redefine": redefine, "undefine": undefine,
}  # fmt: skip
