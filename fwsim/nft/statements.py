"""Rules and their statements.

Read first: `expressions`, `stateful`, `nat`, `rule_tree`. `STATEMENTS` says which word begins which statement; all
else is a comparison, a verdict map or something that is set.
"""

from __future__ import annotations

from collections.abc import Callable

from . import nat, stateful
from .answers import log, reject
from .elements import comment, element_options
from .expressions import at_raw_payload, left_side, matched, right_side, settable, verdict_mapping
from .operands import VERDICTS, set_or_variable, verdict
from .rule_tree import (
    AnonymousChain,
    Assign,
    Match,
    Meter,
    Named,
    Notrack,
    Rule,
    SetUpdate,
    Statement,
    StripOption,
    VerdictMap,
    VerdictStatement,
    Xtables,
)  # fmt: skip
from .selectors import settable_ct, tcp_option_kind
from .source import ITEMS, PARTS
from .tokens import NEWLINE, NOTHING, Reader, near
from .tree import Ct, Element, Expression, Header, HeaderOption, Inner, Map, Meta, RawPayload, SetLiteral
from .words import AFTER_CT, AFTER_CT_SET, EXTENSION, OPERATORS, STATEMENT_WORDS

MOST_SCOPES = 4
"""Scopes of names that may be open: the script, a table, a chain, and a chain without a name. nft allows no more."""


def rule(reader: Reader) -> Rule:
    """One or more statements, and a comment."""
    source, start = reader.source, reader.start
    statements = [statement(reader)]
    while reader.kind != NEWLINE and reader.text not in ENDS:
        statements.append(statement(reader))
    remark = comment(reader, None) if reader.text == "comment" else None
    return Rule(source, start, reader.last, tuple(statements), remark)


ENDS = frozenset([";", "}", "comment", ""])
"""What ends the statements of a rule."""


def statement(reader: Reader) -> Statement:
    """One statement."""
    reader.count(PARTS)
    text = reader.text
    known = STATEMENTS.get(text)
    if known is not None:
        words = STATEMENT_WORDS.get(text, NOTHING)
        reader.scoped = words
        found = known(reader)
        reader.scoped = NOTHING
        if words:
            reader.not_before(words)
        return found
    if text in VERDICTS:
        return verdict_statement(reader)
    if text == "last" and reader.peek() in ("used", "\n", ";", "}", "comment", *STATEMENTS, *VERDICTS):
        return stateful.last(reader)
    return comparison(reader)


def comparison(reader: Reader) -> Statement:
    """`tcp dport 22`, `tcp dport vmap { ... }`, `ip ttl set 1`."""
    source, start = reader.source, reader.start
    if reader.text == "@" and not at_raw_payload(reader):
        reader.fail("a statement or an expression")
    word = reader.text
    left = left_side(reader)
    text = reader.text
    if reader.last == start + len(word) and (text in ENDS or text == "\n"):
        reader.fail("a value" + near(word, (*STATEMENTS, *VERDICTS)))  # the word may have been meant for a statement
    if text == "vmap" and not isinstance(left, SetLiteral | Map):
        reader.advance()
        mapping = verdict_mapping(reader)
        return VerdictMap(source, start, reader.last, left, mapping)
    if text == "set" and can_be_set(left):
        reader.scoped = AFTER_CT if isinstance(left, Ct) else NOTHING
        reader.advance()
        found = settable(reader)
        if isinstance(left, Ct):
            reader.not_before(AFTER_CT_SET)
        reader.scoped = NOTHING
        return Assign(source, start, reader.last, left, found)
    operator = OPERATORS.get(text)
    if operator is not None:
        reader.advance()
    right, mask = right_side(reader)
    return Match(source, start, reader.last, left, operator, right, mask)


def can_be_set(left: Expression) -> bool:
    """Whether `set` may follow: meta, ct and fields of the payload, not those of IPv6 extension headers."""
    if isinstance(left, Ct):
        return settable_ct(left)
    if isinstance(left, Header):
        return left.header not in EXTENSION
    return isinstance(left, Meta | HeaderOption | RawPayload | Inner)


def verdict_statement(reader: Reader) -> Statement:
    """`accept`, `jump other`, `jump { ... }`."""
    if reader.text in ("jump", "goto") and reader.peek() == "{":
        return anonymous_chain(reader)
    found = verdict(reader)
    return VerdictStatement(found.source, found.start, found.end, found)


def anonymous_chain(reader: Reader) -> AnonymousChain:
    """`jump { ... }`."""
    source, start, kind = reader.source, reader.start, reader.text
    reader.advance()
    if len(reader.scopes) >= MOST_SCOPES:
        reader.fail("the name of a chain: chains without a name cannot be nested")
    reader.open_brace()
    reader.scopes.append({})
    rules: list[Rule] = []
    while reader.text != "}":
        if reader.kind == NEWLINE or reader.text == ";":
            reader.advance()
        else:
            reader.count(ITEMS)
            rules.append(rule(reader))
            reader.separator()
    reader.close_brace()
    reader.scopes.pop()
    return AnonymousChain(source, start, reader.close(source), kind, tuple(rules))


