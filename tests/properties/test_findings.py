"""Findings on random small rulesets against all packets, one by one, with the naive matcher as judge."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from fwsim.checking.ground import Ground
from fwsim.checking.judging import Judging
from fwsim.checking.kinds import Kind
from fwsim.checking.pairs import LISTED, Pairs
from fwsim.checking.removing import Removing
from fwsim.checking.unreachable import Reaching
from fwsim.lower import lower
from fwsim.ruleset import Ruleset
from fwsim.terms import Verdict
from tests.finding_rules import INTERFACES, Json, document, judged, matching, positions, without

FINAL = ("accept", "drop")
REFUSING = (int(Verdict.DROP), int(Verdict.REJECT))


class Case:
    """A ruleset, what becomes of all packets, and what is found."""

    def __init__(self, chains: Json) -> None:
        self.chains = chains
        self.places = positions(chains)
        self.judged = judged(chains)
        self.matching = matching(chains)
        self.reaching = Reaching(Ground(lower(Ruleset.model_validate({"chains": chains}), interfaces=INTERFACES)))
        self.never = list(Judging(self.reaching).never_applying())
        called = any(rule["verdict"] == "jump below" for rule in chains["forward"]["rules"])
        self.asked = [n for n, (name, _) in enumerate(self.places) if name == "forward" or called]

    def verdict(self, number: int) -> str:
        name, place = self.places[number]
        return str(self.chains[name]["rules"][place]["verdict"])

    @property
    def applied(self) -> set[int]:
        return {number for numbers, _, _ in self.judged for number in numbers}


def check_never(case: Case) -> None:
    """Rules never apply exactly if no packet makes them; shadowed are those whose packets get another verdict."""
    assert {one.rule for one in case.never} == set(case.asked) - case.applied
    for one in case.never:
        if case.verdict(one.rule) in FINAL and one.others:
            own = int(Verdict[case.verdict(one.rule).upper()])
            verdicts = {said for (_, said, _), met in zip(case.judged, case.matching, strict=True) if one.rule in met}
            alike = {case.verdict(other) for other in one.others} == {case.verdict(one.rule)}
            assert (one.kind == Kind.REDUNDANT) == alike
            assert alike or (one.kind == Kind.SHADOWED) == bool(verdicts - {own})


def check_redundant(case: Case) -> None:
    """A rule is redundant exactly if all packets get the same verdict without it."""
    found = {one.rule for one in Removing(case.reaching).redundant()}
    expected = set()
    for number in set(case.asked) & case.applied:
        if case.verdict(number) in FINAL:
            left = judged(without(case.chains, *case.places[number]))
            if [said for _, said, _ in left] == [said for _, said, _ in case.judged]:
                expected.add(number)
    assert found == expected


def check_pairs(case: Case) -> None:
    """Rules make a pair exactly if a packet that the first decides about is for a later one that does the opposite."""
    pairs = Pairs(case.reaching)
    pairs.find()
    assert not pairs.open
    correlated: dict[int, set[int]] = {}
    general: dict[int, set[int]] = {}
    for one in sorted(case.applied & set(case.asked)):
        for other in sorted(case.applied & set(case.asked)):
            kind = pair(case, one, other)
            if kind == "general":
                general.setdefault(other, set()).add(one)
            elif kind == "correlated":
                correlated.setdefault(one, set()).add(other)
    check_partners({rule: found.rules for rule, found in pairs.general.items()}, general, all_told=True)
    check_partners({rule: found.rules for rule, found in pairs.correlated.items()}, correlated, all_told=False)


def pair(case: Case, one: int, other: int) -> str:
    """What two rules are to each other."""
    name, place = case.places[other]
    alike = case.places[one][0] == name and one < other
    if not alike or {case.verdict(one), case.verdict(other)} != set(FINAL):
        return ""
    if not case.chains[name]["rules"][place].keys() - {"verdict"}:
        return ""
    if not any(
        decided == one and other in met for (_, _, decided), met in zip(case.judged, case.matching, strict=True)
    ):
        return ""
    every = [met for met in case.matching if one in met]
    if all(other in met for met in every):
        return "general"
    return "correlated" if any(one not in met for met in case.matching if other in met) else ""


def check_partners(found: dict[int, list[int]], expected: dict[int, set[int]], *, all_told: bool) -> None:
    assert found.keys() == expected.keys()
    for rule, partners in found.items():
        assert set(partners) <= expected[rule]
        if all_told:
            assert len(partners) == min(len(expected[rule]), LISTED)


@pytest.mark.parametrize("seed", range(16))
def test_findings_are_what_all_packets_say(seed: int) -> None:
    case = Case(document(Random(seed)))
    assert case.reaching.open == []
    check_never(case)
    check_redundant(case)
    check_pairs(case)


def chain(*rules: Json, policy: str = "drop") -> Any:
    return {"forward": {"hook": "forward", "policy": policy, "rules": list(rules)}, "below": {"rules": []}}


@pytest.mark.parametrize(
    "rules",
    [
        ({"iif": "lan", "verdict": "drop"}, {"iif": "!wan", "verdict": "accept"}),
        ({"iif": "tun*", "verdict": "drop"}, {"iif": "!lan", "verdict": "accept"}, {"iif": "wan", "verdict": "drop"}),
        ({"ct_state": ["new", "established"], "verdict": "drop"}, {"ct_state": "!invalid", "verdict": "accept"}),
        ({"proto": "tcp", "dport": "!3", "verdict": "drop"}, {"proto": "tcp", "dport": [3, 4], "verdict": "accept"}),
        ({"proto": "tcp", "dport": "0-65535", "verdict": "drop"}, {"proto": "tcp", "verdict": "accept"}),
        ({"src": "!10.0.0.0/31", "verdict": "drop"}, {"src": "10.0.0.1-10.0.0.2", "verdict": "accept"}),
    ],
)
def test_what_is_left_by_negation_sets_states_and_wildcards_is_not_shadowed(rules: tuple[Json, ...]) -> None:
    case = Case(chain(*rules))
    check_never(case)
    check_redundant(case)
    check_pairs(case)
