"""What happens to the connection table from packet to packet, as `conntrack -E` would tell it.

Read first: `fwsim.tracker`. The engine keeps no log: after each packet the table is compared with that before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from fwsim.engine.expiry import FIRST
from fwsim.engine.tuples import is_live
from fwsim.running import StatefulRun
from fwsim.sharding import ShardedRun
from fwsim.tables import plain
from fwsim.terms import CtStatus
from fwsim.tracker import tuple_fields

SHOWN = int(CtStatus.SEEN_REPLY | CtStatus.ASSURED)


@dataclass(frozen=True)
class Event:
    """`new`, `update` or `destroy`, at a time (ns), of a connection as `connections_listing` would give it."""

    kind: str
    time: int
    connection: dict[str, Any]


class Watch:
    """Compares the table after each packet with the connections it knows."""

    def __init__(self, stateful: StatefulRun | ShardedRun) -> None:
        """The table must be empty."""
        self.stateful = stateful
        self.known: dict[int, dict[str, Any]] = {}

    def look(self, now: int, decision: Any) -> Iterator[Event]:
        """The events of one packet at time `now`: first what had timed out before it, then what it did."""
        self.stateful.settle()
        tracker = self.stateful.tracker
        number = int(decision["connection"])
        row = self._row(tracker, number) if number else None
        live = int(tracker.counters[0]["live"])
        if live != len(self.known) + (row is not None and number not in self.known):
            yield from self._gone(tracker, now, number, int(decision["tcp_state"]))
        if row is None:
            return
        connection = _listed(tracker, row)
        before = self.known.get(number)
        self.known[number] = connection
        if before is None:
            yield Event("new", now, connection)
        elif _shown(before) != _shown(connection):
            yield Event("update", now, connection)

    def _row(self, tracker: Any, number: int) -> int | None:
        """The row of a connection by its number; None if it is gone."""
        if number in self.known:
            row = self.known[number]["row"]
            return row if _is(tracker, row, number) else None
        used = int(tracker.counters[0]["used"])
        for row in np.flatnonzero(tracker.connections["number"][:used] == number).tolist():
            if row >= FIRST and _is(tracker, row, number):
                return int(row)
        return None

    def _gone(self, tracker: Any, now: int, number: int, tcp_state: int) -> Iterator[Event]:
        """Connections that are not there any more, the earliest first."""
        lost = [known for known in self.known.values() if not _is(tracker, known["row"], known["number"])]
        for connection in sorted(lost, key=lambda known: (min(known["expires"], now), known["number"])):
            del self.known[connection["number"]]
            if connection["number"] == number and tcp_state >= 0:
                connection["state"] = tcp_state  # the packet that ended it had changed its state before
            yield Event("destroy", min(connection["expires"], now), connection)


def _is(tracker: Any, row: int, number: int) -> bool:
    """Whether a row still holds the connection of this number."""
    connection = tracker.connections[row]
    return bool(connection["number"] == number and is_live(connection))


def _listed(tracker: Any, row: int) -> dict[str, Any]:
    """A connection as `connections_listing` gives it."""
    connection: dict[str, Any] = plain(tracker.connections[row])
    connection["row"] = row
    connection["original"] = tuple_fields(tracker.tuples[2 * row])
    connection["reply"] = tuple_fields(tracker.tuples[2 * row + 1])
    return connection


def _shown(connection: dict[str, Any]) -> tuple[int, int, int]:
    """What makes an update worth an event (`enum ip_conntrack_events`: reply, assured, protoinfo, mark)."""
    return connection["status"] & SHOWN, connection["state"], connection["mark"]
