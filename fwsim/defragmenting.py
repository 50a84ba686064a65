"""Fragments of a chunk put together before they are tracked, and the datagram's decision given to each of them.

Read first: conntrack-spec §12; `fwsim.capture.reassembly`. The stateful mode sees a datagram in the place of the
fragment that completes it; the others go no further, and have its decision in the end. That may be decided only in a
later chunk: who holds chunks back until then (`fwsim.holding`) asks for it.

Unlike Linux: chains that stand before defragmentation (priority below -400) see the whole datagram too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np

from fwsim.capture import Chunk
from fwsim.capture.datagrams import Datagram, alone, decoded, whole_of
from fwsim.capture.fragments import read_fragment
from fwsim.capture.model import Table
from fwsim.capture.reassembly import Given, Lost, Reassembly, Set
from fwsim.tables import plain
from fwsim.terms import Evidence, Reason

EVIDENCE = {
    Reason.FRAGMENT_OVERLAP: Evidence.OVERLAPPING_FRAGMENT,
    Reason.FRAGMENT_LENGTH: Evidence.BAD_LENGTH,
    Reason.FRAGMENT_TOO_LARGE: Evidence.BAD_LENGTH,
}
"""What is wrong with fragments that are discarded for these reasons."""

FROM_LAST = ("now", "vlan", "iif", "oif", "hook")
"""Fields of a datagram that are those of the fragment that completed it."""
FROM_FRAGMENT = ("fragment", "length", "ip_id")
"""Other fields of a fragment that passes as it is."""


class Place(NamedTuple):
    """Where a fragment came: the serial number of its batch and its row, its number in its file; and what goes on."""

    serial: int
    row: int
    file: int
    number: int
    evidence: int
    route_fault: int


class Final(NamedTuple):
    """What is to be said of a fragment at last. Without a `decision`, it is not evaluated, for `reason`.

    With a `departure` it left as part of a datagram that looked so.
    """

    row: int
    reason: int
    evidence: int
    further: int
    connection: int = 0
    decision: Any = None
    departure: Any = None


class Fate(NamedTuple):
    """What became of a fragment: the file and number of the frame that completed its datagram, or why it was lost."""

    completed_by: tuple[int, int] | None
    reason: int


class Judged(Protocol):
    """What is asked of a batch: its chunk, the stateful decisions, and a number, 0 as long as it has no fragment."""

    chunk: Chunk
    stateful: Table
    serial: int

    @property
    def departures(self) -> Mapping[str, Table]:
        """By mode how packets looked when they left, if they are translated."""


@dataclass
class Whole:
    """A datagram in the place of the frame at `row`.

    Without `fragments` from which it was put together, it is one that passes as it is.
    """

    row: int
    datagram: Datagram
    fragments: Set[Place] | None = None


@dataclass
class Assembled:
    """Rows of a batch, from `start` on, as the stateful mode is to see them; `decisions` are the batch's own.

    `lost` are fragments that are discarded by now, `with_it` those that the fragment in a row took with it.
    """

    frames: Table
    packets: Table
    quotes: Table
    decisions: Table
    start: int
    wholes: list[Whole] = field(default_factory=list)
    lost: list[Lost[Place]] = field(default_factory=list)
    with_it: list[tuple[int, Lost[Place]]] = field(default_factory=list)

    def __len__(self) -> int:
        """How many rows."""
        return len(self.frames)


class Gone(Protocol):
    """What became of fragments, as `Assembled` tells it."""

    @property
    def wholes(self) -> Sequence[Whole]:
        """The datagrams."""

    @property
    def lost(self) -> Sequence[Lost[Place]]:
        """Fragments that are discarded."""

    @property
    def with_it(self) -> Sequence[tuple[int, Lost[Place]]]:
        """Those that the fragment in a row took with it."""


class Defragmenter:
    """Puts fragments together. `keeping` must be set by who will ask for what is decided later.

    `fates` tells what became of those fragments that someone has entered there, by file and number.
    """

    def __init__(self) -> None:
        """Nothing waits."""
        self.reassembly: Reassembly[Place] = Reassembly()
        self.keeping = False
        self.fates: dict[tuple[int, int], Fate | None] = {}
        self.serials = 0
        self.pending: dict[int, int] = {}
        self.final: dict[int, list[Final]] = {}

    # --- before and after the engine --------------------------------------------------------------------------------

    def begin(self, batch: Judged, start: int, end: int) -> Assembled | None:
        """Put together what is in rows `start` to `end`; None if the engine can take them as they are."""
        chunk: Chunk = batch.chunk
        rows = fragment_rows(chunk, start, end) if chunk.fragments else ()
        if not len(rows):
            if self.reassembly:
                for lost in self.reassembly.expire(int(chunk.packets["now"][end - 1])):
                    self._lose(batch, lost)
            return None
        if not batch.serial:
            self.serials += 1
            batch.serial = self.serials
        assembled = Assembled(
            frames=chunk.frames[start:end].copy(),
            packets=chunk.packets[start:end].copy(),
            quotes=chunk.quotes,
            decisions=batch.stateful[start:end],
            start=start,
        )
        for row in rows:
            self._take(batch, assembled, row)
        assembled.lost += self.reassembly.expire(int(chunk.packets["now"][end - 1]))
        if assembled.wholes:
            self._put_in_place(chunk, assembled)
        return assembled

    def _take(self, batch: Judged, assembled: Assembled, row: int) -> None:
        """Give one fragment to the reassembly, and note what becomes of it."""
        chunk: Chunk = batch.chunk
        frame, packet = plain(chunk.frames[row]), plain(chunk.packets[row])
        fragment = read_fragment(chunk.buffer.data, frame, packet)
        if fragment is None:
            return
        where = (frame["file"], frame["number"], frame["evidence"], frame["route_fault"])
        given = self.reassembly.give(fragment, Place(batch.serial, row, *where), packet["now"])
        at = row - assembled.start
        assembled.lost += given.lost
        if given.with_it is not None:
            assembled.with_it.append((row, given.with_it))
        if given.whole is not None:
            assembled.wholes.append(Whole(row, whole_of(given.whole), given.whole))
        elif given.reason == Reason.NONE:
            assembled.wholes += [Whole(row, alone(fragment))] if fragment.start == 0 else []
        else:
            self._stop(assembled.frames[at], given, batch.serial)

    def _stop(self, frame: Any, given: Given[Place], serial: int) -> None:
        """A fragment that goes no further now, perhaps never."""
        frame["reason"] = given.reason
        frame["evidence"] |= EVIDENCE.get(given.reason, 0)
        if given.reason == Reason.FRAGMENT_WAITING and self.keeping:
            self.pending[serial] = self.pending.get(serial, 0) + 1
        elif given.reason == Reason.FRAGMENT_DUPLICATE:
            frame["further"] = 1

    @staticmethod
    def _put_in_place(chunk: Chunk, assembled: Assembled) -> None:
        """Decode the datagrams, and put each in the place of its last fragment to come."""
        frames, packets, quotes = decoded([whole.datagram for whole in assembled.wholes], chunk.checksum)
        packets["quote"] = np.where(packets["quote"] >= 0, packets["quote"] + len(chunk.quotes), packets["quote"])
        assembled.quotes = np.concatenate([chunk.quotes, quotes])
        for whole, frame, packet in zip(assembled.wholes, frames, packets, strict=True):
            at = whole.row - assembled.start
            target = assembled.frames[at]
            target["transport_fault"], target["nat_fault"] = frame["transport_fault"], frame["nat_fault"]
            target["evidence"] |= frame["evidence"]
            for name in FROM_LAST if whole.fragments is not None else (*FROM_LAST, *FROM_FRAGMENT):
                packet[name] = assembled.packets[at][name]
            if whole.fragments is not None:
                _take_over(target, whole.fragments)
            assembled.packets[at] = packet

    def finish(self, batch: Judged, assembled: Assembled) -> None:
        """Write back what the engine said of `assembled`, and give the datagrams' decisions to all their fragments."""
        frames = batch.chunk.frames[assembled.start : assembled.start + len(assembled)]
        for name in ("evidence", "connection", "further"):
            frames[name] = assembled.frames[name]
        self.say(batch, assembled)

    def say(self, batch: Judged, assembled: Gone) -> None:
        """Give the datagrams' decisions, which are written back, to all their fragments."""
        for lost in assembled.lost:
            self._lose(batch, lost)
        for row, lost in assembled.with_it:
            self._lose(batch, lost, int(batch.chunk.frames[row]["evidence"]))
        for whole in assembled.wholes:
            if whole.fragments is not None:
                self._share(batch, whole)

    def _share(self, batch: Judged, whole: Whole) -> None:
        """Give the decision about a datagram to its other fragments; its rules were tried only once."""
        assert whole.fragments is not None
        frame = batch.chunk.frames[whole.row]
        decision = batch.stateful[whole.row].copy()
        decision["tried"] = 0
        left = batch.departures["stateful"][whole.row].copy() if "stateful" in batch.departures else None
        said = (int(decision["reason"]), int(frame["evidence"]), 1, int(frame["connection"]), decision, left)
        for place in whole.fragments.places:
            self._settle(batch, place.serial, Final(place.row, *said))
            if (place.file, place.number) in self.fates:
                self.fates[place.file, place.number] = Fate((int(frame["file"]), int(frame["number"])), 0)

    def _lose(self, batch: Judged | None, lost: Lost[Place], evidence: int | None = None) -> None:
        """Fragments that will never be a datagram: the first counts, unless it is the frame that ended it all."""
        common = 0 if evidence is None else evidence
        for place in lost.places:
            common |= place.evidence
        for number, place in enumerate(lost.places):
            further = int(number > 0 or evidence is not None)
            self._settle(batch, place.serial, Final(place.row, lost.reason, common, further))
            if (place.file, place.number) in self.fates:
                self.fates[place.file, place.number] = Fate(None, lost.reason)

    def _settle(self, batch: Judged | None, serial: int, final: Final) -> None:
        """Say it at once if the batch is at hand, else keep it for who holds that.

        Who holds it may ask from another thread (`waits`): nothing waits any more only once all is said.
        """
        if batch is not None and serial == batch.serial:
            apply(batch, final)
        elif self.keeping:
            self.final.setdefault(serial, []).append(final)
        if self.keeping:
            self.pending[serial] = self.pending.get(serial, 0) - 1

    # --- for who holds batches back -----------------------------------------------------------------------------------

    def waits(self, serial: int) -> bool:
        """Whether something in a batch is not decided yet."""
        return self.pending.get(serial, 0) > 0

    def complete(self, batch: Judged) -> None:
        """Say in a batch what was decided since about its fragments; it will not be asked for again."""
        self.pending.pop(batch.serial, None)
        for final in self.final.pop(batch.serial, ()):
            apply(batch, final)

    def give_up(self) -> None:
        """The capture has ended: what is incomplete stays so."""
        for lost in self.reassembly.give_up():
            self._lose(None, lost)


