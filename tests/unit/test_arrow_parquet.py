"""Parquet files: what is in them, and that one which was not brought to its end does not look complete."""

from __future__ import annotations

import errno
import gc
import io
import random

import pytest

pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed (fwsim[parquet])")
import pyarrow.parquet as pq

from fwsim.arrow import columns as module
from fwsim.arrow.parquet import ParquetFile
from fwsim.report.frames import JsonLines
from tests.arrow_rows import objects_in, objects_of
from tests.random_batches import random_batch, random_naming

MODES = [("stateless", "stateful"), ("stateful",)]


@pytest.mark.parametrize("modes", MODES)
def test_what_is_read_back_is_what_json_lines_say(modes: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROWS", 64)
    chance, names, out = random.Random(11), random_naming(), io.BytesIO()
    batches = [random_batch(chance, 50) for _ in range(4)]
    file = ParquetFile(modes, names, out)
    for made in batches:
        file.write(made, slice(None))
    file.finish({"summary": "{}"})
    read = pq.ParquetFile(io.BytesIO(out.getvalue()))
    assert read.num_row_groups == 4
    assert read.metadata.metadata[b"fwsim.summary"] == b"{}"
    assert read.schema_arrow.names == module.schema(modes).names
    assert read.schema_arrow.field("ts").type == pa.timestamp("ns", "UTC")
    assert read.schema_arrow.field("sport").type == pa.uint16()
    assert read.schema_arrow.field("src").type == pa.string()
    lines = "".join(JsonLines(modes, names).lines(made, slice(None)) for made in batches)
    assert objects_of(read.read()) == objects_in(lines)


def test_row_groups_tell_their_times_so_that_readers_may_skip_them() -> None:
    out = io.BytesIO()
    file = ParquetFile(MODES[0], random_naming(), out)
    made = random_batch(random.Random(1), 20)
    file.write(made, slice(None))
    file.finish({})
    group = pq.ParquetFile(io.BytesIO(out.getvalue())).metadata.row_group(0)
    (times,) = [group.column(i) for i in range(group.num_columns) if group.column(i).path_in_schema == "ts"]
    assert times.statistics.min_raw == made.frames["ts"].min()
    assert times.statistics.max_raw == made.frames["ts"].max()


def test_a_file_without_frames_is_a_file() -> None:
    out = io.BytesIO()
    ParquetFile(MODES[0], random_naming(), out).finish({})
    assert pq.read_table(io.BytesIO(out.getvalue())).num_rows == 0


def test_an_abandoned_file_gets_no_footer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROWS", 10)
    out = io.BytesIO()
    file = ParquetFile(MODES[0], random_naming(), out)
    file.write(random_batch(random.Random(1), 25), slice(None))
    file._settle()
    file.abandon()
    begun = out.getvalue()
    del file
    gc.collect()
    assert out.getvalue() == begun
    assert len(begun) > 100
    with pytest.raises(pa.ArrowInvalid):
        pq.ParquetFile(io.BytesIO(begun))


class Full(io.BytesIO):
    """A disk without room."""

    def write(self, data: object) -> int:
        """Refuse all but the first bytes of a file."""
        if self.tell() > 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(data)  # type: ignore[arg-type]


def test_what_goes_wrong_in_the_thread_that_writes_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROWS", 10)
    file = ParquetFile(MODES[0], random_naming(), Full())
    made = random_batch(random.Random(1), 40)
    with pytest.raises(OSError, match="No space left"):
        file.write(made, slice(None))
    file.abandon()
