"""HTML put together from text: the one place where text becomes markup, and everything in it harmless.

Read first: `fwsim.harmless`. Whatever is not `Markup` already is text, perhaps a stranger's: control characters and
changes of writing direction become visible escapes, and what means something in HTML is escaped.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from fwsim.harmless import safe
from fwsim.report.widths import shortened

LONGEST = 400
"""Letters of a text."""
END = 100
"""Letters of the end of a rule that is too long: there it says what it does."""
MOST = 200
"""Rows of a table; behind them it says how many there are more."""

STYLES = {
    "<": "text-align:left;vertical-align:top",
    ">": "text-align:right;vertical-align:top;white-space:nowrap",
    "~": "text-align:left;vertical-align:top;overflow-wrap:anywhere;min-width:14em",
}
"""Of columns: words, figures, and texts that may be long, with or without spaces in them."""

AS_TYPED = "font-family:monospace;white-space:pre;overflow-x:auto"
"""Notebooks leave lines that are preformatted in the letters of the text around them."""


class Markup(str):
    """HTML that was put together here."""

    __slots__ = ()


def text(content: object) -> Markup:
    """Anything as HTML: Markup as it is, all else as harmless text."""
    if isinstance(content, Markup):
        return content
    return Markup(html.escape(safe(shortened(str(content), LONGEST)), quote=True))


def written(rule: str) -> str:
    """A rule as it was written, in a line; of a long one the beginning and the end."""
    line = " ".join(rule.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - END - 5]} ... {line[-END:]}"


def element(name: str, *content: object, style: str = "") -> Markup:
    """An element with what is in it."""
    inside = "".join(map(text, content))
    attribute = f' style="{style}"' if style else ""
    return Markup(f"<{name}{attribute}>{inside}</{name}>")


def joined(*parts: object) -> Markup:
    """Parts one behind the other."""
    return Markup("".join(map(text, parts)))


def preformatted(content: str) -> Markup:
    """Lines as they stand."""
    typed = "\n".join(html.escape(safe(line), quote=True) for line in content.split("\n"))
    return Markup(f'<pre style="{AS_TYPED}">{typed}</pre>')


def lines(parts: Sequence[Markup]) -> Markup:
    """Parts one under the other, as one paragraph."""
    return element("p", *(joined(Markup("<br>") if at else "", part) for at, part in enumerate(parts)))


def block(*parts: object) -> str:
    """What is shown of one thing."""
    return str(element("div", *parts))


def table(header: Sequence[object], rows: Iterable[Sequence[object]], align: str, total: int | None = None) -> Markup:
    """A table; `align` has a letter of STYLES for each column. Of more than MOST rows (or `total`) the first.

    A column without a name in which nothing stands is left out.
    """
    known = list(rows)
    shown = known[:MOST]
    more = (len(known) if total is None else total) - len(shown)
    used = [column for column, name in enumerate(header) if name or any(row[column] for row in shown)]
    head = element("thead", _row("th", header, align, used)) if any(header) else Markup("")
    body = element("tbody", *(_row("td", row, align, used) for row in shown))
    whole = element("table", head, body)
    return joined(whole, element("p", f"... {more:,} more")) if more > 0 else whole


def _row(cell: str, content: Sequence[object], align: str, used: Sequence[int]) -> Markup:
    """A row of cells."""
    return element("tr", *(element(cell, content[column], style=STYLES[align[column]]) for column in used))
