"""Captures whose clock stands still: all packets come at once, as the kernel gets them when they are injected.

Read first: DESIGN section 1, "Time is a field".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from fwsim.capture import Captures, Chunk


def frozen(captures: Captures) -> Captures:
    """The same captures, every packet at the time of the first one."""
    return cast(Captures, Frozen(captures))


class Frozen:
    """The chunks of captures with the clock stopped; it takes the place of `Captures`."""

    def __init__(self, captures: Captures) -> None:
        """Nothing is read yet."""
        self.captures = captures

    def __iter__(self) -> Iterator[Chunk]:
        """The chunks. The frames keep their own timestamps; `now`, which the firewall goes by, does not move."""
        now: int | None = None
        for chunk in self.captures:
            if now is None and len(chunk):
                now = int(chunk.packets["now"][0])
            chunk.packets["now"] = now
            yield chunk

    def __getattr__(self, name: str) -> Any:
        """All else is the captures'."""
        return getattr(self.captures, name)
