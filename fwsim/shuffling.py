"""A capture in another order: every frame once, at the place and time of some other.

Read first: `Shuffle`. Frames are dealt out at random to files, and each of these is then shuffled in memory: so the
order is any with the same chance, and memory is that of one file. Equal seeds give equal orders. The times stay where
they were: the first frame has the first time. So what changes is the order alone.
"""

from __future__ import annotations

import struct
import tempfile
from contextlib import ExitStack
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from fwsim.capture import Captures, CaptureWriter, Chunk
from fwsim.terms import Reason

EGRESS_COPY = int(Reason.EGRESS_COPY)
FILES = 128
HEAD = struct.Struct("<QQQIIIB")
"""Of a frame: its place in the capture, its file, its number in it, captured and real length, interface, direction."""
PLACES = np.dtype([("place", np.int64), ("file", np.int64), ("number", np.int64)])
"""Where a frame stood."""
BUFFER = 1 << 16

Places = npt.NDArray[np.void]


class Shuffle:
    """Takes the chunks of captures, and writes them in another order; a context manager."""

    def __init__(self, captures: Captures, seed: int) -> None:
        """Nothing was read yet."""
        self.captures = captures
        self.seed = seed
        self.frames = 0
        self._stack = ExitStack()
        self._chance = np.random.Generator(np.random.PCG64([seed, FILES]))
        self._files: list[IO[bytes]] = [self._temporary() for _ in range(FILES)]
        self._times, self._order = self._temporary(), self._temporary()

    def _temporary(self) -> IO[bytes]:
        """A file that is gone when this is."""
        return self._stack.enter_context(tempfile.TemporaryFile(buffering=BUFFER))

    def __enter__(self) -> Shuffle:
        """Shuffle in a `with` statement."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the files."""
        self._stack.close()

    def add(self, chunk: Chunk) -> None:
        """The next frames; second sightings of what went out again are no packets of their own, and left out."""
        frames: Any = chunk.frames
        drawn = (self._chance.random(len(chunk)) * FILES).astype(np.int64).tolist()
        names = ("file", "number", "captured", "length", "capture_interface", "sent_or_received")
        columns = zip(*(frames[name].tolist() for name in names), strict=True)
        kept = frames["reason"] != EGRESS_COPY
        for row, (to, keep, fields) in enumerate(zip(drawn, kept.tolist(), columns, strict=True)):
            if keep:
                file = self._files[to]
                file.write(HEAD.pack(self.frames + row, *fields))
                file.write(chunk.data(row))
        self._times.write(frames["ts"][kept].astype("<i8").tobytes())
        self.frames += len(chunk)

    def write(self, path: str) -> None:
        """Write the capture in its new order."""
        self._times.seek(0)
        with CaptureWriter(path) as writer:
            for number, file in enumerate(self._files):
                self._write(writer, number, file)
        self._order.seek(0)

    def _write(self, writer: CaptureWriter, number: int, file: IO[bytes]) -> None:
        """One of the files, shuffled."""
        file.seek(0)
        content = file.read()
        heads, at = [], 0
        while at < len(content):
            head = HEAD.unpack_from(content, at)
            heads.append((*head, at + HEAD.size))
            at += HEAD.size + head[3]
        order = np.random.Generator(np.random.PCG64([self.seed, number])).permutation(len(heads)).tolist()
        times = np.frombuffer(self._times.read(8 * len(heads)), "<i8").tolist()
        for ts, chosen in zip(times, order, strict=True):
            place, of, frame, captured, length, interface, direction, start = heads[chosen]
            seen_on = self.captures.interfaces[interface]
            seen = writer.interface(seen_on.name, seen_on.link_type, None if seen_on.name else interface)
            data = content[start : start + captured]
            writer.packet(data, ts, interface=seen, length=length, direction=direction)
            self._order.write(np.array((place, of, frame), "<i8").tobytes())

    def places(self, count: int) -> Places:
        """Where the next frames of the new order stood in the old one."""
        content = self._order.read(count * PLACES.itemsize)
        return np.frombuffer(content, "<i8").astype(np.int64).view(PLACES)


class Column:
    """A number for each frame, on the disk; any of them can be read again."""

    def __init__(self) -> None:
        """None was written yet."""
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 -- closed by `close`
        self.count = 0

    def add(self, numbers: npt.NDArray[np.int64]) -> None:
        """Those of the next frames."""
        self._file.write(numbers.astype("<i4").tobytes())
        self.count += len(numbers)

    def all(self) -> npt.NDArray[np.int32]:
        """All of them, read from the disk where they are asked for."""
        self._file.flush()
        if not self.count:
            return np.zeros(0, np.int32)
        return np.memmap(self._file, dtype="<i4", mode="r", shape=(self.count,))

    def close(self) -> None:
        """Forget them."""
        self._file.close()
