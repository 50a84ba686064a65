"""The index of a chain: classes of values and their bitsets of rules."""

from __future__ import annotations

import pytest

from fwsim.engine.program import BY_ADDRESS, BY_TABLE, BY_VALUE, RULES_A_WORD
from fwsim.lower.asking import Asked, Meaning, question
from fwsim.lower.bitsets import Bitsets, Column
from fwsim.lower.stretches import Stretches
from fwsim.tables import PACKET, number_of


def asks(field: str, *boundaries: int) -> Asked:
    return question(field, field, "", Meaning(boundaries))


class Index:
    """One chain, indexed, and what its index says of a value."""

    def __init__(self, *rules: list[Asked]) -> None:
        self.stretches = Stretches()
        self.bitsets = Bitsets(self.stretches, len(rules))
        self.chain, self.rough = self.bitsets.add_chain(rules)
        self.numbers = self.stretches.array().tolist()

    def bitset(self, place: int) -> int:
        """The bitset that stands there as one integer."""
        words = self.numbers[place : place + self.chain.words]
        return sum(word << RULES_A_WORD * n for n, word in enumerate(words))

    def column(self, field: str) -> Column:
        return next(c for c in self.bitsets.columns if c.field == number_of(PACKET, field))

    def candidates(self, field: str, value: int) -> list[int]:
        """The rules that may match a packet with this value of the field."""
        column = self.column(field)
        if column.kind == BY_TABLE:
            which = min(value, column.classes)
        else:
            which = sum(boundary <= value for boundary in self.numbers[column.first : column.first + column.classes])
        return bits(self.bitset(self.numbers[column.rows + which]))


def bits(bitset: int) -> list[int]:
    return [n for n in range(bitset.bit_length()) if bitset >> n & 1]


def test_of_each_value_the_rules_that_accept_it_are_known() -> None:
    index = Index([asks("dport", 80, 81)], [], [asks("dport", 0, 1024)], [asks("dport", 443, 444, 8000, 9000)])
    for value, rules in ((80, [0, 1, 2]), (443, [1, 2, 3]), (22, [1, 2]), (8500, [1, 3]), (65535, [1])):
        assert index.candidates("dport", value) == rules


def test_of_a_packet_without_the_field_the_rules_that_do_not_ask_remain() -> None:
    index = Index([asks("dport", 80, 81)], [], [asks("ttl", 1, 2)])
    assert bits(index.bitset(index.column("dport").absent)) == [1, 2]
    assert bits(index.bitset(index.column("ttl").absent)) == [0, 1]


@pytest.mark.parametrize(
    ("field", "boundaries", "kind"),
    [
        ("ttl", (1, 64), BY_TABLE),
        ("dport", (1, 64), BY_TABLE),
        ("dport", (80, 8081), BY_VALUE),
        ("src0", (1, 2), BY_ADDRESS),
    ],
)
def test_small_values_are_looked_up_in_a_table_large_ones_are_searched(
    field: str, boundaries: tuple[int, ...], kind: int
) -> None:
    assert Index([asks(field, *boundaries)]).column(field).kind == kind


def test_a_match_without_boundaries_is_left_to_the_instructions() -> None:
    index = Index([question("ct_mark", "ct_mark", "", Meaning(None))], [])
    assert (index.bitsets.columns, index.chain.columns) == ([], 0)


def test_rules_beyond_a_word_go_into_the_next() -> None:
    index = Index(*[[asks("ttl", n, n + 1)] for n in range(RULES_A_WORD + 5)])
    assert index.chain.words == 2
    assert index.candidates("ttl", RULES_A_WORD + 2) == [RULES_A_WORD + 2]
    assert index.candidates("ttl", 3) == [3]


def test_after_each_field_it_is_known_which_rules_ask_no_more() -> None:
    """`decided`: rules that ask for none but the first 0, 1, 2 ... fields."""
    index = Index([asks("ttl", 1, 2)], [asks("ttl", 1, 2), asks("dport", 5, 6)], [])
    decided = [bits(index.bitset(index.chain.decided + n * index.chain.words)) for n in range(index.chain.columns + 1)]
    assert decided == [[2], [0, 2], [0, 1, 2]]


def test_equal_bitsets_are_stored_once() -> None:
    one = Index(*[[asks("dport", 80, 81)]] * 3)
    two = Index(*[[asks("dport", 80, 81), asks("sport", 80, 81)]] * 3)
    assert len(two.numbers) < 2 * len(one.numbers)


def test_addresses_are_asked_last_because_they_cost_most() -> None:
    index = Index([asks("src0", 1, 2), asks("ttl", 1, 2)])
    assert [column.field for column in index.bitsets.columns] == [number_of(PACKET, f) for f in ("ttl", "src0")]
