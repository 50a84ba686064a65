"""Findings on random rulesets of nearly all kinds of rules, against traffic: what is told of all packets holds of it.

A rule that never applies may be left out, or do the opposite; one that is redundant may be left out; one that accepts
to no effect may drop. What a stateful finding shows the engine is made to see: its packet, behind the one that it
answers, comes to a firewall that has seen nothing else. FWSIM_FINDING_RULESETS says how many rulesets there are.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from io import StringIO
from random import Random

import pytest

from fwsim.checking import Finding, Kind
from fwsim.checking.findings import findings_of
from fwsim.checking.telling import BROUGHT
from fwsim.errors import RulesetError
from fwsim.lower import lower
from fwsim.ruleset import load_ruleset
from tests.rich_rules import Chain, Chains, ruleset, text_of
from tests.rich_traffic import INTERFACES, decisions, traffic
from tests.rich_witnesses import brought_about

COUNT = int(os.environ.get("FWSIM_FINDING_RULESETS", "8"))
TRAFFIC = (1, 2, 3) if COUNT > 100 else (1,)
TALKS = 60 if COUNT > 100 else 30
PROVED = (Kind.UNREACHABLE, Kind.SHADOWED, Kind.REDUNDANT, Kind.NO_EFFECT)
ALONE = "it is the only rule that asks for connections"
OPPOSITE = {"accept": "drop", "return": "drop", "drop": "accept", "reject": "accept", "notrack": "accept"}
SEEDS = 4
UNKNOWN = "UNKNOWN"
Decided = dict[str, list[tuple[str, int]]]
"""By mode."""


def readable(seed: int) -> Iterator[tuple[int, Chains, str, dict[int, tuple[str, int]]]]:
    """Rulesets that nft would load."""
    found, number = 0, seed
    while found < COUNT // SEEDS:
        number += SEEDS
        chains = ruleset(Random(number))
        text, places = text_of(chains)
        try:
            load_ruleset(StringIO(text))
        except RulesetError:
            continue
        found += 1
        yield number, chains, text, places


def alternatives(found: Finding, chain: Chain, place: int) -> Iterator[Chain]:
    """The chain of a finding, changed so that by what is told no packet gets another verdict."""
    verdict = chain.rules[place].verdict
    if found.kind == Kind.NO_EFFECT:
        yield from [chain.with_verdict(place, "drop")] * (verdict == "accept")
        return
    if ALONE not in found.what:
        yield chain.without(place)
    if "changes nothing" not in found.what and " vmap " not in verdict:
        yield chain.with_verdict(place, OPPOSITE.get(verdict, "drop"))


def is_tracked(text: str) -> bool:
    """Whether packets are tracked."""
    return lower(load_ruleset(StringIO(text)), interfaces=tuple(INTERFACES)).tracking


def differ(before: Decided, after: Decided) -> list[tuple[str, int]]:
    """The packets whose verdict is another; where one is not known, nothing is said."""
    pairs = {mode: zip(before[mode], after[mode], strict=True) for mode in before}
    return [
        (mode, row)
        for mode, both in pairs.items()
        for row, (one, other) in enumerate(both)
        if one != other and UNKNOWN not in (one[0], other[0])
    ]


def refused(decided: Decided) -> Decided:
    """The same, if it does not matter how packets are refused."""
    return {mode: [("DROP", 0) if one == "REJECT" else (one, 0) for one, _ in rows] for mode, rows in decided.items()}


@pytest.mark.parametrize("seed", range(SEEDS))
def test_what_is_proved_of_all_packets_holds_of_traffic(seed: int) -> None:
    for number, chains, text, places in readable(seed):
        real = None
        for found in findings_of(load_ruleset(StringIO(text)), "x.nft", only=PROVED):
            if found.kind not in PROVED:
                continue
            name, place = places[found.line]
            real = real or [decisions(text, traffic(one, TALKS)) for one in TRAFFIC]
            for chain in alternatives(found, chains[name], place):
                other, _ = text_of({**chains, name: chain})
                if "changes nothing" not in found.what and is_tracked(other) != is_tracked(text):
                    continue  # it did not matter what the rule asks, but that it asks for a connection
                for before, one in zip(real, TRAFFIC, strict=True):
                    after = decisions(other, traffic(one, TALKS))
                    if found.kind == Kind.NO_EFFECT:
                        before, after = refused(before), refused(after)
                    others = differ(before, after)
                    if name == "raw" and "ct " in str(chains[name].rules[place]):  # the stateless mode shows it there
                        others = [(mode, row) for mode, row in others if mode == "stateful"]
                    assert not others, (number, found.kind, found.what, found.text)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_what_a_finding_shows_of_connections_is_brought_about(seed: int) -> None:
    kinds = BROUGHT | {Kind.UNKNOWN}
    for number, _, text, _ in readable(seed):
        for found in findings_of(load_ruleset(StringIO(text)), "x.nft", only=kinds):
            if found.kind in BROUGHT:
                told, seen = brought_about(text, found)
                assert told == seen, (number, found)
