"""What state costs and what it buys, in figures: rows that text and JSON have in common.

Read first: `fwsim.resources.meter.Measured`, and `fwsim.report.comparison.changes`. The price: connections, their
memory, look-ups, and packets dropped for lack of room. What it buys: verdicts that only state gives, by the evidence
against the packets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from fwsim.report.comparison import ACCEPT, BLOCKED
from fwsim.report.tally import FURTHER_ROW, Tally
from fwsim.resources.meter import Measured
from fwsim.resources.timeline import Point
from fwsim.terms import EVIDENCE_GROUPS, Evidence
from fwsim.tracker import bytes_of_a_connection

COLUMNS = 60
"""Of a chart, at the most."""

ORDINARY = "ordinary traffic"
FURTHER = "further fragments"


@dataclass(frozen=True)
class Column:
    """A column of the chart: the most that lived at the end of one of its buckets, and what happened in it."""

    live: int
    opened: int
    expired: int
    closed: int
    evicted: int
    refused: int

    @property
    def ended(self) -> int:
        """Connections that went, in whatever way."""
        return self.expired + self.closed + self.evicted


def buckets_of_a_column(points: int) -> int:
    """How many buckets are one column, so that there are at most `COLUMNS`."""
    return max(-(-points // COLUMNS), 1)


def columns(points: Sequence[Point]) -> list[Column]:
    """The chart of these points."""
    size = buckets_of_a_column(len(points))
    ends = [Point(0), *points[size - 1 :: size]]
    if len(points) % size:
        ends.append(points[-1])
    return [
        Column(max(point.live for point in points[size * number : size * (number + 1)]), *happened(before, after))
        for number, (before, after) in enumerate(pairwise(ends))
    ]


def happened(before: Point, after: Point) -> tuple[int, int, int, int, int]:
    """How many connections were opened, expired, closed, evicted and how many packets refused between two points."""
    names = ("opened", "expired", "closed", "evicted", "refused")
    opened, expired, closed, evicted, refused = (getattr(after, name) - getattr(before, name) for name in names)
    return opened, expired, closed, evicted, refused


def peak_reached(measured: Measured) -> int:
    """The end (ns) of the bucket in which the most connections lived at a time."""
    return next(point.at for point in measured.points if point.peak == measured.end.peak)


@dataclass(frozen=True)
class Memory:
    """Bytes: of one connection, of all at the peak, and of as many as there may be (None: no limit)."""

    each: int
    peak: int
    full: int | None


def memory(measured: Measured) -> Memory:
    """What connections take."""
    each = bytes_of_a_connection()
    return Memory(each, each * measured.end.peak, each * measured.limit if measured.limit else None)


@dataclass(frozen=True)
class Bought:
    """Packets by the group of evidence against them: that only state blocks, and that only state admits."""

    blocked: dict[str, int]
    admitted: dict[str, int]


def bought(tally: Tally) -> Bought:
    """What state changed."""
    cells = tally.cells
    found = Bought({}, {})
    for row in range(len(cells)):
        group = group_of(row)
        blocked = sum(int(cells[row, ACCEPT, verdict]) for verdict in BLOCKED)
        admitted = sum(int(cells[row, verdict, ACCEPT]) for verdict in BLOCKED)
        for part, number in ((found.blocked, blocked), (found.admitted, admitted)):
            if number:
                part[group] = part.get(group, 0) + number
    return found


def group_of(row: int) -> str:
    """The group of an evidence row (`fwsim.engine.counting`)."""
    if row == 0 or row == FURTHER_ROW:
        return FURTHER if row else ORDINARY
    bit = Evidence(1 << (row - 1))
    return next(group for group, mask in EVIDENCE_GROUPS.items() if bit & mask)


def evaluated(tally: Tally) -> int:
    """Packets that are evaluated."""
    return max(tally.frames - sum(tally.not_evaluated.values()), 0)
