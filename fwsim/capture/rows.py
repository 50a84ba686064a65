"""The engine's tables as the engine wants them: structured arrays compiled, dicts uncompiled.

Read first: `fwsim.tables.Rows`. Only capture's own calls into the engine go through here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fwsim.engine import is_compiled
from fwsim.tables import Rows


class FreshRows(Rows):
    """Rows whose every field will be written, so that none is read from the array first."""

    def __init__(self, table: npt.NDArray[np.void]) -> None:
        """Wrap a table whose content does not matter."""
        super().__init__(table)
        self._blank = dict.fromkeys(self.names, 0)

    def __getitem__(self, index: int) -> dict[str, int]:
        """The row, of zeros when first touched."""
        row = self.loaded.get(index)
        if row is None:
            row = self.loaded[index] = dict(self._blank)
        return row


def for_engine(table: npt.NDArray[np.void]) -> Any:
    """The table as hot functions take it now; `flush` it afterwards."""
    return table if is_compiled() else Rows(table)


def fresh(table: npt.NDArray[np.void]) -> Any:
    """A table as hot functions fill it now, whatever was in it before."""
    return table if is_compiled() else FreshRows(table)


def bytes_for_engine(buffer: npt.NDArray[np.uint8]) -> Any:
    """A buffer as hot functions read it now."""
    return buffer if is_compiled() else buffer.data


def flush(*tables: Any) -> None:
    """Write uncompiled tables back to their arrays."""
    for table in tables:
        if isinstance(table, Rows):
            table.flush()
