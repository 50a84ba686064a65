"""From base chain to base chain: families, priorities, and where the walk stops for a translation."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.engine.base_chains import MAY_ACCEPT, begin_walk, next_base, pass_by
from fwsim.terms import ABSENT, CtStatus, Hook, Verdict

LOWEST, HIGHEST = -(1 << 31), 1 << 31
DNAT_DONE = int(CtStatus.DNAT_DONE)
HEAD = {"chain": ABSENT, "priority": 0, "next": 5, "family": 0, "nat": 0}


def bases(*rows: tuple[int, int, int, int]) -> list[dict[str, int]]:
    """Chain, priority, family and nat of what stands at prerouting, in its order."""
    made = [dict(HEAD) for _ in Hook]
    for place, (chain, priority, family, nat) in enumerate(rows):
        following = len(Hook) + place + 1 if place + 1 < len(rows) else ABSENT
        made.append({"chain": chain, "priority": priority, "next": following, "family": family, "nat": nat})
    return made


def walked(state: dict[str, int], rows: list[dict[str, int]], **seen: int) -> list[int]:
    """The chains that a packet meets."""
    packet: dict[str, Any] = {"family": 4, "ct_status": 0} | seen
    found, at = [], int(Hook.PREROUTING)
    while (at := next_base(rows, state, at, LOWEST, HIGHEST, packet)) >= 0:
        found.append(rows[at]["chain"])
    return found


@pytest.fixture
def state() -> dict[str, int]:
    """A walk that begins."""
    made = {"halt": ABSENT, "chosen": ABSENT, "bound": 0}
    begin_walk(made, Hook.PREROUTING)
    return made


@pytest.mark.parametrize(("family", "chains"), [(4, [0, 1]), (6, [1, 2])])
def test_a_packet_meets_the_chains_of_its_family(state: dict[str, int], family: int, chains: list[int]) -> None:
    assert walked(state, bases((0, -5, 4, 0), (1, 0, 0, 0), (2, 5, 6, 0)), family=family) == chains


def test_the_walk_stops_where_addresses_are_translated(state: dict[str, int]) -> None:
    rows = bases((0, -300, 0, 0), (1, -100, 4, DNAT_DONE), (ABSENT, -100, 4, DNAT_DONE), (2, 0, 0, 0))
    assert walked(state, rows) == [0, 1]
    assert rows[state["halt"]]["chain"] == ABSENT


@pytest.mark.parametrize(("chosen", "bound"), [(3, 0), (ABSENT, DNAT_DONE)])
def test_chains_that_translate_are_asked_until_one_has_said_how(state: dict[str, int], chosen: int, bound: int) -> None:
    state["chosen"], state["bound"] = chosen, bound
    rows = bases((1, -100, 4, DNAT_DONE), (ABSENT, -100, 4, DNAT_DONE), (2, 0, 0, 0))
    assert walked(state, rows) == []
    assert state["halt"] == len(Hook) + 1


def test_without_a_connection_nothing_is_translated(state: dict[str, int]) -> None:
    rows = bases((1, -100, 4, DNAT_DONE), (ABSENT, -100, 4, DNAT_DONE), (2, 0, 0, 0))
    assert walked(state, rows, ct_status=ABSENT) == [2]
    assert state["halt"] == ABSENT


def test_a_packet_that_is_gone_meets_nothing(state: dict[str, int]) -> None:
    state["possible"] = 1 << Verdict.DROP
    assert walked(state, bases((0, 0, 0, 0))) == []


def test_a_chain_that_is_not_asked_has_not_refused_the_packet(state: dict[str, int]) -> None:
    state["possible"] = 1 << Verdict.DROP
    pass_by(state)
    assert state["possible"] == MAY_ACCEPT | 1 << Verdict.DROP
    assert state["cause"] != 0
