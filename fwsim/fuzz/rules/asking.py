"""What a rule asks of a packet, made even: alternatives of which one must hold, each of several fields and values.

Read first: `fwsim.netfilter.steps`. A packet here is a dict of fields by their names (`fwsim.netfilter.fields`), with
addresses as numbers, interfaces as names, and `ct_state` as the one state that is wished for. What is asked beyond
that (a header's raw bits, the owner of a socket) cannot be aimed at: it is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from fwsim.netfilter import Table
from fwsim.netfilter.fields import Fib
from fwsim.netfilter.steps import AnyOf, Element, Lookup, Match, Step
from fwsim.ruleset.values import Addresses, Masked, MatchValue, Names, Numbers, merged

Packet = dict[str, "int | str"]

AIMED_AT = frozenset(
    (
        "family", "proto", "src", "dst", "sport", "dport", "tcp_flags", "icmp_type", "icmp_code", "ttl", "length",
        "dscp", "fragment", "iif", "oif", "ct_state", "ct_direction", "ip_id", "tcp_window", "tcp_seq", "tcp_ack",
    )
)  # fmt: skip
LOCAL = "dst is local"
"""The field that stands for `fib daddr type local` and its like: 1 or 0 ..."""
TYPE_LOCAL = 2
"""... where the number of the type is RTN_LOCAL."""
MOST_ELEMENTS = 64
"""Of a set; the first and last and some between."""


@dataclass(frozen=True, slots=True)
class Ask:
    """At least one of the alternatives holds, or (`negated`) none does."""

    alternatives: tuple[tuple[tuple[str, MatchValue], ...], ...]
    negated: bool = False
    absent: bool = False

    def holds(self, packet: Packet) -> bool:
        """Whether a packet meets it."""
        found = any(all(meets(value, field, packet, self.absent) for field, value in one) for one in self.alternatives)
        return found != self.negated


def ask_of(step: Step, table: Table) -> Ask | None:
    """What a step asks, or None if it asks nothing that can be aimed at."""
    if isinstance(step, Match):
        field = field_of(step.selector)
        return field and Ask((((field, resolved(step.value, table)),),), absent=step.absent)  # type: ignore[return-value]
    if isinstance(step, AnyOf):
        found = tuple(
            tuple((field, resolved(one.value, table)) for one in matches if (field := field_of(one.selector)))
            for matches in step.alternatives
        )
        return Ask(found)
    if isinstance(step, Lookup):
        return lookup(step, table)
    return None


def lookup(step: Lookup, table: Table) -> Ask | None:
    """What a Lookup asks: each element is an alternative."""
    named = table.sets.get(step.set) if step.set is not None else None
    elements = step.elements or (named.elements if named is not None else ())
    fields = [field_of(selector) for selector in step.selectors]
    alternatives = [pairs(fields, element) for element in some(elements)]
    return Ask(tuple(alternatives), step.negated) if alternatives and any(fields) else None


def pairs(fields: list[str | None], element: Element) -> tuple[tuple[str, MatchValue], ...]:
    """The fields of an element that can be aimed at, with their values."""
    return tuple((field, value) for field, value in zip(fields, element, strict=False) if field)


def some(elements: tuple[Element, ...]) -> Iterator[Element]:
    """All elements, or of very many some that lie evenly."""
    step = max(len(elements) // MOST_ELEMENTS, 1)
    return iter(elements[::step])


def field_of(selector: object) -> str | None:
    """The field that a selector is for a packet here, if it is one."""
    if isinstance(selector, str):
        return selector if selector in AIMED_AT else None
    if isinstance(selector, Fib) and selector.result == "type" and "daddr" in selector.flags:
        return LOCAL
    return None


def resolved(value: MatchValue, table: Table) -> MatchValue:
    """A value with the elements of the sets that it names."""
    for name in value.sets:
        named = table.sets.get(name)
        other = named.value if named is not None else None
        if isinstance(value, Addresses) and isinstance(other, Addresses):
            value = replace(value, v4=merged(value.v4 + other.v4), v6=merged(value.v6 + other.v6))
        elif isinstance(value, Numbers) and isinstance(other, Numbers):
            value = replace(value, intervals=merged(value.intervals + other.intervals))
        elif isinstance(value, Names) and isinstance(other, Names):
            value = replace(value, names=value.names + other.names, prefixes=value.prefixes + other.prefixes)
        elif isinstance(value, Masked) and isinstance(other, Masked):
            value = replace(value, choices=value.choices + other.choices)
    return value


def meets(value: MatchValue, field: str, packet: Mapping[str, int | str], absent: bool = False) -> bool:
    """Whether a packet's field has a value; one that it lacks has none, except with `absent`."""
    got = packet.get(field)
    if field == LOCAL:
        return meets(value, "type", {"type": TYPE_LOCAL if got else 1})
    if got is None:
        return absent
    if isinstance(value, Names):
        return value.matches(str(got)) != value.negated
    assert isinstance(got, int)
    if isinstance(value, Masked):
        return any(low <= got & mask <= high for low, high, mask in value.choices) != value.negated
    if isinstance(value, Addresses):
        intervals = value.v4 if packet["family"] == 4 else value.v6
        if not intervals:
            return False
    else:
        intervals = value.intervals
    return any(low <= got <= high for low, high in intervals) != value.negated
