"""Which chains stand at which hook, and in what order."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fwsim.lower.bases import BaseRow, bases_of
from fwsim.netfilter import Chain, Table
from fwsim.terms import ABSENT, CtStatus, Hook


def chain(*hooks: str, priority: int = 0, kind: str = "filter") -> Chain:
    return Chain("", "", tuple(Hook[hook.upper()] for hook in hooks), priority, kind=kind)


def running(chains: dict[str, Chain], family: str = "inet") -> list[tuple[Table, Chain]]:
    """The chains as one table, registered in their order."""
    table = Table(family, "", chains)
    return [(table, replace(chain, registered=number)) for number, chain in enumerate(chains.values())]


def order(chains: dict[str, Chain], hook: Hook) -> list[tuple[str, int]]:
    """The chains at a hook as the engine finds them: from link to link."""
    rows, names = bases_of(running(chains)), list(chains)
    found = []
    place = rows[hook][2]
    while place != ABSENT:
        number, priority, place, _, _ = rows[place]
        found.append((names[number], priority))
    return found


def test_a_hook_without_chains_leads_nowhere() -> None:
    assert bases_of([]) == [(ABSENT, 0, ABSENT, 0, 0)] * len(Hook)


@pytest.mark.parametrize(("family", "sees"), [("ip", 4), ("ip6", 6), ("inet", 0)])
def test_a_chain_sees_the_family_of_its_table(family: str, sees: int) -> None:
    assert [row[3:] for row in bases_of(running({"plain": chain("input")}, family))[len(Hook) :]] == [(sees, 0)]


@pytest.mark.parametrize(("family", "sees"), [("ip", [4]), ("ip6", [6]), ("inet", [4, 6])])
def test_translation_has_a_place_at_every_hook_where_it_happens(family: str, sees: list[int]) -> None:
    rows = bases_of(running({"plain": chain("input"), "nat": chain("input", priority=100, kind="nat")}, family))
    assert places_at(rows, Hook.FORWARD) == []
    for hook, priority in ((Hook.PREROUTING, -100), (Hook.OUTPUT, -100), (Hook.POSTROUTING, 100)):
        assert places_at(rows, hook) == [(ABSENT, priority, one) for one in sees]
    at_input = places_at(rows, Hook.INPUT)
    assert at_input[0][0] == 0
    assert at_input[1:] == [each for one in sees for each in ((1, 100, one), (ABSENT, 100, one))]


@pytest.mark.parametrize(("hook", "done"), [("prerouting", CtStatus.DNAT_DONE), ("input", CtStatus.SNAT_DONE)])
def test_a_chain_that_translates_is_asked_until_its_side_is_bound(hook: str, done: CtStatus) -> None:
    rows = bases_of(running({"nat": chain(hook, kind="nat")}, "ip"))
    assert [row[4] for row in rows if row[0] == 0 and row[4]] == [done]


def places_at(rows: list[BaseRow], hook: Hook) -> list[tuple[int, int, int]]:
    """The chain, priority and family of what stands at a hook, in its order."""
    found, row = [], rows[hook][2]
    while row >= 0:
        number, priority, following, family, _ = rows[row]
        found.append((number, priority, family))
        row = following
    return found


@pytest.mark.parametrize("hook", Hook)
def test_chains_are_walked_by_priority(hook: Hook) -> None:
    name = hook.name.lower()
    chains = {"late": chain(name, priority=10), "early": chain(name, priority=-300), "middle": chain(name)}
    assert order(chains, hook) == [("early", -300), ("middle", 0), ("late", 10)]


def test_of_equal_priority_the_later_added_runs_first() -> None:
    """As Linux 6.18 does."""
    chains = {"first": chain("input"), "second": chain("input"), "third": chain("input")}
    assert [name for name, _ in order(chains, Hook.INPUT)] == ["third", "second", "first"]


def test_a_chain_at_several_hooks_is_walked_at_each() -> None:
    chains = {"all": chain("input", "forward", "output"), "only": chain("forward", priority=1)}
    assert order(chains, Hook.INPUT) == order(chains, Hook.OUTPUT) == [("all", 0)]
    assert order(chains, Hook.FORWARD) == [("all", 0), ("only", 1)]
    assert order(chains, Hook.PREROUTING) == []


def test_a_chain_without_a_hook_is_at_none() -> None:
    assert len(bases_of(running({"target": chain()}))) == len(Hook)
