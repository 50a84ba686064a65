"""A match as a set of values: where it is true, worked out once for the index and for the instructions.

Read first: `fwsim.netfilter.steps` (Match), INSTRUCTION in `fwsim.engine.rule_rows`, `boundaries`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce
from typing import NamedTuple

from fwsim.engine.program import OP_ADDRESS, OP_CHOICE, OP_VALUE
from fwsim.headers.selecting import Readable, There
from fwsim.netfilter.model import Set
from fwsim.netfilter.steps import Element, Match
from fwsim.ruleset.resolve import joined
from fwsim.ruleset.values import Addresses, Choice, Masked, MatchValue, Names, Numbers, merged
from fwsim.tables import number_in_seen

from .boundaries import WHOLE, Boundaries, intersection, of_addresses, of_choices, of_names, of_numbers
from .fields import ADDRESSES, NO_SLOTS, Fields, highest, looked_at, packet_field, written
from .stretches import Stretches

Operands = tuple[int, int, int, int, int, int, int, int]
"""A row of INSTRUCTION."""


class Meaning(NamedTuple):
    """What a match accepts: values of the field under `mask`, None if that is no manageable set; or `choices`.

    `absent`: also a packet without the field.
    """

    boundaries: Boundaries | None
    mask: int = WHOLE
    choices: tuple[Choice, ...] = ()
    negate: bool = False
    absent: bool = False


class Asked(NamedTuple):
    """One question of a rule: the name and the PACKET field of what it looks at, what it wants, and what that means."""

    key: str
    field: str
    wanted: str
    means: Meaning

    @property
    def boundaries(self) -> Boundaries | None:
        """The set of values that it accepts."""
        return self.means.boundaries


class Meanings:
    """What values mean, worked out once for each: a set of a hundred thousand elements may stand in every rule."""

    def __init__(self, interfaces: Sequence[str], fields: Fields = NO_SLOTS) -> None:
        """`interfaces` are the declared names, by number; `fields` those of the ruleset."""
        self.interfaces = interfaces
        self.fields = fields
        self._known: dict[tuple[Readable, int, bool], tuple[MatchValue, Meaning]] = {}
        """By the identity of the value, which is kept here: hashing a hundred thousand elements takes too long."""
        self._equal: dict[tuple[Readable, MatchValue, bool], Meaning] = {}
        """By the value itself, for those that are equal and not the same; each is hashed once."""
        self._elements: dict[tuple[int | bool, ...], MatchValue] = {}
        """The values of sets, by their identity and negation."""

    def asked(self, match: Match, sets: Mapping[str, Set]) -> Asked | None:
        """A match of a rule whose table has these sets; None if what it looks at is not simulated."""
        selector = looked_at(match)
        field = self.fields.of(selector)
        if field is None:
            return None
        value = self._with_sets(match.value, sets) if match.value.sets else match.value
        key = selector, id(value), match.absent
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = value, self._shared(selector, value, match.absent)
        key_told = field if packet_field(selector) and not isinstance(selector, str) else written(selector)
        return Asked(key_told, field, match.text, known[1])

    def _with_sets(self, value: MatchValue, sets: Mapping[str, Set]) -> MatchValue:
        """A value with the elements of the sets that it names."""
        elements = [each for name in value.sets if (each := sets[name].value) is not None]
        key = (*map(id, elements), value.negated)
        if key not in self._elements:
            self._elements[key] = replace(reduce(joined, elements), negated=value.negated)
        return self._elements[key]

    def _shared(self, selector: Readable, value: MatchValue, absent: bool) -> Meaning:
        """What a value accepts, the same object for equal ones."""
        key = selector, value, absent
        found = self._equal.get(key)
        if found is None:
            found = self._equal[key] = self._meaning(selector, value, absent)
        return found

    def _meaning(self, selector: Readable, value: MatchValue, absent: bool) -> Meaning:
        """What a value accepts."""
        if isinstance(selector, There):
            return Meaning((0,), absent=absent)
        if isinstance(value, Masked) and selector in ("src", "dst"):
            return Meaning(None, WHOLE, value.choices, value.negated, absent)
        if isinstance(value, Masked):
            return Meaning(*of_choices(value, highest(selector)), value.choices, value.negated, absent)
        if isinstance(value, Names):
            return Meaning(of_names(value, self.interfaces), absent=absent)
        if isinstance(value, Addresses):
            return Meaning(of_addresses(value), absent=absent)
        return Meaning(of_numbers(value), absent=absent)


def merged_asks(asks: Sequence[Asked]) -> list[Asked]:
    """At most one set for each field; those that are no set come last."""
    found: dict[tuple[str, int], Asked] = {}
    rest: list[Asked] = []
    for asked in asks:
        key = asked.field, asked.means.mask
        if asked.boundaries is None:
            rest.append(asked)
        elif key in found and found[key].means.absent == asked.means.absent:
            found[key] = _both(found[key], asked)
        elif key in found:
            rest.append(asked)
        else:
            found[key] = asked
    return [*found.values(), *rest]


def _both(one: Asked, other: Asked) -> Asked:
    """Two questions about the same field as one."""
    assert one.boundaries is not None
    assert other.boundaries is not None
    boundaries = intersection(one.boundaries, other.boundaries)
    wanted = one.wanted if boundaries == one.boundaries else f"{one.wanted} and {other.wanted}"
    mask = one.means.mask
    pairs = zip(boundaries[::2], [*boundaries[1::2], WHOLE + 1], strict=False)
    choices = tuple(Choice(low, high - 1, mask) for low, high in pairs) if mask != WHOLE else ()
    return Asked(one.key, one.field, wanted, Meaning(boundaries, mask, choices, absent=one.means.absent))


class Questions:
    """Questions as rows of INSTRUCTION, made once for each meaning."""

    def __init__(self, stretches: Stretches) -> None:
        """`stretches` takes the numbers that they are compared with."""
        self.stretches = stretches
        self._rows: dict[tuple[str, int], tuple[Meaning, Operands]] = {}
        """By the identity of the meaning, which is kept here."""

    def row(self, asked: Asked) -> Operands:
        """The row of a question."""
        key = asked.field, id(asked.means)
        known = self._rows.get(key)
        if known is None:
            known = self._rows[key] = asked.means, instruction_of(asked, self.stretches)
        return known[1]


def instruction_of(asked: Asked, stretches: Stretches) -> Operands:
    """A question as a row of INSTRUCTION."""
    number = number_in_seen(asked.field)
    means = asked.means
    absent = int(means.absent)
    if means.choices or means.boundaries is None:
        return OP_CHOICE, number, *stretches.of_choices(means.choices), 0, 0, int(means.negate), absent
    if asked.field in ADDRESSES:
        first, narrow, wide = stretches.of_addresses(means.boundaries)
        return OP_ADDRESS, number, first, narrow, 0, wide, 0, absent
    return OP_VALUE, number, *stretches.of_values(means.boundaries), 0, 0, 0, absent


def union(elements: Sequence[Element], *, negated: bool) -> MatchValue:
    """The values of elements of one part as one value (together: one by one would take the square of their number)."""
    values = [value for (value,) in elements]
    first = values[0]
    if isinstance(first, Addresses):
        every = [value for value in values if isinstance(value, Addresses)]
        v4, v6 = (merged(interval for value in every for interval in getattr(value, name)) for name in ("v4", "v6"))
        return replace(first, v4=v4, v6=v6, negated=negated)
    if isinstance(first, Numbers):
        numbers = [value for value in values if isinstance(value, Numbers)]
        return replace(first, intervals=merged(i for value in numbers for i in value.intervals), negated=negated)
    return replace(reduce(joined, values), negated=negated)
