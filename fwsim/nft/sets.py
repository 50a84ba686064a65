"""Named sets, maps and flowtables.

Read first: `blocks`, `elements`, `block_tree`.
"""

from __future__ import annotations

from typing import Any

from .block_tree import DataType, Flowtable, NamedSet
from .blocks import block, devices
from .chains import hook_name, priority
from .durations import duration
from .elements import comment
from .expressions import matched_primary, set_or_defined
from .rule_tree import Statement
from .statements import STATEFUL
from .tokens import Reader
from .tree import Expression, Number, Symbol
from .words import DATA_TYPES, TYPE_KEYWORDS

SET_FLAGS = frozenset(["constant", "interval", "timeout", "dynamic"])
OBJECT_KINDS = frozenset(["counter", "quota", "limit", "secmark", "synproxy"])


def set_block(reader: Reader, start: int, name: str) -> NamedSet:
    """`{ ... }` behind the name of a set."""
    return _block(reader, start, name, False)


def map_block(reader: Reader, start: int, name: str) -> NamedSet:
    """`{ ... }` behind the name of a map."""
    return _block(reader, start, name, True)


def _block(reader: Reader, start: int, name: str, is_map: bool) -> NamedSet:
    """A set or map; what is written twice counts as it was written last."""
    source = reader.source
    found: dict[str, Any] = {"key": None}
    statements: list[Statement] = []

    def item(reader: Reader) -> None:
        known = ITEMS.get(reader.text)
        if known is not None:
            known(reader, found, is_map)
            reader.separator()
        elif reader.take("elements"):
            reader.expect("=")
            found["elements"] = set_or_defined(reader)
        elif not is_map and reader.take("auto-merge"):
            found["auto_merge"] = True
        elif reader.text in STATEFUL:
            while reader.text in STATEFUL:
                statements.append(STATEFUL[reader.text](reader))
            reader.separator()
        else:
            reader.fail(f"something that belongs to a {'map' if is_map else 'set'}, such as type or elements")

    block(reader, item)
    return NamedSet(source, start, reader.close(source), name, is_map, statements=tuple(statements), **found)


def _type(reader: Reader, found: dict[str, Any], is_map: bool) -> None:
    """`type ipv4_addr . inet_service : verdict`."""
    reader.advance()
    found["key"] = _names(reader)
    if not is_map:
        return
    reader.expect(":")
    if reader.text in OBJECT_KINDS:
        found["object_kind"] = reader.text
        reader.advance()
        return
    found["value_interval"] = reader.take("interval")
    found["value"] = _names(reader)


def _names(reader: Reader) -> DataType:
    """Data types joined by dots."""
    source, start = reader.source, reader.start
    names = [_data_type(reader)]
    while reader.take("."):
        names.append(_data_type(reader))
    return DataType(source, start, reader.last, tuple(names))


def _data_type(reader: Reader) -> str:
    """One data type."""
    name = reader.text
    if name not in TYPE_KEYWORDS and not (reader.at_string() and name in DATA_TYPES):
        reader.fail("a data type such as ipv4_addr")
    reader.advance()
    return name


def _typeof(reader: Reader, found: dict[str, Any], is_map: bool) -> None:
    """`typeof ip saddr . tcp dport : meta mark`."""
    reader.advance()
    found["key"] = _expressions(reader)
    if is_map:
        reader.expect(":")
        found["value_interval"] = reader.take("interval")
        found["value"] = _expressions(reader, True)


def _expressions(reader: Reader, data: bool = False) -> DataType:
    """Expressions joined by dots; what a map gives may be `verdict`."""
    source, start = reader.source, reader.start
    parts = [_selected(reader, data)]
    while reader.take("."):
        parts.append(_selected(reader, False))
    return DataType(source, start, reader.last, (), tuple(parts))


def _selected(reader: Reader, data: bool) -> Expression:
    """An expression that has a type of its own."""
    found = matched_primary(reader)
    if isinstance(found, Number) or (isinstance(found, Symbol) and not (data and found.name == "verdict")):
        reader.refuse(found.start, f"'{found.text}' has no type of its own, expected an expression such as ip saddr")
    return found


def _flags(reader: Reader, found: dict[str, Any], is_map: bool) -> None:
    """`flags interval, timeout`; those of a map add up."""
    reader.advance()
    what = "constant, interval, timeout or dynamic"
    flags = [reader.one_of(SET_FLAGS, what)]
    while reader.take(","):
        flags.append(reader.one_of(SET_FLAGS, what))
    found["flags"] = (found.get("flags", ()) if is_map else ()) + tuple(flags)


def _duration(reader: Reader, found: dict[str, Any], is_map: bool) -> None:
    """`timeout 1h`, `gc-interval 10s`."""
    key = reader.text
    if is_map and key != "timeout":
        reader.fail("something that belongs to a map")
    reader.advance()
    found[key.replace("-", "_")] = duration(reader).name


def _policy(reader: Reader, found: dict[str, Any], _: bool) -> None:
    """`policy memory`."""
    reader.advance()
    found["policy"] = reader.one_of(frozenset(["performance", "memory"]), "performance or memory")


def _size(reader: Reader, found: dict[str, Any], _: bool) -> None:
    """`size 65535`."""
    reader.advance()
    found["size"] = reader.number("a number of elements")


def _comment(reader: Reader, found: dict[str, Any], _: bool) -> None:
    """`comment "..."`."""
    found["comment"] = comment(reader, found.get("comment"))


ITEMS = {
    "type": _type, "typeof": _typeof, "flags": _flags, "timeout": _duration, "gc-interval": _duration,
    "policy": _policy, "size": _size, "comment": _comment,
}  # fmt: skip
"""What a set or map may say of itself, each ended by a separator."""


def flowtable_block(reader: Reader, start: int, name: str) -> Flowtable:
    """`{ ... }` behind the name of a flowtable."""
    source = reader.source
    found: dict[str, Any] = {}

    def item(reader: Reader) -> None:
        if reader.take("counter"):
            found["counter"] = True
            return
        if reader.take("hook"):
            found["hook"] = hook_name(reader)
            found["priority"] = priority(reader)
        elif reader.take("devices"):
            found["devices"] = devices(reader)
        elif reader.take("flags"):
            reader.expect("offload")
            found["offload"] = True
        else:
            reader.fail("hook, devices, counter or flags offload")
        reader.separator()

    block(reader, item)
    return Flowtable(source, start, reader.close(source), name, **found)
