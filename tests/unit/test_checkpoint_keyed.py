"""Entries by key put back: the same answers from then on; and none that would lead the engine astray."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fwsim.checkpoint.keyed import restored_keyed, save_keyed
from fwsim.checkpoint.saved import DamagedError
from fwsim.keyed_tables import copy, grow
from fwsim.netfilter import Set
from fwsim.netfilter.steps import Connections, HashLimit, Lookup, Rate, Recent, Unknown, Update
from fwsim.ruleset.values import Limit
from tests.keeping import through_a_file
from tests.keeping_by_key import ROOM, SECOND, Keeper
from tests.netfiltering import number

SETS = [
    Set("s", ("inet_service",), dynamic=True, size=30, timeout_ns=5 * SECOND),
    Set("m", ("ipv4_addr",), dynamic=True),
]
SRC = (("src", 32),)
RULES = [
    Update("add", "s", ("sport",)),
    Update("delete", "s", ("sport",)),
    Lookup(("sport",), set="s"),
    Update("add", "m", ("src",), steps=(Rate(Limit(1, SECOND, 2)),)),
    HashLimit("h", Limit(1, SECOND, 2), SRC, 10 * SECOND),
    Recent("r", "set", same_ttl=True),
    Recent("r", "rcheck", seconds=4, hitcount=2),
    Recent("r", "remove"),
    Connections(2, key=SRC),
]


def used(seed: int = 1) -> Keeper:
    """A firewall that has seen some packets: with free rows of all kinds, and doubts."""
    rules = [[number("dport", port), rule] for port, rule in enumerate(RULES)]
    maybe = [number("dport", 50), Unknown("what is not simulated"), RULES[0]]
    firewall = Keeper(*rules, maybe, sets=SETS)
    for row in range(2, 12):
        firewall.connect(row, 1000 + row, src=0x0A010000 + row % 3)
    for n in range(60):
        row = 2 + n * 7 % 10
        if n == 40:
            firewall.delete(4)
            firewall.delete(5)
        firewall.books["connection"] = row if row not in (4, 5) or n < 40 else -1
        fields: dict[str, Any] = {"src": f"10.1.0.{row % 3}", "sport": 1000 + row, "ttl": 60 + n % 2}
        for port in (n * seed % len(RULES), 8, 50 if n % 20 == 0 else 5):
            firewall.accepts(n / 10, dport=port, **fields)
    return firewall


def put_back(folder: Path, firewall: Keeper, key: int = 77) -> Any:
    fresh = firewall.lowered.memory(key=key, tracker=firewall.tracker).keyed
    with through_a_file(folder, save_keyed(firewall.memory.keyed)) as saved:
        return restored_keyed(fresh, firewall.lowered.program.keyed, saved)


@pytest.mark.parametrize("seed", [1, 2, 5])
def test_what_follows_is_answered_alike(tmp_path: Path, seed: int) -> None:
    firewall = used(seed)
    before = firewall.memory.keyed
    restored = grow(put_back(tmp_path, firewall), firewall.lowered.program.keyed, ROOM)
    assert restored.books[0]["hash_key"] != before.books[0]["hash_key"]
    after = [copy(before), restored]
    answers = []
    for keyed in after:
        firewall.memory = firewall.memory._replace(keyed=keyed)
        firewall.books["connection"] = 3
        told = []
        for n in range(60, 120):
            fields: dict[str, Any] = {"src": f"10.1.0.{n % 4}", "sport": 1002 + n % 11, "ttl": 60 + n % 2}
            told.append(firewall.accepts(n / 10, dport=n % len(RULES), **fields))
        answers.append(told)
    assert answers[0] == answers[1]
    assert {True, False} <= set(answers[0])


def test_nothing_comes_back_as_nothing(tmp_path: Path) -> None:
    firewall = Keeper()
    restored = put_back(tmp_path, firewall)
    assert len(restored.states) == 0
    assert restored.books[0]["used"] == 0


TABLES = ("entries", "tuples", "states", "books", "order")


VALUES = (-2, -1, 0, 1, 2, 7, 1 << 30)
DAMAGE = st.tuples(st.sampled_from(TABLES), st.integers(0, 999), st.integers(0, 99), st.sampled_from(VALUES))


@given(DAMAGE)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_damaged_table_is_refused_or_does_no_harm(tmp_path: Path, damage: tuple[str, int, int, int]) -> None:
    table, row, field, value = damage
    firewall = used()
    tree = {name: np.array(part) for name, part in save_keyed(firewall.memory.keyed).items()}
    damaged = tree[table]
    if damaged.dtype.names:
        names = damaged.dtype.names
        damaged[row % len(damaged)][names[field % len(names)]] = value
    else:
        damaged[row % len(damaged)] = value
    fresh = firewall.lowered.memory(key=3, tracker=firewall.tracker).keyed
    try:
        with through_a_file(tmp_path, tree) as saved:
            restored = restored_keyed(fresh, firewall.lowered.program.keyed, saved)
    except DamagedError:
        return
    restored = grow(restored, firewall.lowered.program.keyed, ROOM)
    firewall.memory = firewall.memory._replace(keyed=restored)
    for n in range(30):
        firewall.accepts(7 + n, dport=n % len(RULES), sport=1000 + n)
    for state in restored.states:
        assert state["count"] >= 0


@pytest.mark.parametrize(
    ("table", "row", "field", "value"),
    [
        ("entries", 0, "keyed", 99), ("entries", 0, "next", 1 << 20), ("entries", 0, "rate", 5),
        ("entries", 0, "slot", 99), ("entries", 0, "first_tuple", 1 << 20), ("tuples", 0, "next", 1 << 20),
        ("books", 0, "used", 1), ("books", 0, "free", 1 << 20), ("books", 0, "tuples_used", 1 << 40),
        ("states", 0, "count", 1), ("states", 0, "vague", 99), ("states", 3, "oldest", 1 << 20),
        ("states", 3, "slots", 101), ("states", 3, "free_slot", 102),
    ],
)  # fmt: skip
def test_a_row_that_is_none_is_refused(tmp_path: Path, table: str, row: int, field: str, value: int) -> None:
    firewall = used()
    tree = {name: np.array(part) for name, part in save_keyed(firewall.memory.keyed).items()}
    rows = tree[table]
    if table == "entries":  # one of a list of addresses
        recent = np.flatnonzero(rows["slot"] > 0)
        row = int(recent[0])
    rows[row][field] = value
    fresh = firewall.lowered.memory(key=3).keyed
    with pytest.raises(DamagedError), through_a_file(tmp_path, tree) as saved:
        restored_keyed(fresh, firewall.lowered.program.keyed, saved)
