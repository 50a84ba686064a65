"""Tables in braces.

Read first: `blocks`, `chains`, `sets`, `objects`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .block_tree import CtObject, Stateful, Table
from .blocks import block
from .chains import chain_block
from .elements import comment
from .objects import CT_BLOCKS, STATEFUL_BLOCKS
from .sets import flowtable_block, map_block, set_block
from .tokens import Reader
from .tree import Node
from .words import CT_OBJECTS

TABLE_FLAGS = frozenset(["dormant", "owner"])

NAMED: dict[str, Callable[[Reader, int, str], Node]] = {
    "chain": chain_block, "set": set_block, "map": map_block, "flowtable": flowtable_block,
}  # fmt: skip
"""What has a name and a block, by its keyword."""

PLURALS = {"chain": "chains", "set": "sets", "map": "sets", "flowtable": "flowtables"}


def table_block(reader: Reader, start: int) -> Table:
    """`{ ... }` behind the name of a table."""
    source = reader.source
    found: dict[str, Any] = {}
    members: dict[str, list[Any]] = {"chains": [], "sets": [], "flowtables": [], "objects": []}

    def item(reader: Reader) -> None:
        if reader.text == "comment":
            found["comment"] = comment(reader, found.get("comment"))
        elif reader.take("flags"):
            found["flags"] = (*found.get("flags", ()), reader.one_of(TABLE_FLAGS, "dormant or owner"))
        elif reader.text in NAMED:
            kind, start = reader.text, reader.start
            reader.advance()
            members[PLURALS[kind]].append(NAMED[kind](reader, start, reader.name(f"the name of a {kind}")))
        else:
            members["objects"].append(_object(reader))
        reader.separator()

    reader.scopes.append({})
    block(reader, item)
    reader.scopes.pop()
    found |= {key: tuple(value) for key, value in members.items()}
    return Table(source, start, reader.close(source), **found)


def _object(reader: Reader) -> Stateful | CtObject:
    """`counter web { ... }`, `ct helper ftp { ... }`."""
    kind, start = reader.text, reader.start
    if kind in STATEFUL_BLOCKS:
        reader.advance()
        return STATEFUL_BLOCKS[kind](reader, start, reader.name(f"the name of a {kind}"))
    if not reader.take("ct"):
        reader.fail("chain, set, map, flowtable, or the kind of an object such as counter")
    kind = ct_kind(reader)
    return CT_BLOCKS[kind](reader, start, reader.name(f"the name of a ct {kind}"))


def ct_kind(reader: Reader) -> str:
    """The kind behind `ct`."""
    return reader.one_of(frozenset(CT_OBJECTS), "helper, timeout or expectation")
