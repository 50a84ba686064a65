"""The tables of both modes, made from a lowered ruleset, and one chunk of packets run through them.

Read first: `fwsim.engine.twin` (stateless) and `fwsim.engine.pipeline` (stateful). The same tables serve compiled and
uncompiled code: the arrays are the truth, and uncompiled code works on wrapped ones, which `settle` writes back.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fwsim import tracker as trackers
from fwsim.engine import is_compiled
from fwsim.engine.path import Course
from fwsim.engine.pipeline import Stateful, run_stateful
from fwsim.engine.tuples import Tracker
from fwsim.engine.twin import REPLIES_ACK_OR_RST, REPLIES_ANY, REPLIES_NEVER, Stateless, run_stateless
from fwsim.lower import Lowered
from fwsim.tables import DECISION, PACKET, TRACK, Rows, Words, empty, words

GHOSTS = 65_536
"""How many refused openings are remembered at the most."""

REPLIES = {"ack-or-rst": REPLIES_ACK_OR_RST, "any": REPLIES_ANY, "never": REPLIES_NEVER}

Table = npt.NDArray[np.void]


def wrapped(group: Any) -> Any:
    """A group of tables (a NamedTuple, possibly of groups) as uncompiled code reads it."""
    if isinstance(group, Course):
        seen: Any = Rows(group.seen)
        return Course(wrapped(group.program), wrapped(group.memory), seen, Words(seen))  # type: ignore[arg-type]
    if isinstance(group, tuple):
        return type(group)(*map(wrapped, group))
    if isinstance(group, np.ndarray):
        return memoryview(group) if group.dtype == np.int64 else Rows(group)  # type: ignore[arg-type]
    return group


def flush(group: Any) -> None:
    """Write what uncompiled code has changed back into the arrays."""
    if isinstance(group, tuple):
        for member in group:
            flush(member)
    elif isinstance(group, Rows):
        group.flush()


def course_of(lowered: Lowered) -> Course:
    """A fresh course through a ruleset: nothing counted, every limit's bucket full."""
    seen = empty(PACKET, 1)
    return Course(lowered.program, lowered.memory(), seen, words(seen))


class StatelessRun:
    """The stateless mode at work."""

    def __init__(self, lowered: Lowered, *, replies: str = "ack-or-rst", icmp_errors: str = "accept") -> None:
        """`replies` and `icmp_errors` as in a ruleset's `stateless:`; they matter if it has ct expressions."""
        self.mode = Stateless(
            course=course_of(lowered),
            scratch=empty(DECISION, 2),
            twin=int(lowered.uses_ct),
            replies=REPLIES[replies],
            icmp_errors=int(icmp_errors == "accept"),
        )
        self._wrapped: Stateless | None = None

    def run(self, frames: Any, packets: Any, decisions: Any, start: int, end: int) -> None:
        """Decide rows `start` to `end`, which are arrays if the engine is compiled, else wrapped."""
        if is_compiled():
            self.settle()
            run_stateless(self.mode, frames, packets, decisions, start, end)
            return
        if self._wrapped is None:
            self._wrapped = wrapped(self.mode)
        run_stateless(self._wrapped, frames, packets, decisions, start, end)

    def settle(self) -> None:
        """Write everything back into the arrays."""
        if self._wrapped is not None:
            flush(self._wrapped)
            self._wrapped = None


class StatefulRun:
    """The stateful mode at work: it owns the connection table and the ghosts."""

    def __init__(self, lowered: Lowered, *, key: int) -> None:
        """`key` keys the hash of the connection table; no result depends on it."""
        self.tracker = trackers.make_tracker(lowered.settings, key=key)
        self.ghosts = trackers.make_tracker(lowered.settings, key=key, capacity_limit=GHOSTS, ghosts=True)
        self._course = course_of(lowered)
        self._results = empty(TRACK, 3)
        self._scratch = empty(DECISION, 1)
        self._tracking = int(lowered.tracking)
        self._wrapped: Stateful | None = None

    @property
    def mode(self) -> Stateful:
        """All tables of the mode, as arrays."""
        return Stateful(self._course, self.tracker, self.ghosts, self._results, self._scratch, self._tracking)

    def run(self, frames: Any, packets: Any, quotes: Any, decisions: Any, start: int, end: int) -> None:
        """Decide rows `start` to `end`, in order."""
        self._make_room(end - start)
        if is_compiled():
            run_stateful(self.mode, frames, packets, quotes, decisions, start, end)
            return
        if self._wrapped is None:
            self._wrapped = wrapped(self.mode)
        run_stateful(self._wrapped, frames, packets, quotes, decisions, start, end)

    def _make_room(self, packets: int) -> None:
        """Let the tables grow so that every packet may open a connection."""
        if is_compiled():
            self.settle()
        for tracker in (self._wrapped.tracker, self._wrapped.ghosts) if self._wrapped else (self.tracker, self.ghosts):
            if trackers.rows_wanted(tracker, packets) != len(tracker.connections):
                self.settle()
                self.tracker = trackers.grow(self.tracker, packets)
                self.ghosts = trackers.grow(self.ghosts, packets)
                return

    def settle(self) -> None:
        """Write everything back into the arrays."""
        if self._wrapped is not None:
            flush(self._wrapped)
            self._wrapped = None

    def snapshot(self) -> tuple[Tracker, Tracker]:
        """Copies of the connection table and of the ghosts."""
        self.settle()
        return trackers.copy(self.tracker), trackers.copy(self.ghosts)
