"""What a rule sets: marks, fields of the packet, options, helpers and the rest of a connection.

Read first: `operands`, `maps`.
"""

from __future__ import annotations

from fwsim.netfilter.fields import NotSimulated, Selector
from fwsim.netfilter.steps import Alter, Assign, Choose, Effectless, Step, Term
from fwsim.nft import rule_tree, tree
from fwsim.nft.tree import Binary, Ct, Expression, Header, HeaderOption, Inner, Map, Meta, RawPayload

from .keys import CT, META
from .maps import mapped
from .operands import Operand, is_constant, operand
from .reading import Reading
from .types import TYPES
from .values import Evaluated, Span, Wanted, refuse, unveiled

MARK = 0xFFFFFFFF
META_SETTABLE = frozenset(["mark", "priority", "nftrace", "pkttype", "secmark", "broute"])
CT_SETTABLE = frozenset(["mark", "zone", "label", "event", "secmark", "helper", "timeout", "expectation"])
OBJECTS = ("helper", "timeout", "expectation")
ZONE = "ct_state"
"""What a zone changes: a packet that is not tracked yet will belong to another connection than without it, or to none
(nft_ct_set_zone_eval); which, cannot be told."""
NOT_SIMULATED = {
    "expectation": "no connection is expected by it",
}
"""What `ct KEY set` would change, and what is done instead."""


def assign(reading: Reading, node: rule_tree.Assign) -> None:
    """`meta mark set 1`, `ip ttl set 5`."""
    target = node.target
    if isinstance(target, Meta):
        _meta(reading, node, target)
    elif isinstance(target, Ct):
        _ct(reading, node, target)
    elif isinstance(target, Header | HeaderOption | RawPayload | Inner):
        _packet(reading, node, target)
    else:
        raise refuse(target, "this cannot be set")


def _meta(reading: Reading, node: rule_tree.Assign, target: Meta) -> None:
    """A key of meta."""
    if target.key not in META_SETTABLE:
        raise refuse(target, f"'meta {target.key}' cannot be set")
    key = META[target.key]
    kind = TYPES[key.type]
    if target.key == "pkttype":
        reading.bound.append((node, "pkttype set"))
    field = target.key if target.key in ("mark", "pkttype") else None
    _number(reading, node, Wanted(kind, key.bits or kind.bits), field)


def _ct(reading: Reading, node: rule_tree.Assign, target: Ct) -> None:
    """A key of ct."""
    if target.key not in CT_SETTABLE or (target.direction is not None and target.key != "zone"):
        raise refuse(target, f"'{target.text}' cannot be set")
    if target.key in OBJECTS:
        _object(reading, node, target.key)
        return
    key = CT[target.key]
    kind = TYPES[key.type]
    field = {"mark": "ct_mark", "zone": ZONE}.get(target.key)
    _number(reading, node, Wanted(kind, key.bits or kind.bits), field)


def _object(reading: Reading, node: rule_tree.Assign, kind: str) -> None:
    """`ct helper set "ftp-standard"`, or by a map."""
    value = unveiled(node.value)
    if isinstance(value, Map):
        from .counting import object_map

        object_map(reading, value, f"ct {kind}", node.text)
        return
    if not isinstance(value, tree.Symbol):
        raise refuse(value, f"expected the name of a ct {kind}")
    reading.add(reading.table.object_named(value, f"ct {kind}", value.name).step_for(node.text))
    if kind in NOT_SIMULATED:
        reading.ruleset.remark(node, f"{node.text}: {NOT_SIMULATED[kind]}")


def _number(reading: Reading, node: rule_tree.Assign, wanted: Wanted, field: str | None) -> None:
    """A number that is set: a constant, a computation, or what a map gives."""
    value = unveiled(node.value)
    if isinstance(value, Map):
        reading.add(_by_map(reading, node, value, wanted, field))
        return
    constant, terms, known = linear(reading, value, wanted)
    if field is None:
        reading.add(Effectless(node.text))
    elif field == ZONE:
        reading.add(_zone(constant if known and not terms else None, node.text))
    elif known:
        reading.add(Assign(field, constant, terms, node.text))
    else:
        reading.add(Assign(field, 0, (Term(NotSimulated(value.text)),), node.text))


