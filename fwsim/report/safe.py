"""Strings from captures and rulesets made harmless for a terminal, and how wide they print.

Read first: nothing. Everything that a stranger could have written (names of rules and interfaces, comments, file names)
goes through `safe` before it reaches text output; JSON and CSV have their own escapes.
"""

from __future__ import annotations

import unicodedata


def safe(text: str) -> str:
    r"""The text with every character that does not print replaced by its escape (`\x1b`, `\u202e`, `\udcff`).

    Letters of any alphabet stay. What goes are control characters (C0, C1), line and paragraph separators, text
    direction overrides, invisible characters and undecodable bytes: what could move a cursor or hide something.
    """
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else _escape(letter) for letter in text)


def _escape(letter: str) -> str:
    """One character as Python would write it in a string."""
    return letter.encode("unicode_escape", "surrogatepass").decode("ascii")


def width(text: str) -> int:
    """How many terminal columns a safe text takes: wide East Asian characters two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(_columns(letter) for letter in text)


def _columns(letter: str) -> int:
    """The columns of one character (Unicode TR 11)."""
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def shortened(text: str, letters: int) -> str:
    """The text, or its beginning with an ellipsis."""
    return text if len(text) <= letters else text[: letters - 3] + "..."


def left(text: str, columns: int) -> str:
    """The text filled up with spaces behind it."""
    return text + " " * max(columns - width(text), 0)


def right(text: str, columns: int) -> str:
    """The text filled up with spaces before it."""
    return " " * max(columns - width(text), 0) + text
