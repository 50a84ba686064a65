"""A packet's verdicts explained, as Python users get it: text, which a notebook shows as it stands.

Read first: `fwsim.result.Result.explain`, which gives it, and `fwsim.explain`, which finds the words.
"""

from __future__ import annotations

from fwsim.shown import Shown


class Explanation(Shown, str):
    """What `fwsim explain` prints of a packet."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Itself: lines are to be read as such."""
        return str(self)
