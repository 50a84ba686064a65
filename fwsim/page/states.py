"""The states of a TCP connection and what leads from one to another: the very table that the engine uses.

Read first: `fwsim.engine.tcp_table`.
"""

from __future__ import annotations

from typing import Any

from fwsim.engine.tcp_table import CELL_INVALID, CLASS_WORDS, TABLE, WHY
from fwsim.naming import TCP_STATE_WORDS
from fwsim.terms import Direction, word

INVALID, IGNORED = -1, -2
"""Instead of the next state."""


def told() -> dict[str, Any]:
    """For the page: the states by number, and each cell: direction, flags, state, next state, why."""
    cells = []
    for direction, rows in enumerate(TABLE):
        for kind, row in enumerate(rows):
            for state, cell in enumerate(row):
                following = cell if cell < CELL_INVALID else INVALID if cell == CELL_INVALID else IGNORED
                cells.append([direction, kind, state, following, WHY[direction][kind][state]])
    return {
        "states": [TCP_STATE_WORDS[number] for number in range(len(TCP_STATE_WORDS))],
        "flags": list(CLASS_WORDS),
        "directions": [word(Direction(number)) for number in range(len(TABLE))],
        "cells": cells,
    }
