"""The connection table as the packets of the window change it.

Read first: `fwsim.explain.moment`. Told are only the connections that these packets touch, each change where it occurs,
and how many there are in all.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fwsim import tracker as trackers
from fwsim.engine.tuples import Tracker
from fwsim.engine.vague import has_ports
from fwsim.explain.moment import Moment
from fwsim.naming import STATE_WORDS, address_text, proto_text
from fwsim.page.texts import Texts
from fwsim.simulator import Simulator
from fwsim.tables import plain
from fwsim.terms import CtStatus

ASSURED, UNREPLIED, TENTATIVE, TRANSLATED = 1, 2, 4, 8
MILLISECOND = 1_000_000

Change = list[int]
"""A connection as it is now: its number, protocol, both ends, state (texts by number), status, and when it dies (ms
since the first packet). Its number alone: it is gone."""


class Copy:
    """A copy of the connection table that follows it, connection by connection."""

    def __init__(self, simulator: Simulator) -> None:
        """Nothing is copied yet."""
        self.simulator = simulator
        self.translates = simulator.lowered["stateful"].translates
        self.tracker: Tracker | None = None

    def now(self) -> Tracker:
        """As the table is; where rules translate, all of it is copied, since they look at all of it."""
        if self.tracker is None or self.translates or self._has_grown(self.tracker):
            self.tracker = self.simulator.stateful.snapshot()[0]
        return self.tracker

    def _has_grown(self, tracker: Tracker) -> bool:
        """Whether the table is longer than the copy."""
        return len(tracker.connections) != len(self.simulator.stateful.tracker.connections)

    def follow(self, moment: Moment) -> None:
        """Take over what a packet has changed of its connection."""
        own, row = self.tracker, moment.result["connection"]
        if own is None or self.translates or row < 0 or row >= len(own.connections):
            return
        both = slice(2 * row, 2 * row + 2)
        own.connections[row] = moment.after.connections[row]
        own.tuples[both], own.sides[both] = moment.after.tuples[both], moment.after.sides[both]


class Changes:
    """Tells how each packet changes the table."""

    def __init__(self, texts: Texts) -> None:
        """No connection is known yet."""
        self.texts = texts
        self.begin: int | None = None
        """When the first packet of the run came (ns)."""
        self.before: list[Change] = []
        """Connections that were there before the window."""
        self._rows: dict[int, int] = {}
        self._ended = (0, 0)

    def of(self, moment: Moment) -> list[Change]:
        """What a packet changes."""
        row = moment.result["connection"]
        was, now = moment.connection_before, moment.connection_after
        changes: list[Change] = []
        if was is not None and was["number"] not in self._rows:
            self.before.append(self._told(was, moment.before, row))
            self._rows[was["number"]] = row
        if was is not None and (now is None or now["number"] != was["number"]) and was["number"] in self._rows:
            del self._rows[was["number"]]
            changes.append([was["number"]])
        if now is not None:
            self._rows[now["number"]] = row
            told = self._told(now, moment.after, row)
            if was is None or told != self._told(was, moment.before, row):
                changes.append(told)
        return self._gone(moment.after) + changes

    def _gone(self, tracker: Tracker) -> list[Change]:
        """Connections that had to make room, or were replaced by one between the same ends."""
        counters = plain(tracker.counters[0])
        closed = counters["created"] - counters["expired"] - counters["evicted"] - counters["live"]
        if (counters["evicted"], closed) == self._ended:
            return []
        self._ended = (counters["evicted"], closed)
        rows = np.fromiter(self._rows.values(), np.intp, len(self._rows))
        numbers = np.fromiter(self._rows, np.int64, len(self._rows))
        gone = numbers[~are_there(tracker, rows, numbers)].tolist()
        for number in gone:
            del self._rows[number]
        return [[number] for number in gone]

    def _told(self, connection: dict[str, int], tracker: Tracker, row: int) -> Change:
        """A connection as it stands in a table."""
        original = trackers.tuple_fields(tracker.tuples[2 * row])
        states = STATE_WORDS.get(connection["proto"], {})
        status = connection["status"]
        bits = ASSURED if status & CtStatus.ASSURED else 0
        bits |= 0 if status & CtStatus.SEEN_REPLY else UNREPLIED
        bits |= TENTATIVE if status & CtStatus.TENTATIVE else 0
        bits |= TRANSLATED if status & (CtStatus.SNAT | CtStatus.DNAT) else 0
        ends = ends_of(original)
        if bits & TRANSLATED:
            ends += f", answered {ends_of(trackers.tuple_fields(tracker.tuples[2 * row + 1]))}"
        number = self.texts.number
        proto = number(str(proto_text(4, connection["proto"])))
        dies = (connection["expires"] - (self.begin or 0)) // MILLISECOND
        return [connection["number"], proto, number(ends), number(states.get(connection["state"])), bits, dies]


def ends_of(original: dict[str, Any]) -> str:
    """Both ends of a connection in the direction in which it was opened: `10.1.0.5:40000 → 203.0.113.80:443`."""
    return " → ".join(_end(original, end) for end in ("src", "dst"))


def _end(original: dict[str, Any], end: str) -> str:
    """One end; a question mark for what is not known."""
    words = [original[f"{end}{word}"] for word in range(4)]
    address = "?" if words[0] < 0 else address_text(words)
    if not has_ports(original["proto"]):
        return address
    port = original[f"{end}_id"]
    return f"{f'[{address}]' if ':' in address else address}:{port if port >= 0 else '?'}"


def are_there(tracker: Tracker, rows: Any, numbers: Any) -> Any:
    """Which rows of the table still hold the connections of these numbers."""
    connections = tracker.connections
    confirmed = connections["status"][rows] & (CtStatus.CONFIRMED | CtStatus.DYING) == CtStatus.CONFIRMED
    return (connections["number"][rows] == numbers) & confirmed
