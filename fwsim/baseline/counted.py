"""The changes between two runs, added up: by kind of change, by the rules that decided, by connection.

Read first: `fwsim.baseline.changes`. A connection is the one that the former run had, else the one that the new run
has, else all packets between the same ends. Of at most `MOST` connections details are kept, so memory is bounded; the
packets of the others are counted all the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fwsim.baseline.changes import Change, change
from fwsim.baseline.kinds import Kind, Numbers
from fwsim.baseline.stored import Columns
from fwsim.tables import plain
from fwsim.terms import Direction, Proto, TcpFlag

MOST = 100_000
"""Connections that are told apart, and pairs of rules."""
FRAMES = 8
"""How many frames are named of each."""
SHIFT = 32
ENDS = [(f"src{word}", f"dst{word}") for word in range(4)] + [("sport", "dport")]

Frame = tuple[int, int]
"""The number of its file, and its own."""
Pair = tuple[Change, Kind, Kind]
By = tuple[Change, str, str]
"""A change, and the rules that decided then and now."""


@dataclass
class Deciding:
    """The packets that one rule decided, and now another, or the same."""

    packets: int = 0
    connections: int = 0
    frames: list[Frame] = field(default_factory=list)


@dataclass
class Connection:
    """The changed packets of one connection."""

    ends: dict[str, int]
    """The fields of PACKET, of a packet in its original direction."""
    was: Kind
    now: Kind
    packets: Counter[Change] = field(default_factory=Counter)
    opening: set[Change] = field(default_factory=set)
    """The changes that befell a packet which opens it."""
    pairs: set[By] = field(default_factory=set)
    frames: dict[Change, list[Frame]] = field(default_factory=dict)
    """The first few of each change."""


class Changes:
    """Counts the changes of a run, batch by batch."""

    def __init__(self, mode: str, was: Sequence[Kind], now: Sequence[Kind]) -> None:
        """The kinds of the former run and of this one, which may grow."""
        self.mode = mode
        self.was = was
        self.now = now
        self.packets = 0
        self.counts: Counter[Change] = Counter()
        self.deciding: dict[By, Deciding] = {}
        self.connections: dict[tuple[int, ...], Connection] = {}
        self.not_told_apart = 0
        """Changed packets of connections beyond `MOST`."""
        self._known: dict[int, Change] = {}

    @property
    def changed(self) -> int:
        """How many packets are decided otherwise."""
        return self.counts.total()

    def add(self, batch: Any, rows: Any, was: Columns, now: Columns) -> Numbers:
        """Count the selected rows of a batch; returns those that have changed."""
        changes = self.became(was, now)
        selected = np.arange(len(changes))[rows]
        self.packets += len(selected)
        changed: Numbers = selected[changes[selected] != Change.NONE]
        for number, count in zip(*np.unique(changes[changed], return_counts=True), strict=True):
            self.counts[Change(int(number))] += int(count)
        columns = zip(*(c[changed].tolist() for c in (changes, was[0], now[0], was[1], now[1])), strict=True)
        for row, (number, then, here, old, new) in zip(changed.tolist(), columns, strict=True):
            self._count(batch, row, (Change(number), self.was[then], self.now[here]), (old, new))
        return changed

    def became(self, was: Columns, now: Columns) -> Numbers:
        """What became of each row."""
        pairs, places = np.unique(was[0] << SHIFT | now[0], return_inverse=True)
        found = np.array([self._change(pair) for pair in pairs.tolist()], np.int64)[places.reshape(-1)]
        mild = (found == Change.NONE) | (found == Change.RULE) | (found == Change.STATE)
        return np.where(mild & (was[2] != now[2]), int(Change.TRANSLATION), found)

    def _change(self, pair: int) -> Change:
        """What became of a kind."""
        found = self._known.get(pair)
        if found is None:
            kinds = self.was[pair >> SHIFT], self.now[pair & ((1 << SHIFT) - 1)]
            found = self._known[pair] = change(*kinds)
        return found

    def _count(self, batch: Any, row: int, pair: Pair, numbers: tuple[int, int]) -> None:
        """Count one changed packet."""
        number, was, now = pair
        by = (number, was.decider.place, now.decider.place)
        frame = int(batch.frames[row]["file"]), int(batch.frames[row]["number"])
        deciding = self._deciding(by)
        deciding.packets += 1
        named(deciding.frames, frame)
        connection = self._connection(batch, row, pair, numbers)
        if connection is None:
            self.not_told_apart += 1
            return
        connection.packets[number] += 1
        named(connection.frames.setdefault(number, []), frame)
        if self._opens(batch.packets[row], now if number == Change.ADMITTED else was):
            connection.opening.add(number)
        if by not in connection.pairs:
            connection.pairs.add(by)
            deciding.connections += 1

    def _deciding(self, by: By) -> Deciding:
        """The row of a pair of rules; of those beyond `MOST`, one of their own for each change."""
        if by not in self.deciding and len(self.deciding) >= MOST:
            by = (by[0], "others", "others")
        return self.deciding.setdefault(by, Deciding())

    def _connection(self, batch: Any, row: int, pair: Pair, numbers: tuple[int, int]) -> Connection | None:
        """The connection of a packet; None if it is one too many."""
        packet = plain(batch.packets[row])
        old, new = numbers
        key: tuple[int, ...] = (0, old) if old else (1, new) if new else (2, *between(packet))
        found = self.connections.get(key)
        if found is None and len(self.connections) < MOST:
            reply = Direction.REPLY.name.lower() in (pair[1].ct_direction, pair[2].ct_direction)
            found = self.connections[key] = Connection(turned(packet) if reply else packet, *pair[1:])
        return found

    def _opens(self, packet: Any, kind: Kind) -> bool:
        """Whether a packet opens its connection, in the run that admits it; without state, by its looks."""
        if self.mode == "stateful" and kind.ct_state != "none":
            return kind.ct_state == "new"
        if packet["proto"] != Proto.TCP:
            return True
        return packet["flags"] >= 0 and bool(packet["flags"] & TcpFlag.SYN) and not packet["flags"] & TcpFlag.ACK

    def opened(self, kind: Change) -> int:
        """How many connections a change befell at their opening."""
        return sum(kind in connection.opening for connection in self.connections.values())

    def in_midst(self, kind: Change) -> int:
        """How many connections a change befell, but not their opening."""
        return sum(
            kind in connection.packets and kind not in connection.opening for connection in self.connections.values()
        )


def named(frames: list[Frame], frame: Frame) -> None:
    """Keep the first few frames."""
    if len(frames) < FRAMES:
        frames.append(frame)


def turned(packet: dict[str, int]) -> dict[str, int]:
    """A packet with its ends the other way round."""
    there = {one: packet[other] for one, other in ENDS}
    return packet | there | {other: packet[one] for one, other in ENDS}


def between(packet: dict[str, int]) -> tuple[int, ...]:
    """What is equal of all packets between the same ends, whichever way they go."""
    sides = ([packet[one] for one, _ in ENDS], [packet[other] for _, other in ENDS])
    return (packet["proto"], packet["icmp_id"], *min(sides), *max(sides))
