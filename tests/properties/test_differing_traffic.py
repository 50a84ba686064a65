"""Two random rulesets of nearly all kinds of rules, against traffic: those that are called equivalent treat it alike.

The second ruleset is the first one, edited a little. FWSIM_DIFFERING_PAIRS says how many pairs there are.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from random import Random

import pytest

from fwsim.differing.answer import EQUIVALENT, Answer, Named
from fwsim.errors import RulesetError
from fwsim.ruleset import load_ruleset
from tests.rich_rules import BELOW, NO_REJECT, Chain, Chains, Rule, rule, ruleset, text_of
from tests.rich_traffic import decisions, traffic

COUNT = int(os.environ.get("FWSIM_DIFFERING_PAIRS", "24"))
TRAFFIC = (1, 2, 3) if COUNT > 100 else (1,)
TALKS = 60 if COUNT > 100 else 30
SEEDS = 4
FLIPPED = {"accept": "drop", "return": "accept", "reject": "accept"}
CALLED = {"x1": BELOW[1:], "x2": (), **dict.fromkeys(NO_REJECT, ())}
"""The chains that the rules of a chain may lead to, where these are not all."""


def edited(dice: Random, chains: Chains) -> Chains:
    """A rule or two taken out, moved, turned round or put in."""
    for _ in range(dice.randint(1, 2)):
        name = dice.choice([name for name, chain in chains.items() if chain.rules])
        chains = {**chains, name: changed(dice, name, chains[name])}
    return chains


def changed(dice: Random, name: str, chain: Chain) -> Chain:
    """A chain with one rule less, elsewhere, otherwise or more."""
    place = dice.randrange(len(chain.rules))
    there = chain.rules[place]
    ways = (
        lambda: chain.without(place),
        lambda: put_in(chain.without(place), dice, there),
        lambda: chain.with_verdict(place, FLIPPED.get(there.verdict, "drop")),
        lambda: put_in(chain, dice, rule(dice, name, CALLED.get(name, BELOW))),
    )
    return dice.choice(ways)()


def put_in(chain: Chain, dice: Random, one: Rule) -> Chain:
    """The chain with a rule at some place."""
    place = dice.randint(0, len(chain.rules))
    return replace(chain, rules=(*chain.rules[:place], one, *chain.rules[place:]))


def pairs(seed: int) -> Iterator[tuple[int, str, str]]:
    """Pairs of rulesets that nft would load."""
    found, number = 0, seed
    while found < COUNT // SEEDS:
        number += SEEDS
        dice = Random(number)
        before = ruleset(dice)
        texts = text_of(before)[0], text_of(edited(dice, before))[0]
        try:
            for text in texts:
                load_ruleset(StringIO(text))
        except RulesetError:
            continue
        found += 1
        yield number, *texts


@pytest.mark.parametrize("seed", range(SEEDS))
def test_rulesets_that_are_called_equivalent_treat_traffic_alike(seed: int) -> None:
    proved = 0
    for number, *texts in pairs(seed):
        old, new = (Named(name, load_ruleset(StringIO(text))) for name, text in zip(("old", "new"), texts, strict=True))
        answer = Answer(old, new)
        alike = [mode for mode in answer.modes if answer.status_of(mode) == EQUIVALENT]
        proved += len(alike)
        for one in TRAFFIC if alike else ():
            before, after = (decisions(text, traffic(one, TALKS)) for text in texts)
            assert [before[mode] for mode in alike] == [after[mode] for mode in alike], number
    assert proved
