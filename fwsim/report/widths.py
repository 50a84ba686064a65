"""How wide texts print, and texts that fill a column or are cut to fit.

Read first: `fwsim.harmless`, whose `safe` everything goes through that reaches text output, before it is measured here.
"""

from __future__ import annotations

import unicodedata


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
