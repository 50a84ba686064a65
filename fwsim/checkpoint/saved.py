"""What is read back from a checkpoint, which may come from anywhere: nothing is believed that was not looked at.

Read first: `Saved`. What is saved is a tree of dicts and lists; its leaves are numbers, texts, truths, None, tables of
64-bit integers and bytes. Whatever is missing, of another kind or out of bounds raises `DamagedError`: compiled code
checks no bounds, so a number that names a row of a table must be known to be one of its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import IO, Any

import numpy as np
import numpy.typing as npt

Table = npt.NDArray[np.void]
Numbers = npt.NDArray[np.int64]
Bounds = Mapping[str, tuple[int, int]]
"""By field of a row: the lowest and the highest number that it may have."""

LEAST, MOST = -(1 << 63), (1 << 63) - 1
ANY_COUNT = 1 << 62


class DamagedError(Exception):
    """A checkpoint holds something that no checkpoint holds. Never leaves the command line's `resuming`."""


class Member:
    """Bytes of a checkpoint that are not in memory: `opened` gives them to be read."""

    def __init__(self, opened: Callable[[], IO[bytes]]) -> None:
        """Nothing is read yet."""
        self.opened = opened

    def content(self) -> bytes:
        """All of them."""
        with self.opened() as file:
            return file.read()


class Saved:
    """A dict of the tree."""

    def __init__(self, tree: Any, name: str = "checkpoint") -> None:
        """`name` says in messages where in the tree it stands."""
        self._name = name
        if not isinstance(tree, dict):
            raise DamagedError(f"{name} is missing")
        self._tree = tree

    def part(self, name: str) -> Saved:
        """A dict in it."""
        return Saved(self._tree.get(name), f"{self._name}.{name}")

    def parts(self, name: str) -> list[Saved]:
        """A list of dicts."""
        return [Saved(one, f"{self._name}.{name}") for one in self.list(name)]

    def list(self, name: str) -> list[Any]:
        """A list of anything."""
        found = self._tree.get(name)
        if not isinstance(found, list):
            raise self._wrong(name)
        return found

    def is_none(self, name: str) -> bool:
        """Whether None was saved there."""
        if name not in self._tree:
            raise self._wrong(name)
        return self._tree[name] is None

    def number(self, name: str, least: int = LEAST, most: int = MOST) -> int:
        """A number in these bounds."""
        found = self._tree.get(name)
        if type(found) is not int or not least <= found <= most:
            raise self._wrong(name)
        return found

    def truth(self, name: str) -> bool:
        """True or False."""
        found = self._tree.get(name)
        if type(found) is not bool:
            raise self._wrong(name)
        return found

    def text(self, name: str) -> str:
        """A text."""
        found = self._tree.get(name)
        if not isinstance(found, str):
            raise self._wrong(name)
        return found

    def text_or_none(self, name: str) -> str | None:
        """A text, or None."""
        return None if self.is_none(name) else self.text(name)

    def number_or_none(self, name: str) -> int | None:
        """A number, or None."""
        return None if self.is_none(name) else self.number(name)

    def texts(self, name: str) -> list[str]:  # type: ignore[valid-type]
        """A list of texts."""
        found = self.list(name)
        if not all(isinstance(one, str) for one in found):
            raise self._wrong(name)
        return found

    def octets(self, name: str) -> bytes:
        """Bytes."""
        return self.member(name).content()

    def member(self, name: str) -> Member:
        """Bytes that need not be in memory."""
        found = self._tree.get(name)
        if not isinstance(found, Member):
            raise self._wrong(name)
        return found

    def numbers(self, name: str, width: int = 1, *, bounds: tuple[int, int] = (LEAST, MOST)) -> Numbers:
        """A table of 64-bit numbers, `width` in a row, all of them in these bounds."""
        content = self.octets(name)
        if len(content) % (8 * width):
            raise self._wrong(name)
        found = np.frombuffer(bytearray(content), np.int64)
        if len(found) and (found.min() < bounds[0] or found.max() > bounds[1]):
            raise self._wrong(name)
        return found if width == 1 else found.reshape(-1, width)

    def rows(self, name: str, row: np.dtype[np.void], count: int | None = None, bounds: Bounds | None = None) -> Table:
        """A table of rows, `count` of them if that is known, with fields in these bounds."""
        found = self.numbers(name, row.itemsize // 8).view(row).reshape(-1)
        if count is not None and len(found) != count:
            raise self._wrong(name)
        self.check(name, found, bounds or {})
        return found

    def check(self, name: str, table: Table, bounds: Bounds) -> None:
        """Hold the fields of a table against their bounds."""
        for field, (least, most) in bounds.items():
            if len(table) and (table[field].min() < least or table[field].max() > most):
                raise self._wrong(f"{name}.{field}")

    def must(self, holds: bool, name: str) -> None:
        """Damaged unless something holds."""
        if not holds:
            raise self._wrong(name)

    def _wrong(self, name: str) -> DamagedError:
        """What is wrong."""
        return DamagedError(f"{self._name}.{name} is not what it should be")
