"""Programs and memories for uncompiled code: rows as dicts, arrays as lists and memoryviews.

Read first: `fwsim.tables.Rows`. Reading an element of a NumPy array costs Python 100 ns and more, of a memoryview 30,
of a list 10 (measured).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fwsim.engine.program import Memory, Program
from fwsim.tables import Rows

LONGEST_LIST = 1 << 16
"""Elements up to which an array is copied into a list; the integers of a list take five times the memory."""


def plain_program(program: Program) -> Program:
    """A copy that uncompiled code reads fast."""
    return Program(*(_plain(part) for part in program))


def plain_memory(memory: Memory) -> Memory:
    """The same memory for uncompiled code. `hits` is written through, `buckets` when they are flushed."""
    fast: dict[str, Any] = {
        "hits": memory.hits.data,
        "buckets": Rows(memory.buckets),
        "stack": memory.stack.data,
        "places": memory.places.data,
        "state": Rows(memory.state),
    }
    return Memory(**fast)


def _plain(part: npt.NDArray[Any]) -> Any:
    """One array or table."""
    if part.dtype != np.int64:
        return Rows(part)
    return part.tolist() if len(part) <= LONGEST_LIST else part.data
