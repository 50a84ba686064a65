"""Texts of strangers made harmless: for a terminal, for a line, for Markdown, for a spreadsheet.

Read first: nothing. Everything that a stranger could have written (names of rules and interfaces, comments, file names)
goes through one of these before it is written; JSON and XML have escapes of their own, and so has the page. `safe` may
be applied twice, the others once.
"""

from __future__ import annotations

import re
from typing import Any

MARKED = re.compile(r"[\\`*_{}\[\]<>#|~&]|:(?=//)|(?<=[Ww]{3})\.")
"""Letters with which Markdown marks something up, and those that turn an address into a link by itself (GitHub)."""
LINKED = re.compile(r":(?=//)|[Ww]{3}(?=\.)")
MENTION = re.compile(r"([@#])(?=\w)")
"""What GitHub takes for somebody to be told, or for another issue, whatever stands before it."""
APART = "&#8203;"
"""A space of no width between them, by which it is neither."""

FORMULA = re.compile(r"(^|;)(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20])")
"""Where a spreadsheet would begin to compute: at the beginning of a cell (OWASP, CSV Injection), wide signs too, and
behind a semicolon, which ends a cell where the comma is the decimal sign."""
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?|[+-]?\.\d+", re.ASCII)
QUOTED = re.compile(r'[,;"]')


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


def markdown(text: str) -> str:
    """A text in which nothing is marked up, linked or mentioned, also within a table; as GitHub reads Markdown."""
    return MENTION.sub(rf"\1{APART}", MARKED.sub(r"\\\g<0>", safe(text)))


def markdown_code(text: str) -> str:
    """A text as code within a line."""
    plain = safe(text)
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", plain)), default=0))
    space = " " if plain.startswith(("`", " ")) or plain.endswith(("`", " ")) else ""
    return f"{fence}{space}{plain}{space}{fence}"


def html(text: str) -> str:
    """A text within an element of HTML that stands in Markdown."""
    plain = safe(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return LINKED.sub(rf"\g<0>{APART}", MENTION.sub(rf"\1{APART}", plain))


def csv_cell(value: Any) -> str:
    """A value as a CSV cell.

    A text that a spreadsheet would take for a formula gets an apostrophe before it, unless it is a plain number; lists
    are joined by spaces; nothing is an empty cell. No cell has more than one line.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = safe(" ".join(value) if isinstance(value, list) else str(value))
    if not NUMBER.fullmatch(text):
        text = FORMULA.sub(r"\1'", text)
    return '"' + text.replace('"', '""') + '"' if QUOTED.search(text) else text