def named_or(kind: str, other: Callable[[Reader], Statement]) -> Callable[[Reader], Statement]:
    """A statement that may use a named object: `counter name x`."""

    def read(reader: Reader) -> Statement:
        if reader.peek() != "name":
            return other(reader)
        source, start = reader.source, reader.start
        reader.advance()
        reader.advance()
        name = settable(reader)
        return Named(source, start, reader.last, kind, name)

    return read


def ct_statement(reader: Reader) -> Statement:
    """`ct count 10`, `ct timeout set "x"`, or something of the connection that is matched or set."""
    if reader.peek() == "count":
        return stateful.connection_limit(reader)
    if reader.peek() not in ("timeout", "expectation"):
        return comparison(reader)
    source, start = reader.source, reader.start
    reader.advance()
    target = Ct(source, start, reader.end, reader.text)
    reader.advance()
    reader.expect("set")
    found = settable(reader)
    return Assign(source, start, reader.last, target, found)


def set_update(reader: Reader) -> Statement:
    """`add @name { ip saddr timeout 1m counter : 10.0.0.1 }`."""
    source, start, operation = reader.source, reader.start, reader.text
    reader.advance()
    where = set_or_variable(reader)
    reader.open_brace()
    element = dynamic_element(reader)
    statements = []
    while reader.text in STATEFUL:
        statements.append(STATEFUL[reader.text](reader))
    found = dynamic_element(reader) if reader.take(":") else None
    reader.close_brace()
    return SetUpdate(source, start, reader.last, operation, where, element, tuple(statements), found)


def dynamic_element(reader: Reader) -> Element:
    """What is matched, with the options of an element."""
    key = matched(reader)
    timeout, expires, remark = element_options(reader)
    return Element(key.source, key.start, reader.last, key, None, (), timeout, expires, remark)


def set_legacy(reader: Reader) -> Statement:
    """`set add ip saddr @name`, as older versions of nft print it."""
    source, start = reader.source, reader.start
    reader.advance()
    operation = reader.one_of(frozenset(["add", "update", "delete"]), "add, update or delete")
    element = dynamic_element(reader)
    where = set_or_variable(reader)
    return SetUpdate(source, start, reader.last, operation, where, element)


def meter(reader: Reader) -> Statement:
    """`meter name size 65535 { ip saddr limit rate 1/second }`."""
    start = reader.start
    reader.advance()
    name = reader.name("the name of a meter")
    size = reader.number("a size") if reader.take("size") else None
    return _metered(reader, start, name, size)


def _metered(reader: Reader, start: int, name: str | None, size: int | None) -> Meter:
    """`{ key statement }` of a meter."""
    reader.open_brace()
    reader.deeper()
    element = dynamic_element(reader)
    found = statement(reader)
    reader.depth -= 1
    reader.close_brace()
    return Meter(reader.source, start, reader.last, name, size, element, found)


def flow(reader: Reader) -> Statement:
    """`flow add @name`, or a meter as older versions of nft print it: `flow table name { ... }`."""
    start = reader.start
    reader.advance()
    if reader.text in ("add", "offload"):
        return nat.flow_offload(reader, start)
    name = None
    while reader.text == "table" or name is None:
        reader.expect("table")
        name = reader.name("the name of a meter")
    return _metered(reader, start, name, None)


def strip_option(reader: Reader) -> Statement:
    """`reset tcp option timestamp`."""
    source, start = reader.source, reader.start
    reader.advance()
    place = reader.start
    reader.expect("tcp")
    reader.expect("option")
    option = HeaderOption(source, place, reader.end, "tcp", tcp_option_kind(reader))
    return StripOption(source, start, reader.last, option)


def notrack(reader: Reader) -> Statement:
    """`notrack`."""
    start = reader.start
    reader.advance()
    return Notrack(reader.source, start, reader.last)


def xtables(reader: Reader) -> Statement:
    """`xt target "LOG"`."""
    source, start = reader.source, reader.start
    reader.advance()
    kind = reader.name("match, target or watcher")
    name = reader.string("the name of an extension")
    return Xtables(source, start, reader.last, kind, name)


STATEFUL: dict[str, Callable[[Reader], Statement]] = {
    "counter": named_or("counter", stateful.counter), "limit": named_or("limit", stateful.limit),
    "quota": named_or("quota", stateful.quota), "ct": stateful.connection_limit, "last": stateful.last,
}  # fmt: skip
"""Statements that sets and dynamic elements may carry, by their first word."""

STATEMENTS: dict[str, Callable[[Reader], Statement]] = {
    **{word: STATEFUL[word] for word in ("counter", "limit", "quota")}, "ct": ct_statement,
    "log": log, "reject": reject, "snat": nat.snat, "dnat": nat.snat, "masquerade": nat.masquerade,
    "redirect": nat.masquerade, "tproxy": nat.tproxy, "dup": nat.duplicate, "fwd": nat.forward, "queue": nat.queue,
    "synproxy": nat.synproxy, "add": set_update, "update": set_update, "delete": set_update, "set": set_legacy,
    "meter": meter, "flow": flow, "reset": strip_option, "notrack": notrack, "xt": xtables,
}  # fmt: skip
"""Which word begins which statement."""
