"""One chain, indexed without a ruleset, and what its index says; and the same by trying every rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fwsim.engine.index import candidate, forget
from fwsim.engine.program import Numbers
from fwsim.engine.rule_rows import CHAIN, COLUMN, WALK
from fwsim.lower.asking import Asked, Meaning, question
from fwsim.lower.bitsets import Bitsets
from fwsim.lower.boundaries import WHOLE, Boundaries
from fwsim.lower.stretches import Stretches
from fwsim.tables import PACKET, empty, number_of
from fwsim.terms import ABSENT


def asks(field: str, *boundaries: int, mask: int = WHOLE) -> Asked:
    return question(field, field, "", Meaning(boundaries, mask))


def is_in(boundaries: Boundaries, value: int) -> bool:
    """Whether a number is in a set."""
    return sum(boundary <= value for boundary in boundaries) % 2 == 1


class Indexed:
    """One chain of rules, each a list of matches."""

    def __init__(self, rules: Sequence[Sequence[Asked]]) -> None:
        self.rules = rules
        self.stretches = Stretches()
        self.bitsets = Bitsets(self.stretches, len(rules))
        self.chain, self.rough = self.bitsets.add_chain(rules)
        self.numbers: Numbers = self.stretches.array()
        self.columns = np.array([tuple(column) for column in self.bitsets.columns], dtype=COLUMN)
        self.row = np.array([(0, len(rules), 0, *self.chain)], dtype=CHAIN)[0]
        self.state = empty(WALK, 1)[0]
        self.places = np.zeros(len(self.columns), dtype=np.int64)

    def candidates(self, packet: Mapping[str, int]) -> list[int]:
        """All rules that the index leaves, one after the other."""
        words = words_of(packet)
        forget(self.state)
        found: list[int] = []
        while not found or found[-1] < len(self.rules):
            start = found[-1] + 1 if found else 0
            found.append(self.ask(start, words))
        return found[:-1]

    def ask(self, rule: int, words: Any) -> int:
        """The first candidate from a rule on."""
        return candidate(self.row, self.columns, self.numbers, self.places, self.state, rule, words)

    def tried(self, packet: Mapping[str, int]) -> list[int]:
        """All rules whose matches are true of the packet."""
        return [n for n, matches in enumerate(self.rules) if all(is_true(match, packet) for match in matches)]


def is_true(match: Asked, packet: Mapping[str, int]) -> bool:
    """Whether a match is true of a packet, an address given as one key."""
    value = packet.get(match.field)
    return value is not None and is_in(match.boundaries or (), value & match.means.mask if value < 1 << 62 else value)


def words_of(packet: Mapping[str, int]) -> Any:
    """A packet as a matrix of one row; a field that is not named is not there. Addresses are keys of 129 bits."""
    row = np.full((1, len(PACKET.names or ())), ABSENT, dtype=np.int64)
    for field, value in packet.items():
        place = number_of(PACKET, field)
        if field in ("src0", "dst0"):
            row[0, place : place + 4] = [
                value >> 96,
                value >> 64 & 0xFFFFFFFF,
                value >> 32 & 0xFFFFFFFF,
                value & 0xFFFFFFFF,
            ]
        else:
            row[0, place] = value
    return row
