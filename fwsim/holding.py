"""Batches held back while fragments in them wait for their datagram, so that output keeps the order of the capture.

Read first: `fwsim.defragmenting`. Where nothing waits, batches pass straight through. Some are held in memory; what
comes behind them goes to a temporary file, so that one lost fragment does not cost the memory of half a minute of
traffic.
"""

from __future__ import annotations

import json
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


def in_order(batches: Iterable[Batch], defragmenter: Defragmenter | None) -> Iterator[Batch]:
    """The same batches in the same order, each once all of it is decided."""
    if defragmenter is None:
        yield from batches
        return
    defragmenter.keeping = True
    held = Held()
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
    finally:
        held.close()


def _released(held: Held, defragmenter: Defragmenter) -> Iterator[Batch]:
    """The batches that need not be held any more."""
    while held and not defragmenter.waits(held.serial):
        batch = held.popleft()
        defragmenter.complete(batch)
        yield batch


class Held:
    """A queue of batches: the first of them in memory, the others in a temporary file."""

    def __init__(self) -> None:
        """Empty, without a file."""
        self._first: deque[Batch] = deque()
        self._file: IO[bytes] | None = None
        self._stored = 0
        self._read_to = 0

    def __len__(self) -> int:
        """How many there are."""
        return len(self._first) + self._stored

    @property
    def serial(self) -> int:
        """The number of the first."""
        return self._first[0].serial

    @property
    def stored(self) -> int:
        """How many are in the file."""
        return self._stored

    def append(self, batch: Batch) -> None:
        """Put one behind the others."""
        if not self._stored and len(self._first) < IN_MEMORY:
            self._first.append(batch)
            return
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="fwsim-")  # noqa: SIM115 -- closed by `close`
        self._file.seek(0, 2)
        write_batch(self._file, batch)
        self._stored += 1

    def popleft(self) -> Batch:
        """Take the first."""
        batch = self._first.popleft()
        if not self._first and self._stored:
            self._first.append(self._next_stored())
        return batch

    def _next_stored(self) -> Batch:
        """Read the first of those in the file, which is emptied behind the last."""
        assert self._file is not None
        self._file.seek(self._read_to)
        batch = read_batch(self._file)
        self._read_to = self._file.tell()
        self._stored -= 1
        if not self._stored:
            self._read_to = 0
            self._file.truncate(0)
        return batch

    def close(self) -> None:
        """Forget them all."""
        self._first.clear()
        if self._file is not None:
            self._file.close()


def write_batch(file: IO[bytes], batch: Batch) -> None:
    """Write a batch with the bytes of its frames."""
    frames = batch.frames.copy()
    first = int(frames["offset"].min())
    last = int((frames["offset"] + frames["captured"]).max())
    frames["offset"] -= first
    chunk = batch.chunk
    about = json.dumps([batch.serial, chunk.fragments, chunk.checksum, list(chunk.comments.items())]).encode()
    tables = (frames, batch.packets, batch.quotes, batch.stateless, batch.stateful, batch.buffer[first:last])
    for table in (*tables, np.frombuffer(about, np.uint8)):
        np.save(file, table, allow_pickle=False)


def read_batch(file: IO[bytes]) -> Batch:
    """Read what `write_batch` wrote."""
    tables: list[Any] = [np.load(file, allow_pickle=False) for _ in range(7)]
    frames, packets, quotes, stateless, stateful, buffer, about = tables
    serial, fragments, checksum, comments = json.loads(about.tobytes())
    chunk = Chunk(frames, packets, quotes, buffer, dict(comments), fragments, checksum)
    return Batch(chunk, stateless, stateful, serial)
