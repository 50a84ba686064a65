"""The index of chains as long as people write them, and longer: the boundaries of words, blocks and summaries."""

from __future__ import annotations

from random import Random

import pytest

from fwsim.engine.program import BLOCKS_A_SUMMARY, RULES_A_WORD, WORDS_A_BLOCK
from fwsim.lower.asking import Asked
from tests.indexed import Indexed, asks

BLOCK = RULES_A_WORD * WORDS_A_BLOCK
SUMMARY = BLOCK * BLOCKS_A_SUMMARY
V6 = 1 << 128


def around(*sizes: int) -> list[int]:
    return [size + more for size in sizes for more in (-1, 0, 1)]


@pytest.mark.parametrize("count", [1, *around(RULES_A_WORD, 2 * RULES_A_WORD, BLOCK, 2 * BLOCK, SUMMARY)])
def test_every_rule_is_found_from_every_side_of_it(count: int) -> None:
    """Rule n asks for the port that is left of n by as many as there are, and every hundredth for nothing."""
    ports = min(count // 2 + 1, 401)
    index = Indexed([[asks("dport", n % ports, n % ports + 1)] if n % 100 else [] for n in range(count)])
    every_hundredth = range(0, count, 100)
    for port in {0, 1, ports // 3, ports - 1}:
        wanted = sorted({*every_hundredth, *(n for n in range(port, count, ports) if n % 100)})
        assert index.candidates({"dport": port}) == wanted
    assert index.candidates({}) == list(every_hundredth)


@pytest.mark.parametrize("count", [RULES_A_WORD, BLOCK, BLOCK + 1, 3 * BLOCK])
def test_without_any_match_every_rule_is_a_candidate(count: int) -> None:
    assert Indexed([[]] * count).candidates({"ttl": 1}) == list(range(count))


def addresses(dice: Random) -> tuple[int, int]:
    """A network of either family, some wide and most narrow."""
    if dice.random() < 0.5:
        bits = dice.choice((0, 4, 8, 12, 16))
        low = dice.getrandbits(32) >> bits << bits
        return low << 96, (low + (1 << bits)) << 96
    bits = dice.choice((0, 40, 64, 80, 96))
    low = dice.getrandbits(128) >> bits << bits
    return V6 + low, V6 + low + (1 << bits)


def rule_of(dice: Random) -> list[Asked]:
    """A rule on some of the fields."""
    low = dice.randrange(65000)
    every = [
        asks("src0", *addresses(dice)),
        asks("dst0", *addresses(dice)),
        asks("dport", low, low + dice.choice((1, 1, 500))),
        asks("ct_state", *dice.choice(((2, 3), (8, 9), (0, 2, 3)))),
        asks("iif", *dice.choice(((0, 1), (1, 3), (0, 1, 2)))),
        asks("mark", dice.randrange(16), 16, mask=0xF),
    ]
    return [match for match in every if dice.random() < 0.5]


@pytest.mark.parametrize(("count", "seed"), [(BLOCK - 3, 1), (BLOCK + 70, 2), (4 * BLOCK, 3)])
def test_random_rules_of_all_kinds_are_found_as_by_trying_each(count: int, seed: int) -> None:
    dice = Random(seed)
    rules = [rule_of(dice) for _ in range(count)]
    index = Indexed(rules)
    assert not index.rough
    for _ in range(150):
        packet = {"ct_state": dice.choice((1, 2, 8)), "iif": dice.randrange(4), "mark": dice.getrandbits(32)}
        for match in (match for rule in dice.choices(rules, k=3) for match in rule):  # inside some of their sets
            boundaries = match.boundaries
            assert boundaries
            packet[match.field] = dice.randrange(boundaries[0], boundaries[1]) if len(boundaries) > 1 else boundaries[0]
        assert index.candidates(packet) == index.tried(packet)
