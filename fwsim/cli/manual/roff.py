r"""Text as a manual page holds it: what groff and mandoc would take for something else is escaped.

Read first: groff_char(7), "Fonts" and "Escape sequences" in groff_man(7). A hyphen that may be typed is `\-`, quotes
and accents are named so that they can be copied, a line that would begin with a dot or an apostrophe gets `\&` in
front, letters beyond ASCII become their code points. So any text is safe, whoever wrote it.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from fwsim.harmless import safe

WIDTH = 76
"""Columns of a line of source, which is not the page's: viewers fill their own."""
ESCAPES = str.maketrans({
    "\\": r"\e", "-": r"\-", "'": r"\(aq", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti", '"': r"\(dq",
})  # fmt: skip


def plain(text: str) -> str:
    """A text on one line."""
    escaped = safe(text).translate(ESCAPES)
    return "".join(letter if letter.isascii() else f"\\[u{ord(letter):04X}]" for letter in escaped)


def bold(text: str) -> str:
    """What has to be typed as it is."""
    return rf"\fB{plain(text)}\fR"


def italic(text: str) -> str:
    """What stands for something else."""
    return rf"\fI{plain(text)}\fR"


def guarded(line: str) -> str:
    r"""A line of text that is no request; what `plain` has escaped begins with neither sign but a dot."""
    return rf"\&{line}" if line.startswith((".", "'")) else line


def paragraph(text: str) -> list[str]:
    """The lines of a paragraph, to be filled."""
    filled = textwrap.wrap(plain(" ".join(text.split())), WIDTH, break_long_words=False, break_on_hyphens=False)
    return [guarded(line) for line in filled]


def listed(term: str, text: str) -> list[str]:
    """A term, which is roff, and what is said of it."""
    return [".TP", guarded(term), *(paragraph(text) or [r"\&"])]


def as_typed(lines: Iterable[str]) -> list[str]:
    """Lines that stay as they are, indented."""
    return [".RS 4", ".nf", *(guarded(plain(line.rstrip())) or r"\&" for line in lines), ".fi", ".RE"]


def section(title: str, lines: list[str]) -> list[str]:
    """A section; nothing if there is nothing in it."""
    return [f".SH {title}", *lines] if lines else []


def title(name: str, date: str, source: str) -> list[str]:
    """What begins a page of section 1: name, date (as it is), whose it is; options are not to be broken at hyphens."""
    return [f'.TH {plain(name.upper())} 1 {date} "{plain(source)}" "User Commands"', ".nh", ".ad l"]
