"""A capture file read where it is: all its frames, decoded, and of fragments their bytes.

Read first: `fwsim.capture`. What a file cannot know alone (which interfaces and what time came before it) is left to
`fwsim.cluster.locating`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fwsim.capture import Chunk, Input, open_captures
from fwsim.capture.captures import CHUNK_ROWS
from fwsim.capture.model import CaptureFile, CaptureInterface, Table
from fwsim.cluster.setup import Setup, at_work, simulator_of
from fwsim.defragmenting import fragment_rows
from fwsim.engine.checksum import AUTO
from fwsim.errors import CaptureError
from fwsim.tables import FRAME, PACKET, QUOTE


@dataclass(frozen=True)
class Source:
    """A file: as the user named it, where a worker finds it, and its number."""

    name: str
    place: str
    number: int


@dataclass(frozen=True)
class Stretch:
    """Rows that were read together, and how many capture interfaces of the file were known by then."""

    start: int
    end: int
    interfaces: int


@dataclass(frozen=True)
class About:
    """What is known of a file apart from its frames."""

    number: int
    file: CaptureFile
    interfaces: tuple[CaptureInterface, ...]
    notes: dict[str, int]
    packets: int
    first_ts: int | None
    """Of its first frame."""


@dataclass(frozen=True)
class Content:
    """The frames of a file; of the bytes only those of fragments, unless rules ask for more (`fwsim.headers`)."""

    about: About
    stretches: tuple[Stretch, ...]
    frames: Table
    packets: Table
    quotes: Table
    buffer: npt.NDArray[np.uint8]
    checksum: int


def read(setup: Setup, source: Source) -> Content:
    """Read a file; CaptureError if it cannot be opened, or is no capture."""
    with at_work(setup):
        try:
            return _read(setup, source)
        except CaptureError as problem:
            raise CaptureError(source.name, str(problem).removeprefix(f"{source.place}: ")) from None


def _read(setup: Setup, source: Source) -> Content:
    """The same, with errors that name the place."""
    captures = open_captures(
        [Input(source.place)], checksum=setup.checksum, digest=setup.digest, chunk_rows=CHUNK_ROWS
    )  # fmt: skip
    lowered = simulator_of(setup).lowered.values()
    pieces = Pieces(source.number, every_frame=any(one.asked for one in lowered))
    for chunk in captures:
        pieces.add(chunk, len(captures.interfaces))
    frames, packets, quotes, buffer = pieces.whole()
    file = replace(captures.files[0], path=source.name)
    interfaces = tuple(replace(interface, file=source.number) for interface in captures.interfaces)
    first = int(frames["ts"][0]) if len(frames) else None
    about = About(source.number, file, interfaces, captures.notes, len(frames), first)
    return Content(about, tuple(pieces.stretches), frames, packets, quotes, buffer, pieces.checksum)


class Pieces:
    """The chunks of a file, to be put together."""

    def __init__(self, number: int, *, every_frame: bool = False) -> None:
        """None yet of file `number`; with `every_frame` the bytes of all are kept."""
        self.number = number
        self.every_frame = every_frame
        self.stretches: list[Stretch] = []
        self.tables: list[tuple[Table, Table, Table]] = []
        self.bytes = bytearray()
        self.quotes = 0
        self.checksum = AUTO

    def add(self, chunk: Chunk, interfaces: int) -> None:
        """Copy what is needed of a chunk."""
        start = self.stretches[-1].end if self.stretches else 0
        self.stretches.append(Stretch(start, start + len(chunk), interfaces))
        frames, packets = chunk.frames.copy(), chunk.packets.copy()
        frames["file"] = self.number
        frames["offset"] = 0
        for row in self._to_be_kept(chunk):
            frames["offset"][row] = len(self.bytes)
            self.bytes += chunk.data(row)
        quotes = chunk.quotes[: int(packets["quote"].max(initial=-1)) + 1].copy()
        packets["quote"][packets["quote"] >= 0] += self.quotes
        self.quotes += len(quotes)
        self.tables.append((frames, packets, quotes))
        self.checksum = chunk.checksum

    def _to_be_kept(self, chunk: Chunk) -> Sequence[int]:
        """The rows whose bytes somebody will ask for."""
        if self.every_frame:
            return range(len(chunk))
        return fragment_rows(chunk, 0, len(chunk)) if chunk.fragments else ()

    def whole(self) -> tuple[Table, Table, Table, npt.NDArray[np.uint8]]:
        """Frames, packets, quotes, and the bytes."""
        frames, packets, quotes = zip(*self.tables, strict=True) if self.tables else ((), (), ())
        buffer = np.frombuffer(bytes(self.bytes), np.uint8)
        return joined(frames, FRAME), joined(packets, PACKET), joined(quotes, QUOTE), buffer


def joined(tables: Sequence[Table], kind: np.dtype[np.void]) -> Table:
    """Tables one behind the other, if there are any."""
    return np.concatenate(tables) if tables else np.zeros(0, kind)
