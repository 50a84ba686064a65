"""The index of a chain over regions, against asking every rule."""

from __future__ import annotations

from random import Random

import pytest

from fwsim.space.index import FEW, Index, Several, View, bits_of
from fwsim.space.intervals import Set, meet, minus, of_intervals, touches, within

Region = tuple[Set | None, ...]


def random_set(dice: Random, most: int = 3) -> Set:
    lows = [dice.randrange(60) for _ in range(dice.randint(1, most))]
    return of_intervals((low, low + dice.randrange(6)) for low in lows)


def random_rules(dice: Random) -> list[dict[int, Set]]:
    return [{place: random_set(dice) for place in range(3) if dice.random() < 0.7} for _ in range(40)]


def asked_one_by_one(rules: list[dict[int, Set]], region: Region, start: int) -> tuple[set[int], set[int]]:
    touching, certain = set(), set()
    for number, rule in enumerate(rules[start:], start):
        known = [(found, wanted) for place, wanted in rule.items() if (found := region[place]) is not None]
        if all(touches(found, wanted) for found, wanted in known):
            touching.add(number)
            if len(known) == len(rule) and all(within(found, wanted) for found, wanted in known):
                certain.add(number)
    return touching, certain


def told(view: View) -> tuple[set[int], set[int]]:
    return set(bits_of(view.touching)), set(bits_of(view.certain()))


@pytest.mark.parametrize("seed", range(20))
def test_a_view_is_what_the_rules_say_one_by_one(seed: int) -> None:
    dice = Random(seed)
    rules = random_rules(dice)
    index = Index(rules)
    region: Region = (random_set(dice, 2 * FEW), None if seed % 3 == 0 else random_set(dice), random_set(dice))
    start = dice.randrange(10)
    view = index.view(region, start)
    assert told(view) == asked_one_by_one(rules, region, start)
    for _ in range(4):
        place = dice.choice((0, 2))
        before, other = region[place], random_set(dice)
        assert before is not None
        inside, outside = meet(before, other), minus(before, other)
        if inside and outside:
            for smaller, removed in ((inside, None), (outside, other)):
                narrower = (*region[:place], smaller, *region[place + 1 :])
                narrow = index.narrowed(view, place, smaller, removed)
                assert told(narrow) == asked_one_by_one(rules, narrower, start)


def test_rules_that_lack_one_field_only_are_told() -> None:
    index = Index([{0: ((0, 9),), 1: ((0, 9),)}, {0: ((0, 4),), 1: ((0, 9),)}, {0: ((0, 4),), 1: ((0, 4),)}])
    view = index.view((((0, 9),), ((0, 9),)), 0)
    assert list(bits_of(view.nearly())) == [1]


def test_a_rule_that_wants_the_impossible_is_never_touched() -> None:
    assert Index([{0: ()}, {}]).view((((0, 1),),), 0).touching == 0b10


def test_a_field_of_no_rule_changes_nothing() -> None:
    index = Index([{0: ((0, 1),)}])
    view = index.view((((0, 9),), ((0, 9),)), 0)
    assert index.narrowed(view, 1, ((0, 1),)) is view


@pytest.mark.parametrize("seed", range(10))
def test_what_a_packet_meets_is_what_the_rules_say_one_by_one(seed: int) -> None:
    dice = Random(seed)
    rules = random_rules(dice)
    index = Index(rules)
    for _ in range(40):
        values = [None if dice.random() < 0.1 else dice.randrange(-1, 70) for _ in range(3)]
        region = tuple(None if value is None else ((value, value),) for value in values)
        possible, certain = index.meeting(values)
        assert (set(bits_of(possible)), set(bits_of(certain))) == asked_one_by_one(rules, region, 0)


@pytest.mark.parametrize("seed", range(5))
def test_many_sets_are_told_apart_as_few_are(seed: int) -> None:
    dice = Random(seed)
    sets: dict[Set, int] = {}
    for rule in range(300):
        wanted = of_intervals((low, low + dice.randrange(9)) for low in (dice.randrange(5_000) for _ in range(4)))
        sets[wanted] = sets.get(wanted, 0) | 1 << rule
    several = Several(sets)
    for _ in range(60):
        low = dice.randrange(5_000)
        region: Set = ((low, low + dice.choice((0, 3, 40, 3_000))),)
        touching = {rule for wanted, askers in sets.items() if touches(region, wanted) for rule in bits_of(askers)}
        holding = {rule for wanted, askers in sets.items() if within(region, wanted) for rule in bits_of(askers)}
        assert set(bits_of(several.touching(*region[0]))) == touching
        assert set(bits_of(several.holding(*region[0]))) == holding
