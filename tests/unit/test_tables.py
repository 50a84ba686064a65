"""Rows, as arrays and as uncompiled code reads them."""

from __future__ import annotations

import numpy as np
import pytest

from fwsim import tables
from fwsim.tables import DECISION, PACKET, SIDE, Rows, Words, each, empty, number_of, plain, row_type, words

ROW_TYPES = [name for name, value in vars(tables).items() if name.isupper() and isinstance(value, np.dtype)]


def numbered(count: int) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    """A table of sides whose fields count up."""
    table = empty(SIDE, count)
    words(table)[:] = np.arange(count * len(SIDE.names or ())).reshape(count, -1)
    return table


CHAINED = {"next", "previous", "older", "newer", "bucket", "out"}
"""What chains a connection table is int32, so that a row is small."""


@pytest.mark.parametrize("name", ROW_TYPES)
def test_every_field_of_every_row_is_an_int64_without_gaps(name: str) -> None:
    row = getattr(tables, name)
    assert {field for field in row.names if row[field] != np.dtype(np.int64)} <= CHAINED
    assert {row[field] for field in row.names} <= {np.dtype(np.int64), np.dtype(np.int32)}
    assert row.itemsize == sum(row[field].itemsize for field in row.names)


def test_an_address_is_four_fields_in_a_row() -> None:
    """Rules read the other three words behind the first."""
    names = PACKET.names or ()
    for end in ("src", "dst"):
        first = number_of(PACKET, f"{end}0")
        assert names[first : first + 4] == tuple(f"{end}{n}" for n in range(4))


def test_a_new_table_is_all_zeros() -> None:
    assert words(empty(DECISION, 3)).tolist() == [[0] * len(DECISION.names or ())] * 3
    assert len(empty(DECISION, 0)) == 0


def test_the_matrix_is_the_same_memory() -> None:
    table = empty(row_type("a b c"), 2)
    words(table)[1, 2] = 7
    table[0]["b"] = 5
    assert words(table).tolist() == [[0, 5, 0], [0, 0, 7]]
    assert table[1]["c"] == 7


def test_a_field_has_the_number_of_its_place() -> None:
    assert number_of(row_type("a b c"), "c") == 2
    with pytest.raises(ValueError, match="not in tuple"):
        number_of(row_type("a b c"), "d")


def test_rows_are_dicts_of_python_integers() -> None:
    row = Rows(numbered(2))[1]
    assert row == {"end": 6, "maxend": 7, "maxwin": 8, "maxack": 9, "scale": 10, "flags": 11}
    assert {type(value) for value in row.values()} == {int}


def test_what_is_written_to_a_row_is_in_the_array_after_a_flush() -> None:
    table = numbered(3)
    rows = Rows(table)
    rows[2]["end"] = -2
    assert table[2]["end"] == 12
    rows.flush()
    assert table["end"].tolist() == [0, 6, -2]


def test_a_row_is_read_anew_after_a_flush() -> None:
    table = numbered(1)
    rows = Rows(table)
    before = rows[0]
    rows.flush()
    table[0]["end"] = 99
    assert rows[0]["end"] == 99
    assert before["end"] == 0


def test_a_row_may_be_copied_from_a_dict_or_an_array() -> None:
    table = numbered(3)
    rows = Rows(table)
    rows[0] = rows[2]
    rows[2]["end"] = 100
    assert rows[0]["end"] == 12
    rows.flush()
    table[1] = table[0]
    assert table["end"].tolist() == [12, 12, 100]


def test_many_rows_loaded_at_once_are_those_loaded_one_by_one() -> None:
    table = numbered(4)
    rows = Rows(table)
    rows.load(range(1, 3))
    assert set(rows.loaded) == {1, 2}
    assert [rows[n] for n in range(4)] == list(each(table))


def test_words_of_rows_read_what_is_in_the_rows() -> None:
    rows = Rows(numbered(2))
    rows[1]["maxwin"] = 77
    assert Words(rows)[1, number_of(SIDE, "maxwin")] == 77
    assert Words(rows)[0, 5] == 5


def test_a_row_is_plain_whichever_way_it_is_stored() -> None:
    table = numbered(2)
    assert plain(table[1]) == plain(Rows(table)[1]) == list(each(table))[1]


def test_a_plain_row_is_a_copy() -> None:
    rows = Rows(numbered(1))
    plain(rows[0])["end"] = 5
    assert rows[0]["end"] == 0
    assert len(rows) == 1
