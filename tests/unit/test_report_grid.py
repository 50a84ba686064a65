"""Columns line up by what is seen, not by the number of characters."""

from __future__ import annotations

from fwsim.report.grid import grid


def test_columns_are_as_wide_as_their_widest_cell_and_lines_end_in_no_space() -> None:
    assert grid([["rule", "hits", ""], ["public web", "7"], ["管", "1,234", "x"]], "<><") == [
        "rule         hits",
        "public web      7",
        "管          1,234  x",
    ]
