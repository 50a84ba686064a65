"""Record batches into a Parquet file, row group by row group.

Read first: `fwsim.arrow.columns`. Words are dictionaries in the file, but the Arrow schema that would make them so
again when they are read is left out: pyarrow cannot read dictionaries in structs from several row groups.

A Parquet file ends in a footer, without which nothing can be read of it: one that was not brought to its end has none,
and does not look complete.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from fwsim.arrow.columns import WORDS, Columns, Gathered
from fwsim.naming import Naming

PREFIX = "fwsim."
"""Before the keys of what is said about the run."""

DELTAS = ("n", "ts")
"""Columns that grow steadily: written as differences."""

STATISTICS = (*DELTAS, "connection")
"""Columns of which each row group tells the least and the greatest, so that readers may skip it. (For all of them, that
would take a third of the time.)"""


class ParquetFile:
    """Writes the selected rows of batches to a stream of bytes, in a thread beside the one that decides."""

    def __init__(self, modes: Sequence[str], naming: Naming, out: IO[bytes]) -> None:
        """`out` need not be seekable."""
        self.columns = Columns(modes, naming)
        self.sink = _Sink(out)
        self.thread = ThreadPoolExecutor(1)
        self.pending: Future[None] | None = None
        words = _paths_of_words(self.columns.schema)
        self.writer = pq.ParquetWriter(
            pa.PythonFile(self.sink, mode="w"), self.columns.schema, compression="zstd", compression_level=1,
            use_dictionary=words, column_encoding=dict.fromkeys(DELTAS, "DELTA_BINARY_PACKED"),
            write_statistics=list(STATISTICS), store_schema=False,
        )  # fmt: skip

    def write(self, batch: Any, rows: Any) -> None:
        """Take the selected rows of a batch."""
        for gathered in self.columns.add(batch, rows):
            self._hand_over(gathered)

    def finish(self, about: Mapping[str, str]) -> None:
        """Write what is left, what is to be said about the run, and the footer."""
        for gathered in self.columns.rest():
            self._hand_over(gathered)
        self._settle()
        self.writer.add_key_value_metadata({PREFIX + key: value for key, value in about.items()})
        self.writer.close()
        self.abandon()

    def abandon(self) -> None:
        """Write nothing any more, in particular no footer (pyarrow would, as soon as nobody holds its writer)."""
        self.sink.done = True
        self.thread.shutdown(cancel_futures=True)

    def _hand_over(self, gathered: Gathered) -> None:
        """Let the other thread write a row group, once it has written the one before."""
        self._settle()
        self.pending = self.thread.submit(self._write, gathered)

    def _settle(self) -> None:
        """Wait for the other thread; what went wrong there is raised here."""
        if self.pending is not None:
            self.pending.result()
            self.pending = None

    def _write(self, gathered: Gathered) -> None:
        """Write a row group."""
        self.writer.write_batch(self.columns.record_batch(gathered))


class _Sink:
    """A stream that can be made to swallow what is still written."""

    closed = False

    def __init__(self, out: IO[bytes]) -> None:
        self.out = out
        self.done = False

    def write(self, data: Any) -> int:
        """Write, or not any more."""
        if not self.done:
            self.out.write(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is held back here."""

    def close(self) -> None:
        """Leave closing to who has opened the stream."""


def _paths_of_words(schema: Any) -> list[str]:
    """The columns that are words, as Parquet names them."""
    paths = []
    for field in schema:
        if pa.types.is_struct(field.type):
            paths += [f"{field.name}.{inner.name}" for inner in field.type if inner.type == WORDS]
        elif field.type == WORDS:
            paths.append(field.name)
    return [*paths, "evidence.list.element"]
