"""Tables as the engine wants them: what uncompiled code writes ends up in the arrays."""

from __future__ import annotations

import numpy as np

from fwsim.capture.rows import FreshRows, flush
from fwsim.tables import TUPLE, Rows, empty


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
