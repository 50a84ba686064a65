"""Texts fill columns as a terminal counts them."""

from __future__ import annotations

import pytest

from fwsim.report.widths import left, right, width


@pytest.mark.parametrize(("text", "columns"), [("abc", 3), ("管理", 4), ("e\u0301", 1), ("", 0)])
def test_width_counts_terminal_columns(text: str, columns: int) -> None:
    assert width(text) == columns


def test_filling_up_aligns_wide_letters() -> None:
    assert left("管", 4) == "管  "
    assert right("管", 4) == "  管"
    assert right("longer", 2) == "longer"
