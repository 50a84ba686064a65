"""Tables for uncompiled code: wrapped as rows and views, and what it writes ends up in the arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fwsim.engine import is_compiled
from fwsim.engine.path import Course
from fwsim.lower import lower
from fwsim.running import course_of
from fwsim.tables import TUPLE, Rows, Words, empty, words
from fwsim.uncompiled import FreshRows, Tables, flush, loaded, wrapped
from tests.deciding import ruleset_of

LIMITED = [{"limit": {"rate": "1/hour", "burst": 2}, "counter": True, "verdict": "accept"}]


class Pair(NamedTuple):
    one: npt.NDArray[np.void]
    other: npt.NDArray[np.void]


def course() -> Course:
    return course_of(lower(ruleset_of(LIMITED), interfaces=["lan", "wan"]))


def test_tables_are_wrapped_as_rows_and_plain_arrays_as_views() -> None:
    whole = wrapped(course())
    assert isinstance(whole.seen, Rows)
    assert isinstance(whole.words, Words)
    assert isinstance(whole.program.rules, Rows)
    assert isinstance(whole.memory.hits, memoryview)
    assert wrapped(7) == 7


def test_the_wrapped_matrix_reads_what_is_in_the_wrapped_row() -> None:
    whole = wrapped(course())
    whole.seen[0]["mark"] = 77
    number = whole.seen.names.index("mark")
    assert whole.words[0, number] == 77


def test_what_was_changed_in_wrapped_tables_is_in_the_arrays_after_a_flush() -> None:
    plain = course()
    whole = wrapped(plain)
    whole.seen[0]["mark"] = 5
    whole.memory.buckets[0]["tokens"] = 9
    whole.memory.hits[1] = 3
    flush(whole)
    assert (plain.seen[0]["mark"], plain.memory.buckets[0]["tokens"], plain.memory.hits[1]) == (5, 9, 3)
    assert words(plain.seen)[0].max() == 5


def test_fresh_rows_begin_as_zeros_and_are_written_back() -> None:
    table = empty(TUPLE, 3)
    table["proto"] = 99
    rows = FreshRows(table)
    assert rows[1]["proto"] == 0
    rows[1]["src_id"] = 7
    flush(rows)
    assert table["proto"].tolist() == [99, 0, 99]
    assert table["src_id"].tolist() == [0, 7, 0]


def test_other_tables_are_left_alone_by_flush() -> None:
    table = empty(TUPLE, 1)
    rows = Rows(table)
    rows[0]["proto"] = 6
    flush(rows, np.zeros(3), table)
    assert int(table["proto"][0]) == 6


def test_tables_in_use_are_wrapped_once_and_settled_when_their_arrays_are_asked_for() -> None:
    tables = Tables(Pair(empty(TUPLE, 2), empty(TUPLE, 1)))
    first = tables.usable()
    assert tables.usable() is first
    first.other[0]["proto"] = 17
    assert tables.arrays.other[0]["proto"] == 17
    assert isinstance(first.one, Rows) is not is_compiled()


def test_rows_loaded_beforehand_are_those_asked_for() -> None:
    table = empty(TUPLE, 4)
    rows = loaded(table, 1, 3)
    rows[2]["proto"] = 6
    flush(rows)
    assert table["proto"].tolist() == [0, 0, 6, 0]
