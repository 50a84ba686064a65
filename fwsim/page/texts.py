"""Texts and records that occur again and again, each kept once and named by a number.

Read first: nothing. Every text goes through `safe`: what would not print, or would turn the direction of writing, is
written as its escape. That it is no markup either is the matter of `fwsim.page.document`.
"""

from __future__ import annotations

from typing import Any

from fwsim.harmless import safe
from fwsim.report.widths import shortened

LONGEST = 400
"""Letters of a text; rules and comments can be longer."""


class Texts:
    """Texts by number; 0 is the empty one."""

    def __init__(self) -> None:
        """None but the empty one."""
        self.all: list[str] = [""]
        self._numbers: dict[str, int] = {"": 0}

    def number(self, text: str | None) -> int:
        """The number of a text; nothing is the empty one."""
        text = text or ""
        found = self._numbers.get(text)
        if found is None:
            found = self._numbers[text] = len(self.all)
            self.all.append(shown(text))
        return found


class Records:
    """Records by number."""

    def __init__(self) -> None:
        """None yet."""
        self.all: list[Any] = []
        self._numbers: dict[Any, int] = {}

    def number(self, record: tuple[Any, ...]) -> int:
        """The number of a record."""
        found = self._numbers.get(record)
        if found is None:
            found = self._numbers[record] = len(self.all)
            self.all.append(record)
        return found


def shown(text: str) -> str:
    """A text as the page shows it, in one line."""
    return shortened(safe(" ".join(text.split())), LONGEST)