def _by_map(reading: Reading, node: rule_tree.Assign, value: Map, wanted: Wanted, field: str | None) -> Choose:
    """`meta mark set ip saddr map { ... }`."""

    def build(given: Evaluated) -> tuple[Step, ...]:
        if field is None or not isinstance(given, Span):
            return (Effectless(node.text),)
        if field == ZONE:
            return (_zone(given.low, node.text),)
        return (Assign(field, given.low, (), node.text),)

    return mapped(reading, value, (wanted,), build, f"set {field}")


def _zone(number: int | None, text: str) -> Step:
    """Zone 0 is the one that a packet is in anyhow."""
    return Effectless(text) if number == 0 else Alter((ZONE,), None, text)


Linear = tuple[int, tuple[Term, ...], bool]
"""A constant, the terms that are joined to it by exclusive or, and whether that is all."""


def linear(reading: Reading, node: Expression, wanted: Wanted) -> Linear:
    """A value that is computed from the packet and constants, as the exclusive or of masked and shifted terms."""
    if is_constant(node):
        found = reading.constants.one(node, wanted)
        if not isinstance(found, Span) or found.form != "value":
            raise refuse(node, "expected a single value")
        return found.low, (), True
    looked = operand(reading, innermost(node))
    _same_type(node, looked, wanted)
    terms: Linear = 0, (Term(looked.selector, MARK),), wanted.bits <= 32
    return _operations(reading, node, wanted, terms)


def innermost(node: Expression) -> Expression:
    """What bitwise operators are done to."""
    while isinstance(node, Binary):
        node = node.left
    return node


def _same_type(node: Expression, looked: Operand, wanted: Wanted) -> None:
    """Nft sets a value from one of the same type, or from an integer that is as wide."""
    if looked.type.name == wanted.type.name:
        return
    is_header = isinstance(innermost(node), Header | RawPayload)
    if looked.type.name != "integer" or (is_header and looked.bits != wanted.bits):
        raise refuse(node, f"expected {wanted.type.name}, not {looked.type.name} of {looked.bits} bits")


def _operations(reading: Reading, node: Expression, wanted: Wanted, before: Linear) -> Linear:
    """Bitwise operators, from the innermost to the outermost."""
    if not isinstance(node, Binary):
        return before
    constant, terms, known = _operations(reading, node.left, wanted, before)
    if not is_constant(node.right):
        raise refuse(node.right, "the right side of a bitwise operator must be a constant")
    shift = node.operator in ("<<", ">>")
    by = reading.constants.number(node.right, Wanted(TYPES["integer"], 32) if shift else wanted)
    if shift and by >= wanted.bits:
        raise refuse(node.right, f"a shift of {by} bits is undefined for {wanted.bits} bits")
    if shift:
        by = by if node.operator == "<<" else -by
        return shifted(constant, by), tuple(_shift(term, by) for term in terms), known
    if node.operator == "^":
        return constant ^ by, terms, known
    mask = by if node.operator == "&" else MARK & ~by
    joined = 0 if node.operator == "&" else by
    terms = tuple(Term(term.selector, term.mask & mask, term.shift) for term in terms)
    return constant & mask ^ joined, terms, known


def shifted(number: int, by: int) -> int:
    """To the left, or by less than 0 to the right, in 32 bits."""
    return (number << by if by >= 0 else number >> -by) & MARK


def _shift(term: Term, by: int) -> Term:
    """A term that is shifted once more; bits that fall out at either side stay out."""
    return Term(term.selector, shifted(term.mask, by), term.shift + by)


def _packet(reading: Reading, node: rule_tree.Assign, target: Expression) -> None:
    """A field of a header or option that is changed."""
    looked = operand(reading, target)
    value = unveiled(node.value)
    selectors: tuple[Selector, ...] = (looked.selector,)
    if isinstance(value, Map):

        def build(given: Evaluated) -> tuple[Step, ...]:
            return (Alter(selectors, given.low if isinstance(given, Span) else None, node.text),)

        reading.add(mapped(reading, value, (looked.wanted,), build, f"set {selectors}"))
    elif is_constant(value):
        reading.add(Alter(selectors, reading.constants.number(value, looked.wanted), node.text))
    else:
        _same_type(value, operand(reading, innermost(value)), looked.wanted)
        reading.add(Alter(selectors, None, node.text))


def strip(reading: Reading, node: rule_tree.StripOption) -> None:
    """`reset tcp option timestamp`: the option is gone."""
    found = operand(reading, node.option)
    reading.add(Alter((found.selector,), 0, node.text))
