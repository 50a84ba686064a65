"""The index of a chain, built: for each field the classes of its values, and a bitset of rules for each class.

Read first: `fwsim.engine.index`, which reads it, CHAIN and COLUMN in `fwsim.tables`, and `classes`. Equal bitsets are
stored once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from fwsim.engine.program import BY_ADDRESS, BY_TABLE, BY_VALUE, RULES_A_WORD
from fwsim.tables import PACKET, number_of

from .boundaries import SMALL, Boundaries
from .classes import Classes, bitset_of, classes_of
from .rules import ADDRESSES, Match
from .storing import Layout
from .stretches import Stretches

MOST_WORDS = 1 << 22
"""What the bitsets of one field may take in all chains together, in words of 8 bytes, or little more."""

Asked = tuple[str, int]
"""A field, and the mask under which rules ask for it."""


class Column(NamedTuple):
    """A row of COLUMN, in the order of its fields."""

    field: int
    mask: int
    kind: int
    first: int
    classes: int
    wide: int
    rows: int
    absent: int


class ChainIndex(NamedTuple):
    """What a row of CHAIN says of its index."""

    words: int
    summaries: int
    columns: int
    column: int
    decided: int
    everyone: int
    sparsest: int
    sparser: int


class Bitsets:
    """The index of all chains under construction."""

    def __init__(self, stretches: Stretches, rules: int) -> None:
        """`stretches` takes the boundaries of the classes and the bitsets; there will be so many `rules` in all."""
        self.stretches = stretches
        self.columns: list[Column] = []
        # A chain gets its share of the words by its rules, and its bitsets are long by its rules: so this is the same
        # for all chains.
        self.most = max(2, MOST_WORDS * RULES_A_WORD // max(rules, 1))

    def add_chain(self, rules: Sequence[Sequence[Match]]) -> tuple[ChainIndex, set[Asked]]:
        """Index a chain by the matches of its rules; those without boundaries are left to the instructions.

        Returns as well which fields the index tells only roughly, so that the instructions are asked too.
        """
        asked = _asked(rules)
        layout = Layout(self.stretches, len(rules), bool(asked))
        everyone = bitset_of(range(len(rules)))
        first = len(self.columns)
        rough = set()
        decided = everyone
        before = [decided := decided & ~bitset_of(of_rule) for of_rule in reversed(asked.values())]
        sizes = []
        for what, of_rule in asked.items():
            classes = classes_of(of_rule, everyone & ~bitset_of(of_rule), self.most)
            self.columns.append(self._column(what, classes, layout))
            sizes.append(sum(bitset.bit_count() for bitset in classes.bitsets) / len(classes.bitsets))
            if not classes.exact:
                rough.add(what)
        one, other = [*sorted(range(len(asked)), key=sizes.__getitem__), 0, 0][:2]
        plain, (every,) = layout.plain([*before[::-1], everyone]), layout.place([everyone])
        return ChainIndex(layout.words, layout.summaries, len(asked), first, plain, every, one, other), rough

    def _column(self, what: Asked, classes: Classes, layout: Layout) -> Column:
        """The row of a field, its classes stored."""
        field, mask = what
        boundaries = classes.boundaries
        stored = layout.place(classes.bitsets)
        places = [stored[number] for number in classes.numbers]
        kind = BY_VALUE
        stretch = (0, 0, 0)
        if field in ADDRESSES:
            kind = BY_ADDRESS
            stretch = self.stretches.of_addresses(boundaries)
        elif boundaries and boundaries[-1] > SMALL:
            stretch = (*self.stretches.of_values(boundaries), 0)
        else:
            kind = BY_TABLE
            places = _table(boundaries, places)
            stretch = (0, len(places) - 1, 0)
        rows = self.stretches.place(places)
        return Column(number_of(PACKET, field), mask, kind, *stretch, rows, stored[0])


def asked_of(match: Match) -> Asked:
    """What of a packet a match looks at."""
    return match.field, match.means.mask


def _asked(rules: Sequence[Sequence[Match]]) -> dict[Asked, dict[int, Boundaries]]:
    """What rules ask for, in the order in which the first ones do, and the boundaries of each rule that does."""
    asked: dict[Asked, dict[int, Boundaries]] = {}
    for number, matches in enumerate(rules):
        for match in sorted(matches, key=lambda match: match.field in ADDRESSES):  # they cost most
            if match.boundaries is not None:
                asked.setdefault(asked_of(match), {})[number] = match.boundaries
    return asked


def _table(boundaries: Boundaries, places: Sequence[int]) -> list[int]:
    """For each value of a small field the place of its class; the last element stands for all greater values."""
    table: list[int] = []
    for place, end in zip(places, boundaries, strict=False):
        table += [place] * (end - len(table))
    return [*table, places[-1]]
