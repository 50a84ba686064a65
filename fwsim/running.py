"""The tables of both modes, made from a lowered ruleset, and one chunk of packets run through them.

Read first: `fwsim.engine.twin` (stateless), `fwsim.engine.pipeline` (stateful) and `fwsim.uncompiled`: the same tables
serve compiled and uncompiled code.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fwsim import tracker as trackers
from fwsim.engine.path import Course
from fwsim.engine.pipeline import Stateful, run_stateful
from fwsim.engine.tuples import Tracker
from fwsim.engine.twin import REPLIES_ACK_OR_RST, REPLIES_ANY, REPLIES_NEVER, Stateless, run_stateless
from fwsim.lower import Lowered
from fwsim.tables import DECISION, PACKET, TRACK, empty, words
from fwsim.uncompiled import Tables

CHUNK = 2_048
"""Packets of a chunk for which there is room at first."""
GHOSTS = 65_536
"""How many refused openings are remembered at the most."""

REPLIES = {"ack-or-rst": REPLIES_ACK_OR_RST, "any": REPLIES_ANY, "never": REPLIES_NEVER}


def course_of(lowered: Lowered) -> Course:
    """A fresh course through a ruleset: nothing counted, every limit's bucket full."""
    seen = empty(PACKET, 1)
    return Course(lowered.program, lowered.memory(), seen, words(seen))


class StatelessRun:
    """The stateless mode at work."""

    def __init__(self, lowered: Lowered, *, replies: str = "ack-or-rst", icmp_errors: str = "accept") -> None:
        """`replies` and `icmp_errors` as in a ruleset's `stateless:`; they matter if it has ct expressions."""
        self._tables = Tables(
            Stateless(
                course=course_of(lowered),
                scratch=empty(DECISION, 2),
                twin=int(lowered.uses_ct),
                replies=REPLIES[replies],
                icmp_errors=int(icmp_errors == "accept"),
            )
        )

    @property
    def mode(self) -> Stateless:
        """All tables of the mode, as arrays."""
        return self._tables.arrays

    def run(self, frames: Any, packets: Any, decisions: Any, start: int, end: int) -> None:
        """Decide rows `start` to `end`, which are arrays if the engine is compiled, else wrapped."""
        run_stateless(self._tables.usable(), frames, packets, decisions, start, end)

    def settle(self) -> None:
        """Write everything back into the arrays."""
        self._tables.settle()


class StatefulRun:
    """The stateful mode at work: it owns the connection table and the ghosts."""

    def __init__(self, lowered: Lowered, *, key: int) -> None:
        """`key` keys the hash of the connection table; no result depends on it."""
        self._tables = Tables(
            Stateful(
                course=course_of(lowered),
                tracker=trackers.make_tracker(lowered.settings, key=key),
                ghosts=trackers.make_tracker(lowered.settings, key=key, capacity_limit=GHOSTS, ghosts=True),
                results=empty(TRACK, 3),
                scratch=empty(DECISION, 1),
                hashes=np.full(CHUNK, -1, dtype=np.int64),
                tracking=int(lowered.tracking),
            )
        )

    @property
    def mode(self) -> Stateful:
        """All tables of the mode, as arrays."""
        return self._tables.arrays

    @property
    def tracker(self) -> Tracker:
        """The connection table, as arrays."""
        return self.mode.tracker

    @property
    def ghosts(self) -> Tracker:
        """The table of refused openings, as arrays."""
        return self.mode.ghosts

    def run(self, frames: Any, packets: Any, quotes: Any, decisions: Any, start: int, end: int) -> None:
        """Decide rows `start` to `end`, in order."""
        self._make_room(end - start)
        if end > len(self._tables.usable().hashes):
            self._tables = Tables(self._tables.arrays._replace(hashes=np.full(end, -1, dtype=np.int64)))
        run_stateful(self._tables.usable(), frames, packets, quotes, decisions, start, end)

    def _make_room(self, packets: int) -> None:
        """Let the tables grow so that every packet may open a connection."""
        mode = self._tables.usable()
        tables = (mode.tracker, mode.ghosts)
        if any(not trackers.has_room(table, packets) for table in tables):
            mode = self._tables.arrays
            grown = [trackers.grow(table, packets) for table in (mode.tracker, mode.ghosts)]
            self._tables = Tables(mode._replace(tracker=grown[0], ghosts=grown[1]))

    def settle(self) -> None:
        """Write everything back into the arrays."""
        self._tables.settle()

    def snapshot(self) -> tuple[Tracker, Tracker]:
        """Copies of the connection table and of the ghosts."""
        return trackers.copy(self.tracker), trackers.copy(self.ghosts)
