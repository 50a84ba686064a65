"""How a mistake in a value is told: where inside the value, what it is, and the nearest known word.

Read first: nothing. Every parser of this folder raises `Mistakes`; pydantic carries it (it is a ValueError) and
`fwsim.ruleset.locate` turns it into problems with line and column. No parsing here.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import TypeAlias

Step: TypeAlias = "str | int"
Path: TypeAlias = tuple[Step, ...]
"""The way to a node: mapping keys and list positions."""

KEY = "[key]"
"""The last step of a path that means the key itself rather than its value (pydantic's spelling)."""

LISTED_WORDS = 14
"""How many known words a message lists before it leaves the rest out."""


class Mistakes(ValueError):  # noqa: N818  (it carries several)
    """One or several mistakes in a value, each with its path below that value."""

    def __init__(self, *found: tuple[Path, str]) -> None:
        """`found` are (path, message) pairs, the path relative to the value parsed."""
        self.found = found
        super().__init__("; ".join(message for _, message in found))


def mistake(message: str, *path: Step) -> Mistakes:
    """A single mistake, at the value itself or at `path` below it."""
    return Mistakes((path, message))


def seen(value: object) -> str:
    """A value as a message shows it: quoted, shortened, and safe to print."""
    if value is None:
        return "nothing"
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, (list, tuple, set, frozenset)):
        return "a list"
    if isinstance(value, (int, float)):
        # A long integer cannot be printed at once (CPython limits the digits to 4,300).
        return "a very long number" if isinstance(value, int) and value.bit_length() > 256 else str(value)
    text = value if isinstance(value, str) else type(value).__name__
    text = text if len(text) <= 60 else text[:57] + "..."
    return f"'{printable(text)}'"


def printable(text: str) -> str:
    """A text in which nothing can disturb a terminal."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, or None. Spelling with `-`, `_` or capitals does not count."""
    words = list(known)
    plain = {candidate.lower().replace("_", "-"): candidate for candidate in words}
    asked = word.lower().replace("_", "-")[:100]
    if asked in plain:
        return plain[asked]
    found = difflib.get_close_matches(asked, plain, n=1, cutoff=0.6)
    if found:
        return plain[found[0]]
    ends = [candidate for candidate in plain if len(candidate) > 2 and asked.endswith(candidate)]
    return plain[max(ends, key=len)] if ends else None


def unknown(what: str, word: str, known: Iterable[str]) -> str:
    """The message for a word that is not known: the nearest one, else the list of those that are."""
    words = list(known)
    meant = nearest(word, words)
    if meant is not None:
        return f"unknown {what} {seen(word)}, did you mean {seen(meant)}?"
    if not words:
        return f"unknown {what} {seen(word)}, none is declared"
    return f"unknown {what} {seen(word)}, expected one of {listed(words)}"


def listed(words: list[str]) -> str:
    """Known words in a row, only the first ones of many."""
    more = ["..."] if len(words) > LISTED_WORDS else []
    return ", ".join([printable(word[:60]) for word in words[:LISTED_WORDS]] + more)
