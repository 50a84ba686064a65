"""Columns of addresses: each as `address_text` writes it, each different one once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("pyarrow", reason="pyarrow is not installed (fwsim[parquet])")

from fwsim.arrow.addresses import addresses
from fwsim.naming import address_text
from fwsim.tables import V6

Row = tuple[int, int, int, int]

WORDS = st.sampled_from([0, 1, 0xFFFF, 0x80000000, 0xFFFFFFFF])
FOUR = st.tuples(WORDS, st.just(0), st.just(0), st.just(0))
SIX = st.tuples(WORDS.map(lambda word: word + V6), WORDS, WORDS, WORDS)


def texts(rows: list[Row], there: list[bool]) -> tuple[list[str | None], list[str]]:
    """The addresses, and the dictionary."""
    columns = [np.array([row[i] for row in rows], np.int64) for i in range(4)]
    found = addresses(columns, np.array(there, np.bool_))
    return found.to_pylist(), found.dictionary.to_pylist()


@given(st.lists(st.tuples(st.one_of(FOUR, SIX), st.booleans()), min_size=1, max_size=30))
def test_addresses_of_both_families_in_one_column(given_rows: list[tuple[Row, bool]]) -> None:
    rows, there = [row for row, _ in given_rows], [there for _, there in given_rows]
    found, dictionary = texts(rows, there)
    assert found == [address_text(row) if is_there else None for row, is_there in given_rows]
    assert len(set(dictionary)) == len(dictionary)


def test_a_column_without_any_address() -> None:
    assert texts([(-1, 0, 0, 0), (0, 0, 0, 0)], [False, False]) == ([None, None], [])
