"""Asking for memory before it is needed.

A connection's row lies anywhere in a table much larger than the caches: the processor waits 50 to 100 ns for each line
of it, longer than all the rest takes. Told of it some packets ahead, it fetches many lines at once meanwhile. This
changes no result. Uncompiled it does nothing.
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import fetch_line, instruction


@instruction(fetch_line)
def prefetch(table: Any, row: int, offset: int) -> None:
    """Ask for the cache line that holds byte `offset` of a table's row, which may not be one at all."""
