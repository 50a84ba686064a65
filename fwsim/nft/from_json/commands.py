"""Commands of nft JSON; an object that stands alone, as in listings, is added.

Read first: `objects`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from fwsim.nft.block_tree import Body, Command, Target
from fwsim.nft.words import FAMILIES

from .located import Json
from .members import Members, is_null, members, name, needed, one_of, only, unsigned, word
from .objects import OBJECTS
from .statements import rule
from .values import set_of

Fields = dict[str, Any]

PLACE = ("family", "table", "name", "handle")
RULE = ("family", "table", "chain", "expr", "handle", "index", "position", "comment")
FLUSHABLE = ("table", "chain", "set", "map", "meter", "ruleset")
INQUIRIES = ("list", "reset")
INQUIRED = ("family", "table", "name", "chain", "handle")


def command(found: Json) -> Command:
    """One command."""
    key, inside = only(found, "a command such as add, or an object such as table")
    place = found.source, found.start, found.end
    if key in INQUIRIES:
        return Command(*place, key, "inquiry", **_inquiry(inside))
    if key in VERBS:
        return Command(*place, key, **VERBS[key](inside, key))
    if key not in KINDS:
        found.fail("a command such as add, or an object such as table")
    return Command(*place, "add", **_added(key, inside, "add"))


def _inquiry(inside: Json) -> Fields:
    """`{"list": {"tables": null}}`: asks, and changes nothing."""
    _, asked = only(inside, "what is asked for")
    if not is_null(asked):
        members(asked, INQUIRED, "family")
    return {}


def _add(inside: Json, verb: str) -> Fields:
    """`{"add": {"table": ...}}`, `{"create": ...}`."""
    kind, inner = only(inside, "what is added, such as table or rule")
    if kind not in KINDS or (kind == "rule" and verb == "create"):
        inside.fail("what is added, such as table")
    return _added(kind, inner, verb)


def _added(kind: str, found: Json, verb: str) -> Fields:
    """An object that is added."""
    if kind == "rule":
        return _rule(found, verb)
    if kind == "element":
        return _elements(found, verb)
    known, read = OBJECTS[kind]
    held = members(found, (*PLACE, *known), "family and name")
    kind = "set" if kind == "meter" else kind
    body = cast("Body | None", read(found, held))
    return {"kind": kind, "target": _named(found, held, kind), "body": body}


def _named(found: Json, held: Members, kind: str, handle: bool = False) -> Target:
    """A table, or something in one, by its name; or by its handle where that will do."""
    family = one_of(needed(found, held, "family"), FAMILIES, "a family such as inet")
    place = found.source, found.start, found.end
    number = unsigned(held["handle"], "a handle") if handle and "name" not in held and "handle" in held else None
    title = None if number is not None else name(needed(found, held, "name"))
    if kind == "table":
        return Target(*place, family, title, None, number)
    return Target(*place, family, name(needed(found, held, "table")), title, number)


def _elements(found: Json, _: str) -> Fields:
    """Elements of a named set or map."""
    held = members(found, ("family", "table", "name", "elem"), "family, table, name and elem")
    place = needed(found, held, "elem")
    return {"kind": "element", "target": _named(found, held, "element"), "body": set_of(place, place)}


def _rule(found: Json, verb: str) -> Fields:
    """A rule; its handle says where it goes if it is inserted, which one it is if it is replaced."""
    held = members(found, RULE, "family, table, chain and expr")
    target = _of_chain(found, held, verb)
    comment = word(held["comment"], "a comment") if "comment" in held else None
    return {"kind": "rule", "target": target, "body": rule(found, needed(found, held, "expr"), comment)}


def _of_chain(found: Json, held: Members, verb: str) -> Target:
    """The chain of a rule, and where in it; libnftables passes over the handle of a rule that is added."""
    family = one_of(needed(found, held, "family"), FAMILIES, "a family such as inet")
    table, chain = (name(needed(found, held, key)) for key in ("table", "chain"))
    if verb in ("replace", "delete", "destroy"):
        needed(found, held, "handle")
    handle = unsigned(held["handle"], "a handle") if "handle" in held and verb != "add" else None
    index = unsigned(held["index"], "an index") if "index" in held and verb in ("add", "insert") else None
    return Target(found.source, found.start, found.end, family, table, chain, handle, None, index)


def _placed_rule(inside: Json, verb: str) -> Fields:
    """`{"insert": {"rule": ...}}`, `{"replace": {"rule": ...}}`."""
    kind, inner = only(inside, "rule")
    if kind != "rule":
        inside.fail("a rule")
    return _rule(inner, verb)


def _delete(inside: Json, verb: str) -> Fields:
    """`{"delete": {"rule": {..., "handle": 7}}}`."""
    kind, inner = only(inside, "what is deleted, such as table or rule")
    if kind == "element":
        return _elements(inner, verb)
    if kind == "rule":
        held = members(inner, RULE, "family, table, chain and handle")
        return {"kind": kind, "target": _of_chain(inner, held, verb)}
    if kind not in OBJECTS:
        inside.fail("what is deleted, such as table or rule")
    held = members(inner, (*PLACE, *OBJECTS[kind][0]), "family and name")
    return {"kind": kind, "target": _named(inner, held, kind, True)}


def _flush(inside: Json, _: str) -> Fields:
    """`{"flush": {"ruleset": null}}`."""
    kind, inner = only(inside, "what is flushed, such as ruleset")
    if kind not in FLUSHABLE:
        inside.fail("what is flushed: ruleset, table, chain, set, map or meter")
    if kind != "ruleset":
        held = members(inner, PLACE, "family and name")
        return {"kind": kind, "target": _named(inner, held, kind)}
    held = {} if is_null(inner) else members(inner, ("family",), "family")
    if "family" not in held:
        return {"kind": kind}
    family = one_of(held["family"], FAMILIES, "a family such as inet")
    return {"kind": kind, "target": Target(inner.source, inner.start, inner.end, family)}


def _rename(inside: Json, _: str) -> Fields:
    """`{"rename": {"chain": {..., "newname": "x"}}}`."""
    kind, inner = only(inside, "chain")
    if kind != "chain":
        inside.fail("a chain")
    held = members(inner, (*PLACE, "newname"), "family, table, name and newname")
    return {"kind": kind, "target": _named(inner, held, kind), "rename": name(needed(inner, held, "newname"))}


VERBS: dict[str, Callable[[Json, str], Fields]] = {
    "add": _add, "create": _add, "insert": _placed_rule, "replace": _placed_rule, "delete": _delete,
    "destroy": _delete, "flush": _flush, "rename": _rename,
}  # fmt: skip
KINDS = frozenset(["rule", "element", *OBJECTS])
"""What can be added."""
