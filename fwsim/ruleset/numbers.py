"""Matches on numbers: ports, protocols, ICMP types and codes, dscp, ttl, length, vlan, family, direction.

Read first: `values`, `elements`, `words`. All of them are read alike; the table `FIELDS` tells them apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from . import words
from .elements import elements, integer, parsed
from .mistakes import mistake, seen, unknown
from .values import Interval, Numbers, merged


@dataclass(frozen=True, slots=True)
class Field:
    """What a numeric field may hold: names for numbers, a highest number, or names alone."""

    what: str
    highest: int
    names: Mapping[str, int]
    lowest: int = 0
    named_only: bool = False
    kind: str = "number"
    """The type of the sets that the field can be compared with (`words.SET_TYPES`), or `` for none."""


FIELDS: dict[str, Field] = {
    "proto": Field("protocol", 255, words.PROTOCOLS, kind="protocol"),
    "sport": Field("port", 65535, words.SERVICES, kind="port"),
    "dport": Field("port", 65535, words.SERVICES, kind="port"),
    "icmp_type": Field("ICMP type", 255, words.ICMP_TYPES, kind="icmp-type"),
    "icmp_code": Field("ICMP code", 255, words.ICMP_CODES),
    "icmpv6_type": Field("ICMPv6 type", 255, words.ICMPV6_TYPES, kind="icmpv6-type"),
    "icmpv6_code": Field("ICMPv6 code", 255, words.ICMPV6_CODES),
    "dscp": Field("dscp", 63, words.DSCP, kind="dscp"),
    "ttl": Field("ttl", 255, {}),
    "length": Field("length", 65535 + 40, {}),
    "vlan": Field("vlan", 4095, {}),
    "family": Field("family", 6, words.FAMILIES, named_only=True, kind=""),
    "fragment": Field("fragment", 2, words.FRAGMENTS, named_only=True, kind=""),
    "ct_direction": Field("ct direction", 1, words.DIRECTIONS, named_only=True, kind=""),
}
"""The numeric fields by their key in a rule. `length` is that of the whole IP packet, at most 65,575 with IPv6."""


def parse_numbers(raw: object, field: Field) -> Numbers:
    """A match on a numeric field: numbers, names, ranges, sets."""
    if isinstance(raw, Numbers):
        return raw
    if field.names is words.FRAGMENTS and isinstance(raw, bool):
        return Numbers(((1, 2),) if raw else ((0, 0),), source=raw)
    negated, plain, sets, source = elements(raw, wanted(field))
    if sets and not field.kind:
        raise mistake(f"{field.what} cannot be compared with a set, expected {wanted(field)}")
    return Numbers(merged(parsed(plain, lambda item: interval(item, field))), negated, sets, source)


def wanted(field: Field) -> str:
    """What messages call an element of the field."""
    if field.named_only:
        return "one of " + ", ".join(field.names)
    return f"a {field.what} of {field.lowest} to {field.highest}" + (" or its name" if field.names else "")


def interval(item: object, field: Field) -> Interval:
    """What one element stands for: a number, a name, or a range `first-last` of either."""
    if type(item) is int:
        number = _number(item, item, field)
        return number, number
    if not isinstance(item, str):
        raise mistake(f"expected {wanted(field)}, found {seen(item)}")
    single = _single(item, field)
    if single is not None:
        return single, single
    if not field.named_only:
        bounds = _range(item, field)
        if bounds is not None:
            return bounds
    raise mistake(_not_found(item, field))


def _number(number: int, item: object, field: Field) -> int:
    """A number that the field can hold."""
    if field.named_only or not field.lowest <= number <= field.highest:
        raise mistake(f"expected {wanted(field)}, found {seen(item)}")
    return number


def _single(text: str, field: Field) -> int | None:
    """A number or a name; None if it is neither (a range, or a mistake)."""
    number = integer(text)
    if number is not None:
        return _number(number, text, field)
    return field.names.get(text.lower())


def _range(item: str, field: Field) -> Interval | None:
    """`first-last`. Names may hold hyphens themselves, so every hyphen is tried."""
    position = item.find("-", 1)
    while position > 0:
        low = _single(item[:position].strip(), field)
        high = _single(item[position + 1 :].strip(), field)
        if low is not None and high is not None:
            if low > high:
                raise mistake(f"the range {seen(item)} is reversed, expected the lower {field.what} first")
            return low, high
        position = item.find("-", position + 1)
    return None


def _not_found(item: str, field: Field) -> str:
    """The message for an element that is neither number, name nor range."""
    if field.names and item[:1].isalpha():
        return unknown(field.what, item, field.names)
    hint = f" (a range is written {item.replace(':', '-')})" if item.count(":") == 1 and item[0] != ":" else ""
    return f"expected {wanted(field)}, found {seen(item)}{hint}"
