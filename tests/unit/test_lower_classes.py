"""The classes of a field's values: exact ones, and rough ones where there would be too many."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fwsim.engine.program import RULES_A_WORD
from fwsim.lower.boundaries import Boundaries
from fwsim.lower.classes import bit_place, bitset_of, classes_of
from tests.indexed import is_in

SETS = st.lists(st.integers(0, 40), unique=True, max_size=5).map(lambda numbers: tuple(sorted(numbers)))
ASKED = st.dictionaries(st.integers(0, 130), SETS, max_size=8)


def content(asked: dict[int, Boundaries], others: int, value: int) -> int:
    return others | bitset_of(rule for rule, boundaries in asked.items() if is_in(boundaries, value))


@given(ASKED)
def test_every_value_has_the_bitset_of_the_rules_that_accept_it(asked: dict[int, Boundaries]) -> None:
    others = bitset_of(rule for rule in range(131) if rule not in asked)
    classes = classes_of(asked, others, 1000)
    assert classes.exact
    assert len(set(classes.bitsets)) == len(classes.bitsets)
    for value in range(42):
        place = sum(boundary <= value for boundary in classes.boundaries)
        assert classes.bitsets[classes.numbers[place]] == content(asked, others, value)


@given(ASKED, st.integers(2, 6))
def test_of_too_many_classes_neighbours_share_a_bitset_that_leaves_out_no_rule(
    asked: dict[int, Boundaries], most: int
) -> None:
    others = bitset_of(rule for rule in range(131) if rule not in asked)
    classes = classes_of(asked, others, most)
    assert len(classes.bitsets) <= most + 1
    assert classes.exact or len(set(classes_of(asked, others, 1000).bitsets)) > most
    for value in range(42):
        found = classes.bitsets[classes.numbers[sum(boundary <= value for boundary in classes.boundaries)]]
        wanted = content(asked, others, value)
        assert found & wanted == wanted
        assert found == wanted or not classes.exact


def test_rules_with_the_same_set_are_one_group_however_large_it_is() -> None:
    """A set of 20,000 elements in each of 3,000 rules: one by one that would be 120 million changes."""
    boundaries = tuple(range(40_000))
    classes = classes_of(dict.fromkeys(range(3_000), boundaries), 0, 1000)
    assert classes.bitsets == [0, bitset_of(range(3_000))]
    assert classes.numbers[:4] == [0, 1, 0, 1]


def test_a_bit_is_left_free_behind_each_word() -> None:
    assert [bit_place(rule) for rule in (0, RULES_A_WORD - 1, RULES_A_WORD, 2 * RULES_A_WORD)] == [0, 62, 64, 128]
    assert bitset_of([0, RULES_A_WORD]) == 1 | 1 << 64
