"""The rows of a ruleset as the engine has it."""

from __future__ import annotations

import numpy as np
import pytest

from fwsim.engine import program, rule_rows
from fwsim.lower.bases import bases_of
from fwsim.lower.translations import row_of
from fwsim.netfilter.steps import Nat
from fwsim.terms import Hook

ROWS = {name: row for name, row in vars(rule_rows).items() if isinstance(row, np.dtype)}


@pytest.mark.parametrize("name", ROWS)
def test_every_field_is_a_number_of_64_bits(name: str) -> None:
    row = ROWS[name]
    assert {row[field] for field in row.names or ()} == {np.dtype(np.int64)}


def test_what_is_lowered_has_a_value_for_every_field() -> None:
    assert len(row_of(Nat("masquerade"))) == len(rule_rows.TRANSLATION.names or ())
    heads = bases_of([])
    assert [len(row) for row in heads] == [len(rule_rows.BASE.names or ())] * len(Hook)


def test_each_table_of_a_program_is_of_its_row_type() -> None:
    tables = set(program.Program._fields)
    assert {"rules", "chains", "bases", "translations", "limits"} <= tables
