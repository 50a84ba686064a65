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
from fwsim.netfilter.fields import Selector
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


Place = tuple[str, int]
"""A field, and the mask under which rules ask for it."""


class Asked(NamedTuple):
    """One question of a rule: the name and the PACKET field of what it looks at, what it wants, and what that means."""

    key: str
    field: str
    wanted: str
    means: Meaning
    place: Place | None
    """What of a packet it looks at; None if what it accepts is no set of values."""

    @property
    def boundaries(self) -> Boundaries | None:
        """The set of values that it accepts."""
        return self.means.boundaries


def question(key: str, field: str, wanted: str, means: Meaning) -> Asked:
    """A question with its place."""
    return Asked(key, field, wanted, means, (field, means.mask) if means.boundaries is not None else None)


class Meanings:
    """What matches ask, worked out once for each: a set of a hundred thousand elements may stand in every rule."""

    def __init__(self, interfaces: Sequence[str], fields: Fields = NO_SLOTS) -> None:
        """`interfaces` are the declared names, by number; `fields` those of the ruleset."""
        self.interfaces = interfaces
        self.fields = fields
        self._known: dict[tuple[Selector, int, bool, str], tuple[MatchValue, Asked | None]] = {}
        """By the identity of the value, which is kept here: hashing a hundred thousand elements takes too long."""
        self._equal: dict[tuple[Readable, MatchValue, bool], Meaning] = {}
        """By the value itself, for those that are equal and not the same; each is hashed once."""
        self._elements: dict[tuple[int | bool, ...], MatchValue] = {}
        """The values of sets, by their identity and negation."""

    def asked(self, match: Match, sets: Mapping[str, Set]) -> Asked | None:
        """A match of a rule whose table has these sets; None if what it looks at is not simulated."""
        value = self._with_sets(match.value, sets) if match.value.sets else match.value
        key = match.selector, id(value), match.absent, match.text
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = value, self._asked(match, value)
        return known[1]

    def _asked(self, match: Match, value: MatchValue) -> Asked | None:
        """A match as a question, its sets put into the value."""
        selector = looked_at(match)
        field = self.fields.of(selector)
        if field is None:
            return None
        key = field if packet_field(selector) and not isinstance(selector, str) else written(selector)
        return question(key, field, match.text, self._shared(selector, value, match.absent))

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
    found: dict[Place, Asked] = {}
    rest: list[Asked] = []
    for asked in asks:
        place = asked.place
        if place is not None and place not in found:
            found[place] = asked
        elif place is not None:
            found[place] = _both(found[place], asked)
        else:
            rest.append(asked)
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
    absent = one.means.absent and other.means.absent
    return question(one.key, one.field, wanted, Meaning(boundaries, mask, choices, absent=absent))


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
