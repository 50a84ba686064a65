"""Words for whole columns of numbers."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pyarrow", reason="pyarrow is not installed (fwsim[parquet])")

from fwsim.arrow.vocabulary import Vocabulary, lookup, nullable


def test_each_number_gets_its_word_and_any_other_none() -> None:
    found = Vocabulary({-2: "policy", 0: "a", 1: None, 3: "b"}).array(np.array([3, 0, -2, -1, 1, 2, 4, -3, 99, -99]))
    assert found.to_pylist() == ["b", "a", "policy"] + [None] * 7


def test_equal_words_are_one_entry_of_the_dictionary() -> None:
    found = Vocabulary({0: "x", 1: "y", 2: "x"}).array(np.array([0, 1, 2]))
    assert found.dictionary.to_pylist() == ["x", "y"]
    assert found.to_pylist() == ["x", "y", "x"]


def test_without_words_nothing_has_one() -> None:
    assert Vocabulary({}).array(np.array([0, 1, -1])).to_pylist() == [None] * 3


def test_numbers_by_number() -> None:
    assert lookup({-2: 7, 1: None, 2: 9}, np.array([-2, 2, 1, 0, 5, -9])).tolist() == [7, 9, -1, -1, -1, -1]


def test_a_column_is_null_only_where_it_is_absent() -> None:
    values = np.array([1, 2, 3], np.uint8)
    assert nullable(values, np.array([False, True, False])).to_pylist() == [1, None, 3]
    whole = nullable(values, np.zeros(3, np.bool_))
    assert (whole.to_pylist(), whole.null_count) == ([1, 2, 3], 0)
