"""The figures of what state costs and buys: columns that add up, and packets by the evidence against them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwsim.report.comparison import changes
from fwsim.report.resources import (
    COLUMNS,
    Bought,
    Memory,
    bought,
    buckets_of_a_column,
    columns,
    evaluated,
    group_of,
    memory,
    peak_reached,
)
from fwsim.report.tally import EVIDENCE_ROWS, FURTHER_ROW
from fwsim.resources.timeline import Point
from fwsim.terms import EVIDENCE_GROUPS, Evidence
from fwsim.tracker import bytes_of_a_connection
from tests.batches import FakeBatch
from tests.report_resources import BEGIN, POINTS, SECOND, measured
from tests.report_summaries import mixed, tallied

__all__ = ["mixed"]


@given(st.lists(st.tuples(*[st.integers(0, 9)] * 3), min_size=1, max_size=300))
def test_columns_add_up_to_the_last_point(steps: list[tuple[int, int, int]]) -> None:
    points, opened, expired, evicted = [], 0, 0, 0
    for at, (more, dead, gone) in enumerate(steps):
        opened, expired, evicted = opened + 20 + more, expired + dead, evicted + gone
        points.append(Point(at, opened - expired - evicted - 5, opened, expired, evicted, at))
    found = columns(points)
    assert len(found) == -(-len(points) // buckets_of_a_column(len(points))) <= COLUMNS
    assert max(column.live for column in found) == max(point.live for point in points)
    for name in ("opened", "expired", "evicted", "closed", "refused"):
        assert sum(getattr(column, name) for column in found) == getattr(points[-1], name)
    assert sum(column.ended for column in found) == points[-1].ended


def test_a_column_is_what_happened_in_it() -> None:
    found = columns(POINTS)
    assert [column.live for column in found] == [4, 10, 0, 1]
    assert [column.opened for column in found] == [5, 15, 0, 1]
    assert [(column.expired, column.closed, column.evicted) for column in found] == [
        (1, 0, 0), (5, 1, 3), (7, 3, 0), (0, 0, 0),
    ]  # fmt: skip


def test_the_peak_was_reached_where_it_is_first_known() -> None:
    assert peak_reached(measured()) == BEGIN + 2 * SECOND


def test_memory_is_that_of_the_rows() -> None:
    each = bytes_of_a_connection()
    assert memory(measured()) == Memory(each, 12 * each, 12 * each)
    assert memory(measured(limit=0)).full is None


def test_what_state_buys_is_what_it_changes(mixed: FakeBatch) -> None:
    tally = tallied(mixed)
    found = bought(tally)
    assert found == Bought({"out of state": 2}, {"ordinary traffic": 1})
    changed = changes(tally)
    assert (sum(found.blocked.values()), sum(found.admitted.values())) == (changed.blocked, changed.admitted)
    assert evaluated(tally) == 5


@pytest.mark.parametrize("group", EVIDENCE_GROUPS)
def test_every_word_belongs_to_its_group(group: str) -> None:
    rows = [bit.bit_length() for bit in Evidence if bit & EVIDENCE_GROUPS[group]]
    assert rows
    assert {group_of(row) for row in rows} == {group}


def test_every_row_has_a_group() -> None:
    named = {bit.bit_length() for bit in Evidence if bit}
    assert (group_of(0), group_of(FURTHER_ROW)) == ("ordinary traffic", "further fragments")
    assert named | {0, FURTHER_ROW} == set(range(EVIDENCE_ROWS))
