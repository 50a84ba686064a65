"""Transition tables as they are written in `tcp_table` and `sctp_table`: rows of two-letter codes, with reasons.

Read when the tables are imported; nothing here runs in the hot path.
"""

from __future__ import annotations


def cells(codes: tuple[str, ...], row: str) -> tuple[int, ...]:
    """A row of a table as numbers: the places of its codes."""
    return tuple(codes.index(code) for code in row.split())


def reasons(states: tuple[str, ...], text: str) -> tuple[str, ...]:
    """The reason of each cell of a row, in the order of the states; a line may tell that of several."""
    why: dict[str, str] = {}
    for line in text.strip().splitlines():
        named, reason = line.strip().split(": ", 1)
        why.update(dict.fromkeys(named.split(), reason))
    return tuple(why[state] for state in states)
