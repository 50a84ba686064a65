"""Numbers as a line of bars, one letter for each; digits where a terminal cannot show bars.

Read first: nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"
DIGITS = "123456789"
NOTHING = {BLOCKS: "·", DIGITS: "."}
"""What stands for 0."""


def sparkline(numbers: Sequence[int], *, bars: bool) -> str:
    """The numbers, none below 0, as heights: the highest is the full bar, or a 9; 0 is a dot and nothing else is."""
    letters = BLOCKS if bars else DIGITS
    most = max(numbers, default=0)
    return "".join(letters[-(-number * len(letters) // most) - 1] if number else NOTHING[letters] for number in numbers)
