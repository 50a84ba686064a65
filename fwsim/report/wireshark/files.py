"""The files of a profile, as Wireshark 4.0 reads them.

Read first: Wireshark User's Guide, appendix B (Files and Folders), and `colours` and `saved`. Each line is one entry,
so that no name may hold the end of one; the names of strangers have gone through `safe` before.
"""

from __future__ import annotations

from typing import NamedTuple

from fwsim.naming import RuleNames

from .colours import COLOURS, Colour
from .saved import BUTTONS, Button, filters

OURS = "# Written by fwsim report --wireshark, for captures annotated by fwsim."
"""The first line of the colour rules: by it a folder is known to be ours."""
COLOUR_FILE = "colorfilters"

RECENT = "recent"
"""What Wireshark remembers of a profile, and writes anew whenever it ends: so only where it is not there yet."""


class Column(NamedTuple):
    """A column of the packet list."""

    title: str
    format: str
    """What stands in it, `%Cus:` before the name of a field."""
    width: int
    part: str = ""
    """Of a field: which of its values (0 all, -1 the last), and that it is resolved."""


COLUMNS = (
    Column("No.", "%m", 60),
    Column("Time", "%t", 120),
    Column("Source", "%s", 150),
    Column("Destination", "%d", 150),
    Column("Protocol", "%p", 70),
    Column("Length", "%L", 60),
    Column("Decision", "%Cus:frame.coloring_rule.name", 300, ":0:R"),
    Column("Info", "%i", 420),
    Column("Annotation", "%Cus:frame.comment", 900, ":-1:R"),
)
"""The usual ones, and the name of the colour rule, and a frame's last comment, which is ours."""


def profile(rules: dict[str, RuleNames] | None = None) -> dict[str, str]:
    """The text of each file by its name; `rules` are those of each mode, which get filters of their own."""
    return {
        COLOUR_FILE: _text([OURS, *map(_colour, COLOURS)]),
        "preferences": _text([OURS, f"gui.column.format: {_columns()}"]),
        "dfilters": _text([f"{_quoted(name)} {expression}" for name, expression in filters(rules or {}).items()]),
        "dfilter_buttons": _text([OURS, *map(_button, BUTTONS)]),
        RECENT: _text([OURS, f"column.width: {_widths()}"]),
    }


def _text(lines: list[str]) -> str:
    """Lines as the text of a file."""
    return "".join(f"{line}\n" for line in lines)


def _colour(one: Colour) -> str:
    """A colour rule: name, filter, and both colours, 16 bits of red, green and blue each."""
    return f"@{one.name}@{one.expression}@{_rgb(one.behind)}{_rgb(one.letters)}"


def _rgb(colour: int) -> str:
    """A colour: 8 bits become 16 by saying them twice."""
    return "[" + ",".join(str((colour >> shift & 255) * 257) for shift in (16, 8, 0)) + "]"


def _columns() -> str:
    """The columns, each as its title and what stands in it."""
    return ", ".join(f'"{one.title}", "{one.format}{one.part}"' for one in COLUMNS)


def _widths() -> str:
    """The columns, each as what stands in it and its width."""
    return ", ".join(f"{one.format}, {one.width}" for one in COLUMNS)


def _quoted(name: str) -> str:
    """The name of a filter."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _button(one: Button) -> str:
    """A button: whether it is shown, its label, its filter, its comment."""
    return ",".join(_field(text) for text in ("TRUE", one.label, one.expression, one.comment))


def _field(text: str) -> str:
    r"""A field of one of Wireshark's tables: quotes and backslashes are `\x22` and `\x5c`."""
    return '"' + text.replace("\\", "\\x5c").replace('"', "\\x22") + '"'
