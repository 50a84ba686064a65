"""The rows of what counts."""

from __future__ import annotations

import numpy as np
import pytest

from fwsim.engine import counted_rows
from fwsim.engine.counted_rows import COUNTED, ENTRY
from fwsim.engine.rule_rows import BUCKET

ROWS = {name: row for name, row in vars(counted_rows).items() if isinstance(row, np.dtype)}


@pytest.mark.parametrize("name", ROWS)
def test_every_field_is_a_number_of_64_bits_and_is_told_of(name: str) -> None:
    row = ROWS[name]
    assert {row[field] for field in row.names or ()} == {np.dtype(np.int64)}


def test_an_entry_can_stand_for_a_bucket_and_for_what_a_quota_counts() -> None:
    names = set(ENTRY.names or ())
    assert set(BUCKET.names or ()) <= names
    assert set(COUNTED.names or ()) - {"seed", "drawn"} <= names
