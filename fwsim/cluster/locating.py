"""What goes from file to file in their order: the time, where packets came from, and fragments that wait.

Read first: `fwsim.topology`, `fwsim.defragmenting`. All else of this is the work of a file's own task; what is carried
on is small: interfaces, the packets seen lately, what their copies taught, incomplete datagrams.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from fwsim.capture import Chunk
from fwsim.capture.model import CaptureInterface, Table
from fwsim.capture.reassembly import Lost
from fwsim.cluster.reading import Content, Stretch
from fwsim.cluster.setup import Setup, at_work, simulator_of
from fwsim.defragmenting import Assembled, Defragmenter, Final, Judged, Place, Whole
from fwsim.headers import Numbers
from fwsim.headers.chunks import of_assembled, of_rows
from fwsim.headers.selecting import Readable
from fwsim.lower import Lowered
from fwsim.simulator import Batch, Simulator
from fwsim.tables import DECISION, empty
from fwsim.topology import Topology

FIRST_SERIAL = 1
"""Of the batch that is file 0: 0 would be a batch without fragments."""


@dataclass(frozen=True)
class Record:
    """What became of the fragments of a stretch of rows when they were put together (`Assembled`)."""

    wholes: list[Whole]
    lost: list[Lost[Place]]
    with_it: list[tuple[int, Lost[Place]]]


@dataclass(frozen=True)
class Rows:
    """Frames and packets, and the quotes that these refer to."""

    frames: Table
    packets: Table
    quotes: Table
    asked: Numbers | None = None
    """What the rules of the mode that is to see them ask of their headers, if they do (`fwsim.headers`)."""

    def __len__(self) -> int:
        """How many frames."""
        return len(self.frames)


@dataclass(frozen=True)
class Located:
    """A file's rows as they are told (`own`), and with datagrams put together, as the stateful mode sees them (`seen`).

    `base` counts the rows of the files before. `records` and `finals` are about fragments; the latter are said already.
    """

    number: int
    base: int
    own: Rows
    seen: Rows
    records: list[Record] = field(default_factory=list)
    finals: list[tuple[int, Final]] = field(default_factory=list)


class Recording(Defragmenter):
    """Puts fragments together, and writes down what is to be said of each, by the number of its file."""

    def __init__(self) -> None:
        """Nothing yet."""
        super().__init__()
        self.finals: list[tuple[int, Final]] = []

    def _settle(self, batch: Judged | None, serial: int, final: Final) -> None:
        """Write it down: the rows are elsewhere."""
        self.finals.append((serial - FIRST_SERIAL, final))

    def take(self) -> list[tuple[int, Final]]:
        """What was written down, and forget it."""
        taken, self.finals = self.finals, []
        return taken


@dataclass
class Carried:
    """What goes from file to file."""

    topology: Topology
    defragmenter: Recording | None
    interfaces: tuple[CaptureInterface, ...] = ()
    now: int | None = None
    rows: int = 0


def first_carried(simulator: Simulator) -> Carried:
    """What goes to the first file."""
    return Carried(simulator.topology, Recording() if simulator.lowered["stateful"].tracking else None)


def frozen(carried: Carried) -> bytes:
    """As bytes, which nobody can change: a task must leave what it is given as it is, to be run again."""
    return pickle.dumps(carried, pickle.HIGHEST_PROTOCOL)


def thawed(setup: Setup, content: bytes | None) -> Carried:
    """A copy of our own; without content that of a run that begins."""
    if content is None:
        carried: Carried = pickle.loads(frozen(first_carried(simulator_of(setup))))
        return carried
    carried = pickle.loads(content)
    return carried


@dataclass(frozen=True)
class Known:
    """The capture interfaces known at some time."""

    interfaces: Sequence[CaptureInterface]


def locate(setup: Setup, content: Content, before: bytes | None, *, last: bool) -> tuple[Located, bytes]:
    """Locate the packets of a file and put its fragments together; gives what goes to the next file too."""
    with at_work(setup):
        carried = thawed(setup, before)
        own = Rows(content.frames.copy(), content.packets.copy(), content.quotes)
        own.frames["capture_interface"] += len(carried.interfaces)
        if carried.now is not None:
            np.maximum(own.packets["now"], carried.now, out=own.packets["now"])
        for stretch in content.stretches:
            known = Known((*carried.interfaces, *content.about.interfaces[: stretch.interfaces]))
            rows = slice(stretch.start, stretch.end)
            carried.topology.locate(known, Rows(own.frames[rows], own.packets[rows], own.quotes))
        lowered = simulator_of(setup).lowered
        seen = asking(own, content, lowered["stateful"])
        located = Located(content.about.number, carried.rows, asking(own, content, lowered["stateless"]), seen)
        if carried.defragmenter is not None:
            asked = lowered["stateful"].asked
            located = defragmented(carried.defragmenter, located, content, asked, last=last)
        carried.interfaces += content.about.interfaces
        carried.now = int(own.packets["now"][-1]) if len(own) else carried.now
        carried.rows += len(own)
        return located, frozen(carried)


def asking(rows: Rows, content: Content, lowered: Lowered) -> Rows:
    """The rows, with what a mode's rules ask of their headers."""
    if not lowered.asked:
        return rows
    asked = of_rows(lowered.asked, rows.frames, rows.packets, content.buffer, 0, len(rows))
    return replace(rows, asked=asked)


