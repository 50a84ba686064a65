"""The colour rules: what both modes make of a frame, in words and in a colour.

Read first: `expressions`. The first rule that holds is the one that colours, so the most telling come first, and every
annotated frame is of one. The name of its rule stands in a column of its own: nothing is said by colour alone. Each
colour of letters is legible on that behind it (7:1, WCAG 2.1, 1.4.6), on a light screen and on a dark one.
"""

from __future__ import annotations

from typing import NamedTuple

from . import expressions as ask

WHITE, BLACK = 0xFFFFFF, 0x000000


class Colour(NamedTuple):
    """A colour rule."""

    name: str
    expression: str
    behind: int
    """The colour behind the letters, as 0xRRGGBB."""
    letters: int


ONE_MODE = f"not ({ask.both(*map(ask.is_decided, ask.MODES))})"
"""The capture was annotated by `replay`, which runs one mode."""
ADMITTED, REFUSED, DISCARDED = (
    ask.any_of(f"({test})" for test in tests)
    for tests in (
        [ask.admits(mode) for mode in ask.MODES],
        [ask.refuses(mode) for mode in ask.MODES],
        [ask.says(mode, "not_evaluated") for mode in ask.MODES],
    )
)

COLOURS = (
    Colour("unknown", ask.UNKNOWN, 0xF0E442, BLACK),
    Colour("both admit, suspicious", ask.both(ask.BOTH_ADMIT, ask.SUSPECT), 0x8F1D16, WHITE),
    Colour("only stateless admits, suspicious", ask.both(ask.ONLY_STATELESS, ask.SUSPECT), 0xE69F00, BLACK),
    Colour("only stateful admits, suspicious", ask.both(ask.ONLY_STATEFUL, ask.SUSPECT), 0xDFA0C5, BLACK),
    Colour("only stateless admits", ask.ONLY_STATELESS, 0xFBE3B5, BLACK),
    Colour("only stateful admits", ask.ONLY_STATEFUL, 0xA6D8F2, BLACK),
    Colour("not evaluated", ask.NOT_EVALUATED, 0xE0E0E0, 0x404040),
    Colour("neither admits, suspicious", ask.both(ask.NEITHER, ask.SUSPECT), 0x39424E, WHITE),
    Colour("neither admits", ask.NEITHER, 0xB4C0CC, BLACK),
    Colour("both admit", ask.BOTH_ADMIT, 0xE4F2E7, BLACK),
    Colour("admitted, suspicious", ask.both(ONE_MODE, ADMITTED, ask.SUSPECT), 0x8F1D16, WHITE),
    Colour("admitted", ask.both(ONE_MODE, ADMITTED), 0xE4F2E7, BLACK),
    Colour("not evaluated, one mode", ask.both(ONE_MODE, DISCARDED), 0xE0E0E0, 0x404040),
    Colour("blocked, suspicious", ask.both(ONE_MODE, REFUSED, ask.SUSPECT), 0x39424E, WHITE),
    Colour("blocked", ask.both(ONE_MODE, REFUSED), 0xB4C0CC, BLACK),
)
