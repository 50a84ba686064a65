"""What a table of the literature is: rows of what was found, each beside what is published.

Read first: `Table`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fwsim.report.grid import grid

WIDTH = 118
"""Of notes, in letters."""


@dataclass(frozen=True)
class Row:
    """What came out, by the columns of its table; what is published of it, and whether that is the same.

    `why` tells what lies behind a difference, or what a reader should know of the row.
    """

    cells: tuple[str, ...]
    published: str = ""
    agrees: bool = True
    why: str = ""


@dataclass(frozen=True)
class Table:
    """A table: its name on the command line, a title, where the published figures stand, its columns, rows, notes."""

    name: str
    title: str
    source: str
    head: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether every row is as published."""
        return all(row.agrees for row in self.rows)


def number(count: int) -> str:
    """A count as it is printed."""
    return f"{count:,}"


def text_of(table: Table) -> Iterator[str]:
    """The table for people, line by line."""
    yield table.title
    head = [*table.head, "published", ""]
    rows = [[*row.cells, row.published, "" if row.agrees else "differs"] for row in table.rows]
    yield from grid([head, *rows], "<" * len(head))
    whys = [f"{row.cells[0]}: {row.why}" for row in table.rows if row.why]
    for note in (*whys, *table.notes, f"Source: {table.source}"):
        yield from textwrap.wrap(note, WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)


def as_dict(table: Table) -> dict[str, Any]:
    """The table for programs."""
    return {
        "name": table.name,
        "title": table.title,
        "source": table.source,
        "rows": [
            {**dict(zip(table.head, row.cells, strict=True)), "published": row.published, "agrees": row.agrees,
             "why": row.why}
            for row in table.rows
        ],
        "notes": list(table.notes),
    }  # fmt: skip
