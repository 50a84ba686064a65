"""Batches held back while fragments in them wait for their datagram, so that output keeps the order of the capture.

Read first: `fwsim.defragmenting`. Where nothing waits, batches pass straight through. Some are held in memory; what
comes behind them goes to temporary files, so that one lost fragment does not cost the memory of half a minute of
traffic; a file that is read is removed, so that the disk holds little more than what still waits.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from typing import IO, Any

import numpy as np

from fwsim.capture import Chunk
from fwsim.defragmenting import Defragmenter
from fwsim.simulator import Batch

IN_MEMORY = 16
"""Batches held in memory; a capture's arrays are used again for about as many (`fwsim.capture.pool`)."""

FILE_SIZE = 1 << 26
"""Bytes from which on a temporary file is followed by the next, or a sixteenth of all: so there are few of them."""


def in_order(batches: Iterable[Batch], defragmenter: Defragmenter | None, held: Held | None = None) -> Iterator[Batch]:
    """The same batches in the same order, each once all of it is decided; behind those that `held` holds already."""
    if defragmenter is None:
        yield from batches
        return
    defragmenter.keeping = True
    held = Held() if held is None else held
    try:
        for batch in batches:
            if not held and not defragmenter.waits(batch.serial):
                defragmenter.complete(batch)
                yield batch
                continue
            held.append(batch)
            del batch
            yield from _released(held, defragmenter)
        defragmenter.give_up()
        yield from _released(held, defragmenter)
        assert not held, "what nothing waits for any more has been handed out"
    finally:
        held.close()


def _released(held: Held, defragmenter: Defragmenter) -> Iterator[Batch]:
    """The batches that need not be held any more."""
    while held and not defragmenter.waits(held.serial):
        batch = held.popleft()
        defragmenter.complete(batch)
        yield batch


class Held:
    """A queue of batches: the first of them in memory, the others in temporary files, each closed when it is read."""

    def __init__(self) -> None:
        """Empty, without a file."""
        self._first: deque[Batch] = deque()
        self._files: deque[Stretch] = deque()
        self._stored = 0

    def __len__(self) -> int:
        """How many there are."""
        return len(self._first) + self._stored

    @property
    def serial(self) -> int:
        """The number of the first."""
        return self._first[0].serial

    @property
    def stored(self) -> int:
        """How many are in files."""
        return self._stored

    @property
    def size(self) -> int:
        """The bytes that the files take."""
        return sum(one.written for one in self._files)

    def append(self, batch: Batch) -> None:
        """Put one behind the others."""
        if not self._stored and len(self._first) < IN_MEMORY:
            self._first.append(batch)
            return
        if not self._files or self._files[-1].written >= max(FILE_SIZE, self.size >> 4):
            self._files.append(Stretch())
        self._files[-1].append(batch)
        self._stored += 1

    def popleft(self) -> Batch:
        """Take the first."""
        batch = self._first.popleft()
        if not self._first and self._stored:
            self._first.append(self._next_stored())
        return batch

    def _next_stored(self) -> Batch:
        """Read the first of those in files."""
        first = self._files[0]
        batch = first.popleft()
        self._stored -= 1
        if first.read_to == first.written:
            first.close()
            self._files.popleft()
        return batch

    def write(self, file: IO[bytes]) -> None:
        """Write all of them, in order; they stay here."""
        for batch in self._first:
            write_batch(file, batch)
        for stretch in self._files:
            stretch.write(file)

    def read(self, file: IO[bytes], count: int) -> None:
        """Take over what `write` wrote, `count` batches; there must be none here."""
        if not count:
            return
        self._files.append(Stretch())
        self._files[0].read(file)
        self._stored = count
        self._first.append(self._next_stored())

    def close(self) -> None:
        """Forget them all."""
        self._first.clear()
        while self._files:
            self._files.popleft().close()


class Stretch:
    """Some of the batches, in one temporary file."""

    def __init__(self) -> None:
        """Make the file, which goes when it is closed."""
        self._file = tempfile.TemporaryFile(prefix="fwsim-")  # noqa: SIM115 -- closed by `close`
        self.written = 0
        self.read_to = 0

    def append(self, batch: Batch) -> None:
        """Write one behind the others."""
        self._file.seek(self.written)
        write_batch(self._file, batch)
        self.written = self._file.tell()

    def popleft(self) -> Batch:
        """Read the next."""
        self._file.seek(self.read_to)
        batch = read_batch(self._file)
        self.read_to = self._file.tell()
        return batch

    def write(self, file: IO[bytes]) -> None:
        """Write all that was not read."""
        self._file.seek(self.read_to)
        shutil.copyfileobj(self._file, file)

    def read(self, file: IO[bytes]) -> None:
        """Take over what `write` wrote."""
        shutil.copyfileobj(file, self._file)
        self.written = self._file.tell()

    def close(self) -> None:
        """Remove the file."""
        self._file.close()


def write_batch(file: IO[bytes], batch: Batch) -> None:
    """Write a batch with the bytes of its frames."""
    frames = batch.frames.copy()
    first = int(frames["offset"].min())
    last = int((frames["offset"] + frames["captured"]).max())
    frames["offset"] -= first
    chunk = batch.chunk
    left = list(batch.departures)
    about = json.dumps([batch.serial, chunk.fragments, chunk.checksum, list(chunk.comments.items()), left]).encode()
    tables = (frames, batch.packets, batch.quotes, batch.stateless, batch.stateful, batch.buffer[first:last])
    for table in (*tables, np.frombuffer(about, np.uint8), *batch.departures.values()):
        np.save(file, table, allow_pickle=False)


def read_batch(file: IO[bytes]) -> Batch:
    """Read what `write_batch` wrote."""
    tables: list[Any] = [np.load(file, allow_pickle=False) for _ in range(7)]
    frames, packets, quotes, stateless, stateful, buffer, about = tables
    serial, fragments, checksum, comments, left = json.loads(about.tobytes())
    departures = {mode: np.load(file, allow_pickle=False) for mode in left}
    chunk = Chunk(frames, packets, quotes, buffer, dict(comments), fragments, checksum)
    return Batch(chunk, stateless, stateful, serial, departures)
