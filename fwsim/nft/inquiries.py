"""Commands that only ask: list, reset, get, monitor, describe, import, export. They change no rule.

Read first: `expressions`. They are checked as nft checks them and kept with their text.
"""

from __future__ import annotations

from collections.abc import Callable

from .expressions import matched_primary, set_or_defined
from .tokens import Reader
from .words import CT_OBJECTS, FAMILIES

OF_RULESET = frozenset(["tables", "chains", "ruleset", "meters", "flowtables", "maps"])
OF_TABLE = frozenset(["sets", "counters", "quotas", "limits", "secmarks", "synproxys"])
NAMED = frozenset(["chain", "set", "counter", "quota", "limit", "secmark", "synproxy", "meter", "flowtable", "map"])


def listing(reader: Reader) -> None:
    """`list ruleset`, `list chain t c`, `list counters table t`."""
    kind = reader.text
    if kind in OF_RULESET:
        reader.advance()
        _family(reader)
    elif kind in OF_TABLE:
        reader.advance()
        _table(reader) if reader.take("table") else _family(reader)
    elif kind in NAMED:
        reader.advance()
        _named(reader)
    else:
        OTHERS.get(kind, _unknown)(reader)


def _unknown(reader: Reader) -> None:
    """Nothing that can be listed."""
    reader.fail("what is listed, such as ruleset")


def _one_table(reader: Reader) -> None:
    """`table t`."""
    reader.advance()
    _table(reader)


def _flow(reader: Reader) -> None:
    """`flow tables`, `flow table t m`."""
    reader.advance()
    if reader.take("tables"):
        _family(reader)
    else:
        reader.expect("table")
        _named(reader)


def _ct(reader: Reader) -> None:
    """`ct helper t h`, `ct helpers table t`."""
    reader.advance()
    kind = reader.one_of(frozenset([*CT_OBJECTS, "helpers"]), "helper, helpers, timeout or expectation")
    if kind != "helper" and reader.take("table"):
        _table(reader)
    elif kind == "helpers":
        reader.fail("'table'")
    else:
        _named(reader)


def _hooks(reader: Reader) -> None:
    """`hooks ip device eth0`."""
    reader.advance()
    _family(reader)
    if reader.take("device"):
        reader.name("the name of an interface")


OTHERS = {"table": _one_table, "flow": _flow, "ct": _ct, "hooks": _hooks}


def reset(reader: Reader) -> None:
    """`reset counters`, `reset quota t q`; rules, sets and maps are of nft 1.0.7 and later."""
    kind = reader.text
    if kind in ("counters", "quotas", "rules"):
        reader.advance()
        _reset_all(reader, kind)
    elif kind in ("counter", "quota", "set", "map"):
        reader.advance()
        _named(reader)
    elif reader.take("rule"):
        _named(reader)
        reader.expect("handle")
        reader.number("a handle")
    else:
        elements(reader)


def _reset_all(reader: Reader, kind: str) -> None:
    """Behind `reset counters`, `quotas` and `rules`: all, those of a table, or the rules of a chain."""
    if reader.take("table"):
        _table(reader)
    elif kind == "rules" and reader.take("chain"):
        _named(reader)
    else:
        _family(reader)
        for _ in range(2 if kind == "rules" else 1):
            if reader.at_string():
                reader.name("a name")


def elements(reader: Reader) -> None:
    """`get element t s { 1.2.3.4 }`."""
    reader.expect("element")
    _named(reader)
    set_or_defined(reader)


def _family(reader: Reader) -> None:
    """A family, or none."""
    if reader.text in FAMILIES:
        reader.advance()


def _table(reader: Reader) -> None:
    """`inet filter`."""
    _family(reader)
    reader.name("the name of a table")


def _named(reader: Reader) -> None:
    """`inet filter input`."""
    _table(reader)
    reader.name("a name")


def exchange(reader: Reader) -> None:
    """`export ruleset json`, `import vm json`."""
    reader.take("ruleset")
    _format(reader)


def _format(reader: Reader) -> None:
    """`json`, `xml`, `vm json`."""
    if reader.take("vm"):
        reader.expect("json")
    else:
        reader.one_of(frozenset(["json", "xml"]), "json")


def monitor(reader: Reader) -> None:
    """`monitor new rules json`."""
    objects = ("tables", "chains", "sets", "rules", "elements", "ruleset", "trace")
    formats = ("json", "xml", "vm")
    if reader.at_string() and reader.text not in objects + formats:
        reader.name("an event")
    if reader.text in objects:
        reader.advance()
    if reader.text in formats:
        _format(reader)


def describe(reader: Reader) -> None:
    """`describe tcp dport`."""
    matched_primary(reader)


INQUIRIES: dict[str, Callable[[Reader], None]] = {
    "list": listing, "reset": reset, "get": elements, "import": exchange, "export": exchange, "monitor": monitor,
    "describe": describe,
}  # fmt: skip
