"""Connections by their sources, saved and put back into a table with another key."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fwsim.checkpoint.by_source import restore_sources, save_sources
from fwsim.checkpoint.saved import DamagedError
from fwsim.engine.expiry import delete
from fwsim.engine.sources import first_of_source, next_of_source
from fwsim.engine.tuples import Tracker
from fwsim.tables import SOURCE, empty
from fwsim.tracker import LEAST_KEY
from fwsim.uncompiled import flush, wrapped
from tests.binding import Binder, flow, rule
from tests.keeping import through_a_file


@pytest.fixture
def table() -> Binder:
    """Connections from three sources, one of them with another's number, and rows that are used again."""
    made = Binder()
    for last in range(30):
        made.open(flow(sport=5000 + last % 3, dport=last), rule())
        made.tracker.sources[made.row]["out"] = last % 4
    for row in (5, 11):
        delete(made.tracker, row)
    made.open(flow(sport=5000, dport=99), rule())
    one, other = (made.tracker.connections[row] for row in (20, 29))
    one["number"], other["number"] = other["number"], one["number"]
    flush(made.tracker)
    return made


def blank(tracker: Tracker) -> Tracker:
    """The same connections, which hang in no chain, under another key."""
    counters = tracker.counters.copy()
    counters["hash_key"] = LEAST_KEY + 12345
    sources, buckets = empty(SOURCE, len(tracker.sources)), np.zeros_like(tracker.source_buckets)
    return tracker._replace(counters=counters, sources=sources, source_buckets=buckets)


def chains(arrays: Tracker) -> list[list[int]]:
    """The rows from each of the three sources, as they are met."""
    tracker, found = wrapped(arrays), []
    asked = Binder()
    for client in range(3):
        asked.track(flow(sport=5000 + client, dport=1), 0)
        wanted = asked.tracker.tuples[0]
        rows = [first_of_source(tracker, wanted)]
        while rows[-1]:
            rows.append(next_of_source(tracker, rows[-1], wanted))
        found.append(rows)
    return found


def test_chains_are_the_same_under_another_key(tmp_path: Path, table: Binder) -> None:
    arrays = table.arrays
    other = blank(arrays)
    with through_a_file(tmp_path, save_sources(arrays)) as saved:
        restore_sources(other, saved)
    assert chains(other) == chains(arrays)
    assert [len(chain) for chain in chains(arrays)] == [10, 11, 11]
    used = int(arrays.counters[0]["used"])
    assert other.sources["out"][:used].tolist() == arrays.sources["out"][:used].tolist()
    assert not np.array_equal(other.source_buckets, arrays.source_buckets)


def test_what_was_put_back_can_go_on(tmp_path: Path, table: Binder) -> None:
    """Rows that hang in the middle and at the ends leave their chains when they are used again."""
    arrays = table.arrays
    other = blank(arrays)
    with through_a_file(tmp_path, save_sources(arrays)) as saved:
        restore_sources(other, saved)
    before = chains(other)
    later = Binder()
    later.arrays, later.tracker = other, wrapped(other)
    freed = (before[0][0], before[0][3], before[0][-2])
    for row in freed:
        delete(later.tracker, row)
    for dport in (201, 202, 203):
        later.open(flow(sport=5000, dport=dport), rule())
    flush(later.tracker)
    assert chains(other) == [list(freed) + [row for row in before[0] if row not in freed], *before[1:]]


def test_nothing_is_saved_where_nothing_is_translated(tmp_path: Path) -> None:
    arrays = Binder(translating=0).arrays
    with through_a_file(tmp_path, save_sources(arrays)) as saved:
        restore_sources(arrays, saved)
    assert [len(column) for column in save_sources(arrays).values()] == [0, 0]


@pytest.mark.parametrize(
    ("name", "place", "value"),
    [("order", 0, 1), ("order", 0, 1 << 20), ("order", 0, 11), ("order", 0, None), ("out", 3, -1), ("out", 3, 1 << 31)],
)
def test_damage_is_noticed(tmp_path: Path, table: Binder, name: str, place: int, value: int | None) -> None:
    """A row that is none, one that is gone, one that is there twice; an interface that cannot be."""
    delete(table.tracker, 11)
    flush(table.tracker)
    tree = save_sources(table.arrays)
    tree[name][place] = tree[name][place + 1] if value is None else value
    with through_a_file(tmp_path, tree) as saved, pytest.raises(DamagedError, match=name):
        restore_sources(blank(table.arrays), saved)


@pytest.mark.parametrize("translating", [0, 3])
def test_a_table_that_translates_is_no_other(tmp_path: Path, table: Binder, translating: int) -> None:
    tree = save_sources(table.arrays if translating == 0 else Binder(translating=0).arrays)
    with through_a_file(tmp_path, tree) as saved, pytest.raises(DamagedError):
        restore_sources(Binder(translating=translating).arrays, saved)