def defragmented(
    defragmenter: Recording, located: Located, content: Content, asked: Sequence[Readable], *, last: bool
) -> Located:
    """The rows as the stateful mode is to see them, and what is known of fragments by now."""
    own = located.own
    chunk = Chunk(own.frames, own.packets, own.quotes, content.buffer, {}, True, content.checksum)
    batch = Batch(chunk, empty(DECISION, 0), empty(DECISION, len(own)), located.number + FIRST_SERIAL)
    seen = Seen(located.seen)
    for stretch in content.stretches:
        assembled = defragmenter.begin(batch, stretch.start, stretch.end)
        if assembled is not None:
            seen.add(assembled, stretch, of_assembled(asked, assembled, content.buffer))
    if last:
        defragmenter.give_up()
    return Located(located.number, located.base, own, seen.rows(), seen.records, defragmenter.take())


class Seen:
    """The rows of a file with datagrams in the place of fragments."""

    def __init__(self, own: Rows) -> None:
        """No fragment yet."""
        self.own = own
        self.frames, self.packets, self.asked = own.frames, own.packets, own.asked
        self.quotes = [own.quotes]
        self.records: list[Record] = []

    def add(self, assembled: Assembled, stretch: Stretch, asked: Numbers | None) -> None:
        """Take the rows of a stretch in which there are fragments; `asked` is asked of their headers."""
        if self.frames is self.own.frames:
            self.frames, self.packets = self.own.frames.copy(), self.own.packets.copy()
        of_file = len(self.own.quotes)
        further = sum(map(len, self.quotes)) - of_file
        packets = assembled.packets
        packets["quote"][packets["quote"] >= of_file] += further
        self.quotes.append(assembled.quotes[of_file:])
        rows = slice(stretch.start, stretch.end)
        self.frames[rows], self.packets[rows] = assembled.frames, packets
        if self.asked is not None and asked is not None:
            self.asked[rows] = asked
        self.records.append(Record(bare(assembled.wholes), assembled.lost, assembled.with_it))

    def rows(self) -> Rows:
        """The rows."""
        if not self.records:
            return self.own
        return Rows(self.frames, self.packets, np.concatenate(self.quotes), self.asked)


def bare(wholes: Sequence[Whole]) -> list[Whole]:
    """Without what is not needed any more: the bytes of the datagrams that were put together."""
    nothing: Any = None
    kept = []
    for whole in wholes:
        if whole.fragments is not None:
            whole.fragments.fragments.clear()
            kept.append(Whole(whole.row, nothing, whole.fragments))
    return kept