def fragment_rows(chunk: Chunk, start: int, end: int) -> list[int]:
    """The rows of fragments that the kernel would try to put together, atomic ones (RFC 6946) among them."""
    packets = chunk.packets[start:end]
    found = (packets["fragment"] > 0) | ((packets["family"] == 6) & (packets["ip_id"] >= 0))
    if not found.any():
        return []
    return [start + int(row) for row in np.flatnonzero(found & (chunk.frames["reason"][start:end] == 0))]


def _take_over(frame: Any, fragments: Set[Place]) -> None:
    """What is known of the other fragments' frames: evidence of all, and what routing thinks of the first header."""
    for fragment, place in zip(fragments.fragments, fragments.places, strict=False):
        frame["evidence"] |= place.evidence
        if fragment.start == 0:
            frame["route_fault"] = place.route_fault


def apply(batch: Judged, final: Final) -> None:
    """Write what was decided about a fragment into its row."""
    if final.decision is None:
        batch.stateful[final.row]["reason"] = final.reason
    else:
        batch.stateful[final.row] = final.decision
    if final.departure is not None:
        batch.departures["stateful"][final.row] = final.departure
    frame = batch.chunk.frames[final.row]
    frame["evidence"] |= final.evidence
    frame["connection"], frame["further"] = final.connection, final.further
