"""Columns of text that line up.

Read first: `fwsim.report.widths`, which knows how wide a text is.
"""

from __future__ import annotations

from collections.abc import Sequence

from fwsim.report.widths import left, right, width


def grid(rows: Sequence[Sequence[str]], alignment: str, gap: int = 2) -> list[str]:
    """Rows of cells as lines: each column as wide as its widest cell, aligned as `alignment` says (`<` or `>`).

    Rows may be shorter than the alignment. Spaces at the end of a line are cut off.
    """
    widths = [0] * len(alignment)
    for row in rows:
        for place, cell in enumerate(row):
            widths[place] = max(widths[place], width(cell))
    return [
        (" " * gap)
        .join(
            left(cell, widths[place]) if alignment[place] == "<" else right(cell, widths[place])
            for place, cell in enumerate(row)
        )
        .rstrip()
        for row in rows
    ]
