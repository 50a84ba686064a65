"""The classes of a field's values: between which boundaries which rules of a chain are content.

Read first: `boundaries`. A bitset is a Python integer here, laid out as the engine's words are in memory: 63 rules to
each 64 bits. There are at most as many bitsets as the chain can afford: beyond, neighbouring classes are put together,
and theirs is a bitset of the rules that may be content.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from fwsim.engine.program import RULES_A_WORD

from .boundaries import Boundaries


class Classes(NamedTuple):
    """The first class lies below the first of the `boundaries`, each other one from its boundary on.

    `numbers` has for each class the number of its bitset. If not `exact`, a bitset may hold rules that are not content.
    """

    boundaries: Boundaries
    numbers: list[int]
    bitsets: list[int]
    exact: bool


class Group(NamedTuple):
    """The rules that ask for exactly the same: their bitset, or where it is a single one the place of its bit."""

    bitset: int
    place: int

    def rules(self) -> int:
        """The bitset. That of a single rule is not kept, as a hundred thousand of them would take a gigabyte."""
        return self.bitset or 1 << self.place


Changes = dict[int, list[Group]]
"""At each boundary the rules that are content on one side of it only."""


def bit_place(rule: int) -> int:
    """Where the bit of a rule stands in a bitset: some bits of each word of 64 hold no rule."""
    return rule + rule // RULES_A_WORD * (64 - RULES_A_WORD)


def bitset_of(rules: Iterable[int]) -> int:
    """The bitset of some rules."""
    places = list(map(bit_place, rules))
    written = bytearray(max(places, default=0) // 8 + 1)
    for place in places:
        written[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(written, "little")


def classes_of(asked: Mapping[int, Boundaries], others: int, most: int) -> Classes:
    """The classes by the boundaries of each rule that asks, and the bitset of the others; `most` bitsets, or so."""
    changes = _changes(asked)
    order = sorted(changes)
    exact = _divided(order, changes, others, 1, most)
    if exact is not None:
        return exact
    divided = _divided(order, changes, others, -(-len(order) // max(most - 1, 1)), len(order) + 1)
    assert divided is not None
    return divided


def _changes(asked: Mapping[int, Boundaries]) -> Changes:
    """What changes at each boundary. Rules with the very same tuple are taken together."""
    alike: dict[int, list[int]] = {}
    for rule, boundaries in asked.items():
        alike.setdefault(id(boundaries), []).append(rule)
    changes: Changes = {}
    for rules in alike.values():
        group = Group(0, bit_place(rules[0])) if len(rules) == 1 else Group(bitset_of(rules), 0)
        for boundary in asked[rules[0]]:
            changes.setdefault(boundary, []).append(group)
    return changes


def _divided(order: Sequence[int], changes: Changes, others: int, step: int, most: int) -> Classes | None:
    """The classes at every `step`-th boundary; None if they have more than `most` bitsets."""
    known = {others: 0}
    numbers = [0]
    content = others
    for first in range(0, len(order), step):
        for group in changes[order[first]]:
            content ^= group.rules()
        somewhere = content
        for boundary in order[first + 1 : first + step]:
            for group in changes[boundary]:
                content ^= group.rules()
                somewhere |= group.rules()
        numbers.append(known.setdefault(somewhere, len(known)))
        if len(known) > most:
            return None
    return Classes(tuple(order[::step]), numbers, list(known), step == 1)
