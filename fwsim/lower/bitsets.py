"""The index of a chain, built: for each field the classes of its values, and a bitset of rules for each class.

Read first: `fwsim.engine.index`, which reads it, CHAIN and COLUMN in `rule_rows`, and `classes`. Equal bitsets are
stored once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from fwsim.engine.program import BY_ADDRESS, BY_TABLE, BY_VALUE, RULES_A_WORD
from fwsim.tables import number_in_seen

from .asking import Asked, Place
from .boundaries import SMALL, Boundaries
from .classes import Classes, bitset_of, classes_of
from .fields import ADDRESSES
from .storing import Layout
from .stretches import Stretches

MOST_WORDS = 1 << 22
"""What the bitsets of one field may take in all chains together, in words of 8 bytes, or little more."""


class Wanted(NamedTuple):
    """What the rules of a chain want of a field: the boundaries of each that asks, and who is content without it."""

    boundaries: dict[int, Boundaries]
    absent: set[int]


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

    def add_chain(self, rules: Sequence[Sequence[Asked]]) -> tuple[ChainIndex, set[Place]]:
        """Index a chain by the matches of its rules; those without boundaries are left to the instructions.

        Returns as well which fields the index tells only roughly, so that the instructions are asked too.
        """
        asked = _asked(rules)
        layout = Layout(self.stretches, len(rules), bool(asked))
        everyone = bitset_of(range(len(rules)))
        first = len(self.columns)
        rough = set()
        decided = everyone
        not_asking = [everyone & ~bitset_of(wanted.boundaries) for wanted in asked.values()]
        before = [decided := decided & others for others in reversed(not_asking)]
        sizes = []
        for (what, wanted), others in zip(asked.items(), not_asking, strict=True):
            classes = classes_of(wanted.boundaries, others, self.most)
            self.columns.append(self._column(what, classes, others | bitset_of(wanted.absent), layout))
            sizes.append(sum(bitset.bit_count() for bitset in classes.bitsets) / len(classes.bitsets))
            if not classes.exact:
                rough.add(what)
        one, other = [*sorted(range(len(asked)), key=sizes.__getitem__), 0, 0][:2]
        plain, (every,) = layout.plain([*before[::-1], everyone]), layout.place([everyone])
        return ChainIndex(layout.words, layout.summaries, len(asked), first, plain, every, one, other), rough

    def _column(self, what: Place, classes: Classes, without: int, layout: Layout) -> Column:
        """The row of a field, its classes stored, and the rules for a packet `without` it."""
        field, mask = what
        boundaries = classes.boundaries
        *stored, absent = layout.place([*classes.bitsets, without])
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
        return Column(number_in_seen(field), mask, kind, *stretch, rows, absent)


def _asked(rules: Sequence[Sequence[Asked]]) -> dict[Place, Wanted]:
    """What rules ask for, in the order in which the first ones do; of one rule addresses last, which cost most."""
    found: dict[Place, Wanted] = {}
    for number, questions in enumerate(rules):
        for *_, means, place in questions:
            if place is not None and means.boundaries is not None:
                wanted = found.get(place)
                if wanted is None:
                    wanted = found[place] = Wanted({}, set())
                wanted.boundaries[number] = means.boundaries
                if means.absent:
                    wanted.absent.add(number)
    first = {place: (next(iter(wanted.boundaries)), place[0] in ADDRESSES) for place, wanted in found.items()}
    return {place: found[place] for place in sorted(found, key=first.__getitem__)}


def _table(boundaries: Boundaries, places: Sequence[int]) -> list[int]:
    """For each value of a small field the place of its class; the last element stands for all greater values."""
    table: list[int] = []
    for place, end in zip(places, boundaries, strict=False):
        table += [place] * (end - len(table))
    return [*table, places[-1]]
