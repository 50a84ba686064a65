"""Bitsets as words: of short chains as they are, of long ones in blocks that are shared."""

from __future__ import annotations

from random import Random

import pytest

from fwsim.engine.index import word_of
from fwsim.engine.program import BLOCKS_A_SUMMARY, RULES_A_WORD, WORDS_A_BLOCK
from fwsim.lower.classes import bitset_of
from fwsim.lower.storing import LONG, Layout
from fwsim.lower.stretches import Stretches

BLOCK = RULES_A_WORD * WORDS_A_BLOCK


def rules_at(numbers: list[int], layout: Layout, place: int) -> set[int]:
    """The rules of the bitset that stands there."""
    words = [
        word_of(numbers, place + layout.summaries, n) if layout.summaries else numbers[place + n]  # type: ignore[arg-type]
        for n in range(layout.words)
    ]
    return {RULES_A_WORD * n + bit for n, word in enumerate(words) for bit in range(RULES_A_WORD) if word >> bit & 1}


@pytest.mark.parametrize("count", [1, RULES_A_WORD, RULES_A_WORD + 1, LONG * RULES_A_WORD, BLOCK + 1, 5 * BLOCK])
def test_every_rule_of_a_bitset_is_found_again(count: int) -> None:
    dice = Random(count)
    wanted = [set(dice.sample(range(count), dice.randrange(count + 1))) for _ in range(20)]
    wanted += [set(), {0}, {count - 1}, set(range(count))]
    stretches = Stretches()
    layout = Layout(stretches, count, True)
    places = layout.place([bitset_of(rules) for rules in wanted])
    numbers = stretches.array().tolist()
    assert [rules_at(numbers, layout, place) for place in places] == wanted


@pytest.mark.parametrize(
    ("count", "summaries"),
    [(LONG * RULES_A_WORD, 0), (LONG * RULES_A_WORD + 1, 1), (BLOCK * BLOCKS_A_SUMMARY, 1), (BLOCK * 63 + 1, 2)],
)
def test_only_a_long_chain_has_summaries(count: int, summaries: int) -> None:
    assert Layout(Stretches(), count, True).summaries == summaries
    assert Layout(Stretches(), count, False).summaries == 0


def test_a_summary_names_the_blocks_that_are_not_empty() -> None:
    stretches = Stretches()
    layout = Layout(stretches, 70 * BLOCK, True)
    rules: tuple[list[int], ...] = ([0], [BLOCK, 69 * BLOCK], [], [62 * BLOCK, 63 * BLOCK])
    places = layout.place([bitset_of(some) for some in rules])
    numbers = stretches.array()
    heads = [numbers[place : place + 2].tolist() for place in places]
    assert heads == [[1, 0], [2, 1 << 6], [0, 0], [1 << 62, 1]]


def test_a_block_of_several_bitsets_is_stored_once() -> None:
    stretches = Stretches()
    layout = Layout(stretches, 10 * BLOCK, True)
    layout.place([bitset_of(range(10 * BLOCK))])
    size = len(stretches.array())
    layout.place([bitset_of(range(9 * BLOCK)), bitset_of(range(8 * BLOCK))])
    assert len(stretches.array()) - size == WORDS_A_BLOCK + 2 * (1 + 10)  # an empty block, two bitsets of places
