"""Statements that tell somebody: log and reject.

Read first: `operands`, `rule_tree`.
"""

from __future__ import annotations

import re

from .operands import literal
from .rule_tree import Log, Reject
from .tokens import QUOTED, STARRED, Reader
from .tree import Number, Symbol

LEVELS = frozenset(["emerg", "alert", "crit", "err", "warn", "notice", "info", "debug", "audit"])
VARIABLE = re.compile(r"\$([A-Za-z0-9_]*)", re.ASCII)
NUMBERS = {"group": "group", "snaplen": "snaplen", "queue-threshold": "queue_threshold"}


def log(reader: Reader) -> Log:
    """`log prefix "x" level info flags all`."""
    source, start = reader.source, reader.start
    reader.advance()
    numbers: dict[str, int] = {}
    flags: list[str] = []
    prefix = level = None
    while True:
        text = reader.text
        if text in NUMBERS:
            reader.advance()
            numbers[NUMBERS[text]] = reader.number(f"a number for {text}")
        elif reader.take("prefix"):
            prefix = _prefix(reader)
        elif reader.take("level"):
            level = _level(reader)
        elif reader.take("flags"):
            flags += _flags(reader)
        else:
            break
    return Log(source, start, reader.last, prefix, **numbers, level=level, flags=tuple(flags))


def _prefix(reader: Reader) -> Symbol:
    """The text of a prefix; the variables in it must be defined."""
    start, quoted = reader.start, reader.kind == QUOTED
    end = reader.end
    name = reader.string("a prefix in quotes")
    for found in VARIABLE.finditer(name):
        if not any(found[1] in scope for scope in reader.scopes):
            reader.refuse(start, f"the variable '{found[1]}' is not defined, expected 'define' before it")
    return Symbol(reader.source, start, end, name, quoted)


def _level(reader: Reader) -> str:
    """The level of a syslog message."""
    if not (reader.at_string() or reader.kind in (QUOTED, STARRED)) or reader.text.strip('"') not in LEVELS:
        reader.fail("a level: emerg, alert, crit, err, warn, notice, info, debug or audit")
    return reader.string("a level")


def _flags(reader: Reader) -> list[str]:
    """`all`, `skuid`, `ether`, `ip options`, `tcp sequence,options`."""
    word = reader.one_of(frozenset(["all", "skuid", "ether", "ip", "tcp"]), "all, skuid, ether, ip options or tcp ...")
    if word == "ip":
        reader.expect("options")
        return ["ip options"]
    if word != "tcp":
        return [word]
    choices = frozenset(["sequence", "options"])
    found = ["tcp " + reader.one_of(choices, "sequence or options")]
    while reader.take(","):
        found.append("tcp " + reader.one_of(choices, "sequence or options"))
    return found


def reject(reader: Reader) -> Reject:
    """`reject`, `reject with icmp port-unreachable`, `reject with tcp reset`."""
    source, start = reader.source, reader.start
    reader.advance()
    if not reader.take("with"):
        return Reject(source, start, reader.last)
    kind = reader.one_of(frozenset(["icmp", "icmpv6", "icmpx", "tcp"]), "icmp, icmpv6, icmpx or tcp reset")
    if kind == "tcp":
        reader.expect("reset")
        return Reject(source, start, reader.last, kind)
    reader.take("type")
    code = literal(reader, "a code") if reader.at_string() or reader.at_number() else reader.fail("a code")
    assert isinstance(code, Symbol | Number)
    return Reject(source, start, reader.last, kind, code)
