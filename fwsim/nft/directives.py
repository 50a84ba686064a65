"""What may stand in any block: include, define, redefine, undefine.

Read first: `tokens`, `library`. A name is known from its definition to the end of the block it is written in; only
tables and chains open a scope of their own, sets and objects do not. What a name stands for is settled where it is
used: a later `redefine` changes nothing before it, nor in names that were defined by it.
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
    if not again and any(name in scope for scope in reader.scopes):
        reader.refuse(place, f"'{name}' is defined already, expected 'redefine' or another name")
    reader.scopes[-1][name] = found
    reader.advance()


def undefine(reader: Reader) -> None:
    """`undefine name`: forget the name if it was defined in this very block; otherwise nothing is done, as in nft."""
    reader.advance()
    name = reader.name("a name that is defined")
    _at_end(reader)
    reader.scopes[-1].pop(name, None)
    reader.advance()


DIRECTIVES: dict[str, Callable[[Reader], None]] = {
    "include": include, "define": define, "redefine": redefine, "undefine": undefine,
}  # fmt: skip
