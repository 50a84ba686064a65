"""Tables as hot code takes them now: arrays where it is compiled, wrapped ones where it is not.

Read first: `fwsim.tables.Rows`. The arrays are the truth; uncompiled code, for which they are ten times slower to read
than dicts, works on wrapped ones, and `flush` writes back what it has changed. Everything that calls the engine goes
through here.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from fwsim.engine import is_compiled
from fwsim.engine.path import Course
from fwsim.tables import Rows, Words

Group = TypeVar("Group")


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


def wrapped(group: Any) -> Any:
    """A table, a buffer, or a group of them (a NamedTuple, possibly of groups) as uncompiled code reads it.

    What is in it twice is wrapped once, so that both see what either writes.
    """
    return _wrapped(group, {})


def _wrapped(group: Any, known: dict[int, Any]) -> Any:
    """The same; `known` are the wrapped tables by the identity of their arrays."""
    if isinstance(group, Course):
        seen, extra = Rows(group.seen), Rows(group.extra)
        tables: Any = seen, extra, Words(seen, extra), _wrapped(group.asked, known)
        return Course(_wrapped(group.program, known), _wrapped(group.memory, known), *tables)
    if isinstance(group, tuple):
        return type(group)(*(_wrapped(part, known) for part in group))
    if isinstance(group, np.ndarray):
        if id(group) not in known:
            known[id(group)] = memoryview(group) if group.dtype.names is None else Rows(group)  # type: ignore[arg-type]
        return known[id(group)]
    return group


def flush(*groups: Any) -> None:
    """Write what uncompiled code has changed back into the arrays; nothing to do for what is not wrapped."""
    for group in groups:
        if isinstance(group, tuple):
            flush(*group)
        elif isinstance(group, Rows):
            group.flush()


def usable(group: Any) -> Any:
    """A table, a buffer or a group of them as hot functions take it now; `flush` it afterwards."""
    return group if is_compiled() else wrapped(group)


def fresh(table: npt.NDArray[np.void]) -> Any:
    """A table as hot functions fill it now, whatever was in it before."""
    return table if is_compiled() else FreshRows(table)


def loaded(table: npt.NDArray[np.void], start: int, end: int) -> Any:
    """A table as hot functions take it now, to be used from row `start` to `end`: these are read at once."""
    if is_compiled():
        return table
    rows = Rows(table)
    rows.load(range(start, end))
    return rows


class Tables(Generic[Group]):
    """A group of tables that is used again and again, chunk by chunk, first by uncompiled and then by compiled code."""

    def __init__(self, arrays: Group) -> None:
        """Keep the arrays; nothing is wrapped yet."""
        self._arrays = arrays
        self._wrapped: Group | None = None

    @property
    def arrays(self) -> Group:
        """The arrays, up to date."""
        self.settle()
        return self._arrays

    def usable(self) -> Group:
        """The tables as hot functions take them now; to be asked again for every chunk."""
        if is_compiled():
            return self.arrays
        if self._wrapped is None:
            self._wrapped = wrapped(self._arrays)
        return self._wrapped

    def settle(self) -> None:
        """Write what uncompiled code has changed back into the arrays."""
        if self._wrapped is not None:
            flush(self._wrapped)
            self._wrapped = None

    def __getstate__(self) -> dict[str, Any]:
        """The arrays, up to date, to be pickled."""
        return {"_arrays": self.arrays, "_wrapped": None}
