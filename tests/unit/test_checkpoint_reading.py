"""Captures gone on with: the chunks that follow are those that would have followed, byte for byte."""

from __future__ import annotations

import bz2
import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zstandard

from fwsim.capture import Captures, Chunk, Input, open_captures
from fwsim.checkpoint.reading import Again, reopen_captures, save_captures
from fwsim.checkpoint.saved import DamagedError
from fwsim.errors import CaptureError
from fwsim.fuzz.captured import write_traffic
from tests.captures_by_hand import ether, ip4, pcap, tcp
from tests.keeping import through_a_file

PACKET = ether(ip4(tcp(payload=bytes(1_200))))
MANY = 2_500
"""Packets that fill more than two buffers."""


def told(chunk: Chunk) -> tuple[bytes, ...]:
    """All of a chunk but where its bytes lie."""
    frames = chunk.frames.copy()
    frames["offset"] = 0
    data = b"".join(chunk.data(row) for row in range(len(chunk)))
    return frames.tobytes(), chunk.packets.tobytes(), data, repr(chunk.comments).encode()


def rest(captures: Captures, chunks: Iterator[Chunk]) -> list[object]:
    """The chunks to come, and what is known in the end."""
    found: list[object] = [told(chunk) for chunk in chunks]
    return [*found, captures.files, captures.interfaces, captures.notes, captures.complete]


def assert_goes_on(folder: Path, inputs: list[Input], rows: int, *, stops: range, digest: bool = False) -> None:
    """Behind each of these chunks, reading is broken off and gone on with."""
    for stop in stops:
        merge = inputs[0].interface is not None
        captures = open_captures(inputs, merge=merge, chunk_rows=rows, digest=digest)
        chunks = iter(captures)
        for _ in range(stop):
            next(chunks)
        assert captures.between
        again = Again(inputs, "auto", merge, digest, lambda: False, rows)
        with through_a_file(folder, save_captures(captures)) as saved:
            reopened = reopen_captures(again, saved)
            assert reopened.estimate_remaining() == pytest.approx(captures.estimate_remaining(), abs=MANY)
            assert rest(reopened, iter(reopened)) == rest(captures, chunks)


@pytest.mark.parametrize("digest", [False, True], ids=["", "digest"])
@pytest.mark.parametrize(
    "compress",
    [bytes, gzip.compress, bz2.compress, zstandard.compress],
    ids=["plain", "gzip", "bz2", "zstd"],
)
def test_buffers_are_cut_in_the_same_places(tmp_path: Path, compress: Callable[[bytes], bytes], digest: bool) -> None:
    (tmp_path / "many").write_bytes(compress(pcap(*[PACKET] * MANY)))
    assert_goes_on(tmp_path, [Input(str(tmp_path / "many"))], 200, stops=range(1, 14, 3), digest=digest)


@pytest.mark.parametrize("rows", [1, 5])
def test_one_file_behind_the_other(tmp_path: Path, rows: int) -> None:
    inputs = []
    for number in range(3):
        inputs.append(Input(str(tmp_path / str(number))))
        write_traffic(inputs[-1].path, number, 6)
    assert_goes_on(tmp_path, inputs, rows, stops=range(1, 18 // rows))


@pytest.mark.parametrize("rows", [3, 4])
def test_merged_files(tmp_path: Path, rows: int) -> None:
    inputs = []
    for number, name in enumerate(("lan", "wan")):
        inputs.append(Input(str(tmp_path / name), name))
        write_traffic(inputs[-1].path, number, 10 + 20 * number)
    captures = open_captures(inputs, merge=True, chunk_rows=rows)
    rests = [number for number, _ in enumerate(captures, 1) if captures.between]
    assert len(rests) > 5
    for at in rests:
        assert_goes_on(tmp_path, inputs, rows, stops=range(at, at + 1))


def test_a_file_that_has_become_shorter_is_told(tmp_path: Path) -> None:
    path = tmp_path / "many"
    path.write_bytes(pcap(*[PACKET] * 100))
    captures = open_captures([Input(str(path))], chunk_rows=10)
    next(iter(captures))
    path.write_bytes(pcap(*[PACKET] * 2))
    again = Again([Input(str(path))], "auto", False, False, lambda: False, 10)
    with through_a_file(tmp_path, save_captures(captures)) as saved, pytest.raises(CaptureError, match="shorter"):
        reopen_captures(again, saved)
    captures.close()


@pytest.mark.parametrize(
    ("name", "value"),
    [("number", 1), ("number", -1), ("at", 1 << 30), ("end", 1 << 30), ("size", 1 << 40), ("unread", [3]), ("done", 1)],
)
def test_a_reader_that_stands_nowhere_is_refused(tmp_path: Path, name: str, value: object) -> None:
    path = tmp_path / "few"
    path.write_bytes(pcap(*[PACKET] * 20))
    captures = open_captures([Input(str(path))], chunk_rows=10)
    next(iter(captures))
    tree = save_captures(captures)
    tree["reader"][name] = value
    again = Again([Input(str(path))], "auto", False, False, lambda: False, 10)
    with pytest.raises(DamagedError), through_a_file(tmp_path, tree) as saved:
        reopen_captures(again, saved)
    captures.close()
