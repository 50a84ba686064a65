"""The search in the space of packets against the engine: whoever reaches a verdict is in a region that does."""

from __future__ import annotations

from ipaddress import IPv4Address
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwsim.engine.match import walk
from fwsim.lower import Lowered, lower
from fwsim.ruleset import Ruleset
from fwsim.space import Goal, Leaf, Model, Search, way_through
from fwsim.space.fields import ADDRESS_FIELDS, DPORT, NAMES, domain, number_of_words
from fwsim.space.intervals import holds, of_intervals
from fwsim.space.walking import Trip, Walk
from fwsim.space.ways import Base
from fwsim.tables import DECISION, Rows, Words, empty
from fwsim.terms import ABSENT, Hook, Verdict
from fwsim.uncompiled import wrapped
from tests.oracle import row_of
from tests.rule_strategies import INTERFACES, branching_ruleset, packets, rulesets

FORWARD = int(Hook.FORWARD)
LOWEST, HIGHEST = -(1 << 31), (1 << 31) - 1
STEPS = 3_000


def engine_decision(lowered: Lowered, table: npt.NDArray[np.void]) -> Any:
    """What the engine decides about a packet at the forward hook."""
    rows, decisions = Rows(table.copy()), Rows(empty(DECISION, 1))
    decision: Any = decisions[0]
    decision["chain"] = decision["rule"] = ABSENT
    program, memory, words = wrapped(lowered.program), wrapped(lowered.memory()), Words(rows)
    walk(program, memory, FORWARD, LOWEST, HIGHEST, rows[0], words, decision, 0)  # type: ignore[arg-type]
    return decision


def engine_verdict(lowered: Lowered, table: npt.NDArray[np.void]) -> int:
    """What the engine says of a packet at the forward hook."""
    return int(engine_decision(lowered, table)["verdict"])


def is_in(leaf: Leaf, row: Any) -> bool:
    """Whether a packet is in a region."""
    return all(values is None or holds(values, value_of(row, field)) for field, values in leaf.packets.items())


def value_of(row: Any, field: int) -> int:
    """A field of a row, addresses as one number."""
    name = NAMES[field]
    if field not in ADDRESS_FIELDS or row[name] < 0:
        return int(row[name])
    return number_of_words(*(int(row[f"{name[:-1]}{word}"]) for word in range(4)))


def leaves_of(model: Model, verdict: int) -> list[Leaf] | None:
    """The regions of all packets at the forward hook that get a verdict; None if they are too many."""
    way = [stop for stop in way_through(model, FORWARD) if isinstance(stop, Base) and stop.hook == FORWARD]
    search = Search(model, way, Goal(frozenset((verdict,))), STEPS)
    every = {field: of_intervals([*domain(field), (ABSENT, ABSENT)]) for field in model.fields}
    leaves = list(search.leaves(every))
    return leaves if search.complete else None


def walked(model: Model, row: Any) -> Trip | None:
    """What the walk through the space says of a packet at the forward hook."""
    way = [stop for stop in way_through(model, FORWARD) if isinstance(stop, Base) and stop.hook == FORWARD]
    return Walk(model, way).trip({field: value_of(row, field) for field in model.fields})


def check_walk(lowered: Lowered, model: Model, table: npt.NDArray[np.void]) -> None:
    """A walk that comes to an end ends where the engine does."""
    told = engine_decision(lowered, table)
    trip = walked(model, table[0])
    if trip is None:
        return
    assert trip.verdict == told["verdict"]
    sources = model.program.rules["source"]
    assert (int(sources[trip.rule]) if trip.rule >= 0 else ABSENT) == max(int(told["rule"]), ABSENT)


def check(ruleset: Ruleset, drawn: list[Any]) -> None:
    lowered = lower(ruleset, interfaces=INTERFACES)
    model = Model(lowered)
    tables = [row_of(packet) for packet in drawn]
    said = [engine_verdict(lowered, table) for table in tables]
    for table in tables:
        check_walk(lowered, model, table)
    for verdict in (Verdict.ACCEPT, Verdict.DROP, Verdict.REJECT):
        leaves = leaves_of(model, int(verdict))
        if leaves is None:
            continue
        for table, told in zip(tables, said, strict=True):
            found = [leaf for leaf in leaves if is_in(leaf, table[0])]
            certain = [leaf for leaf in found if not leaf.doubts]
            assert len(certain) <= 1
            if told == verdict:
                assert found
            elif told != Verdict.UNKNOWN:
                assert not certain


@given(rulesets(), st.lists(packets(), min_size=8, max_size=8))
def test_whoever_gets_a_verdict_is_in_a_region_that_gets_it(ruleset: Ruleset, drawn: list[Any]) -> None:
    check(ruleset, drawn)


@given(st.integers(0, 1 << 32), st.lists(packets(), min_size=8, max_size=8))
def test_jumps_marks_and_limits_lead_the_same_way(seed: int, drawn: list[Any]) -> None:
    check(branching_ruleset(Random(seed)), drawn)


def long_chain(dice: Random, count: int) -> Ruleset:
    """Many rules on few fields, so that rules cover each other, several together too."""
    rules: list[dict[str, Any]] = []
    for _ in range(count):
        low, high = sorted((dice.randrange(12), dice.randrange(12)))
        rule: dict[str, Any] = {"proto": "tcp", "verdict": dice.choice(("accept", "drop"))}
        if dice.random() < 0.8:
            rule["dport"] = f"{'!' if dice.random() < 0.2 else ''}{low}-{high}"
        low, high = sorted((dice.randrange(12), dice.randrange(12)))
        if dice.random() < 0.8:
            rule["src"] = f"10.0.0.{low}-10.0.0.{high}"
        rules.append(rule)
    return Ruleset.model_validate({"chains": {"forward": {"hook": "forward", "policy": "drop", "rules": rules}}})


@pytest.mark.parametrize("seed", range(12))
def test_a_rule_is_reached_by_no_packet_exactly_if_none_of_all_reaches_it(seed: int) -> None:
    """Brute force over all packets of a small space."""
    ruleset = long_chain(Random(seed), 14)
    lowered = lower(ruleset, interfaces=())
    model = Model(lowered)
    reached = set()
    for port in range(13):
        for host in range(13):
            packet = {"family": 4, "proto": 6, "dport": port, "sport": 1, "ttl": 64, "fragment": 0, "mark": 0}
            table = row_of({**packet, "src": IPv4Address(f"10.0.0.{host}"), "dst": IPv4Address("10.9.9.9")})
            reached.add(int(engine_decision(lowered, table)["rule"]))
    for number in range(14):
        search = Search(model, way_through(model, FORWARD), Goal(rules=frozenset((number,))))
        found = next(search.leaves({DPORT: ((0, 65_535),)}), None)
        assert search.complete
        assert (found is not None) == (number in reached)
