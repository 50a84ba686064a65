"""The index of a chain, built: for each field the classes of its values, and a bitset of rules for each class.

Read first: `fwsim.engine.index`, which reads it, and COLUMN in `fwsim.tables`. While they are built, bitsets are Python
integers (bit n is the n-th rule of the chain); stored, they are words of 63 bits. Equal bitsets are stored once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from fwsim.engine.program import ALL_RULES, BY_ADDRESS, BY_TABLE, BY_VALUE, RULES_A_WORD
from fwsim.tables import PACKET, number_of

from .boundaries import SMALL, Boundaries
from .rules import ADDRESSES, Match
from .stretches import Stretches


class Column(NamedTuple):
    """A row of COLUMN, in the order of its fields."""

    field: int
    kind: int
    first: int
    classes: int
    rows: int
    absent: int


class ChainIndex(NamedTuple):
    """What a row of CHAIN says of its index."""

    words: int
    columns: int
    column: int
    decided: int


class Bitsets:
    """The index of all chains under construction."""

    def __init__(self, stretches: Stretches) -> None:
        """`stretches` takes the boundaries of the classes and the bitsets."""
        self.stretches = stretches
        self.columns: list[Column] = []

    def add_chain(self, rules: Sequence[Sequence[Match]]) -> ChainIndex:
        """Index a chain by the matches of its rules; those without boundaries are left to the instructions."""
        asked: dict[str, dict[int, Boundaries]] = {}
        for number, matches in enumerate(rules):
            for match in sorted(matches, key=lambda match: match.field in ADDRESSES):  # they cost most
                if match.boundaries is not None:
                    asked.setdefault(match.field, {})[number] = match.boundaries
        words = -(-len(rules) // RULES_A_WORD)
        everyone = (1 << len(rules)) - 1
        first = len(self.columns)
        for field, of_rule in asked.items():
            self.columns.append(self._column(field, of_rule, everyone & ~_of(of_rule), words))
        decided = [everyone]
        for of_rule in reversed(asked.values()):
            decided.append(decided[-1] & ~_of(of_rule))
        return ChainIndex(words, len(asked), first, self._place(decided[::-1], words))

    def _column(self, field: str, asked: dict[int, Boundaries], absent: int, words: int) -> Column:
        """The classes of a field's values. `asked` are the boundaries of each rule that asks, `absent` the others."""
        boundaries, bitsets = _classes(asked, absent)
        places = [self._place([bitset], words) for bitset in bitsets]
        kind = BY_VALUE
        stretch = (0, 0)
        if field in ADDRESSES:
            kind = BY_ADDRESS
            stretch = self.stretches.of_addresses(boundaries)
        elif boundaries and boundaries[-1] > SMALL:
            stretch = self.stretches.of_values(boundaries)
        else:
            kind = BY_TABLE
            places = _table(boundaries, places)
            stretch = (0, len(places) - 1)
        rows = self.stretches.place(places)
        return Column(number_of(PACKET, field), kind, *stretch, rows, self._place([absent], words))

    def _place(self, bitsets: Sequence[int], words: int) -> int:
        """Where these bitsets stand one after the other."""
        return self.stretches.place(bitset >> RULES_A_WORD * n & ALL_RULES for bitset in bitsets for n in range(words))


def _of(rules: Iterable[int]) -> int:
    """The bitset of some rules."""
    return sum(1 << rule for rule in rules)


def _classes(asked: dict[int, Boundaries], absent: int) -> tuple[Boundaries, list[int]]:
    """The boundaries at which the set of content rules changes, and that set below, between and above them."""
    changes: dict[int, int] = {}
    for rule, boundaries in asked.items():
        for boundary in boundaries:
            changes[boundary] = changes.get(boundary, 0) ^ (1 << rule)
    bitsets = [absent]
    for boundary in sorted(changes):
        bitsets.append(bitsets[-1] ^ changes[boundary])
    return tuple(sorted(changes)), bitsets


def _table(boundaries: Boundaries, places: Sequence[int]) -> list[int]:
    """For each value of a small field the place of its class; the last element stands for all greater values."""
    table: list[int] = []
    for place, end in zip(places, boundaries, strict=False):
        table += [place] * (end - len(table))
    return [*table, places[-1]]
