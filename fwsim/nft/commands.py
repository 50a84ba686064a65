"""Commands that change a ruleset: add, create, insert, replace, delete, destroy, flush, rename.

Read first: `table_blocks`, `block_tree`. Commands that only ask are in `inquiries`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .block_tree import Command, Target
from .chains import chain_block
from .expressions import set_or_defined
from .inquiries import INQUIRIES
from .objects import CT_BLOCKS, STATEFUL_BLOCKS, stateful_inline
from .sets import flowtable_block
from .statements import rule
from .table_blocks import NAMED, ct_kind, table_block
from .tokens import Reader
from .words import FAMILIES

STATEFUL = frozenset(STATEFUL_BLOCKS)
FLUSHABLE = frozenset(["table", "chain", "set", "map", "meter"])
DELETABLE = frozenset(["table", "chain", "set", "flowtable"]) | STATEFUL
"""What may be deleted by its handle too."""


def command(reader: Reader) -> Command:
    """One command, up to its separator."""
    source, start, verb = reader.source, reader.start, reader.text
    if verb in INQUIRIES:
        reader.advance()
        INQUIRIES[verb](reader)
        return Command(source, start, reader.last, verb, "inquiry")
    change = VERBS.get(verb)
    if change is None:
        verb, change = "add", add
    elif verb == "destroy" and reader.peek() not in KINDS:
        verb, change = "add", add  # to nft before 1.0.7 this word is the name of a table like any other
    else:
        reader.advance()
    fields = change(reader)
    return Command(source, start, reader.close(source), verb, **fields)


Fields = dict[str, Any]


def add(reader: Reader) -> Fields:
    """`add table ...`, or a rule without the word."""
    kind = reader.text
    if kind in KINDS and kind != "rule":
        return _add_named(reader, True)
    if kind == "rule":
        reader.advance()
    elif kind not in FAMILIES and not reader.at_string():
        reader.fail("a command such as table, add, delete or flush")
    target = _target(reader, "chain", ("position", "handle", "index"))
    return {"kind": "rule", "target": target, "body": rule(reader)}


def create(reader: Reader) -> Fields:
    """`create table ...`, which fails where there is one."""
    if reader.text == "rule" or reader.text not in KINDS:
        reader.fail("what is created, such as table or chain")
    return _add_named(reader, False)


def _add_named(reader: Reader, braces: bool) -> Fields:
    """What has a name, with or without a block; only `add` takes counters and the like with braces."""
    kind, start = reader.text, reader.start
    reader.advance()
    if kind == "table":
        target = _table(reader)
        return {"kind": kind, "target": target, "body": table_block(reader, start) if reader.text == "{" else None}
    if kind == "ct":
        ct = ct_kind(reader)
        target = _target(reader, f"ct {ct}")
        return {"kind": f"ct {ct}", "target": target, "body": CT_BLOCKS[ct](reader, start, target.name or "")}
    target = _target(reader, kind)
    name = target.name or ""
    if kind == "element":
        return {"kind": kind, "target": target, "body": set_or_defined(reader)}
    if kind == "chain" and reader.text != "{":
        return {"kind": kind, "target": target}
    if kind in NAMED:
        return {"kind": kind, "target": target, "body": NAMED[kind](reader, start, name)}
    if reader.text == "{" and braces:
        return {"kind": kind, "target": target, "body": STATEFUL_BLOCKS[kind](reader, start, name)}
    return {"kind": kind, "target": target, "body": stateful_inline(reader, kind, start, name)}


def insert(reader: Reader) -> Fields:
    """`insert rule ...`."""
    reader.expect("rule")
    target = _target(reader, "chain", ("position", "handle", "index"))
    return {"kind": "rule", "target": target, "body": rule(reader)}


def replace(reader: Reader) -> Fields:
    """`replace rule t c handle 7 ...`."""
    reader.expect("rule")
    target = _with_handle(reader)
    return {"kind": "rule", "target": target, "body": rule(reader)}


def _with_handle(reader: Reader) -> Target:
    """A rule by its handle."""
    target = _target(reader, "chain", ("handle",))
    if target.handle is None:
        reader.fail("'handle'")
    return target


def delete(reader: Reader) -> Fields:
    """`delete table t`, `delete rule t c handle 7`, `delete chain handle 3`."""
    kind, start = reader.text, reader.start
    if kind not in KINDS:
        reader.fail("what is deleted, such as table or rule")
    reader.advance()
    if kind == "rule":
        return {"kind": kind, "target": _with_handle(reader)}
    if kind == "ct":
        kind = f"ct {ct_kind(reader)}"
    if kind == "table":
        return {"kind": kind, "target": _table(reader, True)}
    target = _target(reader, kind, by_handle=kind in DELETABLE)
    body = None
    if kind == "element":
        body = set_or_defined(reader)
    elif kind in DELETABLE_BLOCKS and reader.text == "{" and target.name is not None:
        body = DELETABLE_BLOCKS[kind](reader, start, target.name)
    return {"kind": kind, "target": target, "body": body}


DELETABLE_BLOCKS: dict[str, Callable[[Reader, int, str], Any]] = {"chain": chain_block, "flowtable": flowtable_block}
"""What may be deleted in part: the devices of a chain or flowtable."""


def flush(reader: Reader) -> Fields:
    """`flush ruleset`, `flush chain t c`."""
    kind = reader.text
    if reader.take("ruleset"):
        source, start, family = reader.source, reader.start, _family(reader)
        return {"kind": kind, "target": Target(source, start, reader.last, family) if family else None}
    if reader.take("flow"):
        reader.expect("table")
        return {"kind": "meter", "target": _target(reader, "meter")}
    if kind not in FLUSHABLE:
        reader.fail("what is flushed: ruleset, table, chain, set, map or meter")
    reader.advance()
    return {"kind": kind, "target": _table(reader) if kind == "table" else _target(reader, kind)}


def rename(reader: Reader) -> Fields:
    """`rename chain t c new`."""
    reader.expect("chain")
    target = _target(reader, "chain")
    return {"kind": "chain", "target": target, "rename": reader.name("the new name")}


def _family(reader: Reader) -> str | None:
    """The family of a table if it was written."""
    family = reader.text
    if family not in FAMILIES:
        return None
    reader.advance()
    return family


def _table(reader: Reader, by_handle: bool = False) -> Target:
    """`inet filter`, `inet handle 7`."""
    source, start, family = reader.source, reader.start, _family(reader)
    if by_handle and reader.take("handle"):
        handle = reader.number("a handle")
        return Target(source, start, reader.last, family, None, None, handle)
    table = reader.name("the name of a table")
    return Target(source, start, reader.last, family, table)


def _target(reader: Reader, kind: str, places: tuple[str, ...] = (), by_handle: bool = False) -> Target:
    """`inet filter input`, with `handle 7` and the like behind it, or instead of the name."""
    source, start = reader.source, reader.start
    table = _table(reader)
    if by_handle and reader.take("handle"):
        handle = reader.number("a handle")
        return Target(source, start, reader.last, table.family, table.table, None, handle)
    name = reader.name(f"the name of a {kind}")
    found: dict[str, int] = {}
    if reader.text in places:
        key = reader.text
        reader.advance()
        found[key] = reader.number("a number")
    return Target(source, start, reader.last, table.family, table.table, name, **found)


VERBS: dict[str, Callable[[Reader], Fields]] = {
    "add": add, "create": create, "insert": insert, "replace": replace, "delete": delete, "destroy": delete,
    "flush": flush, "rename": rename,
}  # fmt: skip
KINDS = frozenset(["table", "chain", "rule", "set", "map", "element", "flowtable", "ct"]) | STATEFUL
"""What commands are about."""
