"""The bytes of an nft script as text, and the line and column of a position in it.

Read first: nothing. What nft itself refuses in a text (a carriage return, a byte that begins no token) is for `tokens`;
here only what cannot be read as text at all is refused.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from pathlib import Path

from fwsim.errors import Problem, RulesetError

LARGEST = 32 * 1024 * 1024
"""Bytes of a script with all that it includes; a quarter of a million rules are about that."""

ITEMS, ELEMENTS, PARTS = "rules, chains and the like", "elements of sets", "statements and joined values"
MOST = {ITEMS: 1 << 18, ELEMENTS: 1 << 21, PARTS: 1 << 22}
"""What a script holds at most with all that it includes. A rule takes a few KB once it is lowered."""

WHOLE = (0, 0)
"""The place of a mistake that concerns the file as a whole."""

NEWLINE = re.compile("\n")


class Source:
    """One text that was read: its name in messages, and the text itself."""

    __slots__ = ("_starts", "includer", "path", "text")

    def __init__(self, path: str, text: str, includer: Source | None = None) -> None:
        """`path` as messages show it; `includer` is the text that included this one."""
        self.path = path
        self.includer = includer
        self.text = text
        self._starts: list[int] | None = None

    def __repr__(self) -> str:
        return f"Source({self.path!r})"

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1, of a position in the text."""
        if self._starts is None:
            self._starts = [0, *(found.end() for found in NEWLINE.finditer(self.text))]
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def error(self, offset: int, what: str) -> RulesetError:
        """One mistake at a position."""
        return RulesetError([Problem(self.path, *self.place(offset), what)])


def read_bytes(path: str | Path, name: str) -> bytes:
    """What a file holds; `name` is what messages call it."""
    try:
        with open(path, "rb") as file:
            return file.read(LARGEST + 1)
    except IsADirectoryError:
        raise whole(name, "is a directory, expected an nft script") from None
    except FileNotFoundError:
        raise whole(name, "no such file") from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise whole(name, f"cannot be read: {why}") from None


def decoded(name: str, data: bytes, includer: Source | None = None) -> Source:
    """UTF-8 bytes as text.

    Unlike nft, which passes any byte on inside comments and quoted strings: a text that is not UTF-8 is refused.
    """
    if len(data) > LARGEST:
        raise whole(name, f"larger than {LARGEST >> 20} MiB, expected an nft script")
    try:
        return Source(name, data.decode("utf-8"), includer)
    except UnicodeDecodeError as error:
        before = Source(name, data[: error.start].decode("utf-8"))
        raise before.error(len(before.text), f"not UTF-8: {error.reason}, expected text") from None


def whole(name: str, what: str) -> RulesetError:
    """One mistake that concerns a file as a whole."""
    return RulesetError([Problem(name, *WHOLE, what)])


def shown(text: str) -> str:
    """A text quoted, shortened, and safe to print."""
    text = text if len(text) <= 60 else text[:57] + "..."
    return "'" + "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text) + "'"


def byte_length(text: str) -> int:
    """Bytes of a text in UTF-8, also of one that is no proper Unicode."""
    return len(text.encode("utf-8", "surrogatepass"))
