"""Compressed captures, stdin and digests: streaming, bounded, and told by content."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import os
import threading
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import lz4.frame
import pytest
import zstandard

from fwsim.capture import Input, open_captures
from fwsim.errors import CaptureError, UsageError
from tests.captures_by_hand import ether, frames_of, ip4, pcap, read, tcp

FRAME = ether(ip4(tcp(0x18, payload=b"some payload " * 40)))
CAPTURE = pcap(*[FRAME] * 50)
Compress = Callable[[bytes], bytes]
COMPRESSIONS: dict[str, Compress] = {
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "zstd": lambda data: zstandard.ZstdCompressor().compress(data),
    "lz4": lz4.frame.compress,
    "xz": lzma.compress,
    "bzip2": bz2.compress,
}

each_compression = pytest.mark.parametrize("name", COMPRESSIONS)


@each_compression
def test_compressed_capture_is_read_like_the_plain_one(tmp_path: Path, name: str) -> None:
    content = COMPRESSIONS[name](CAPTURE)
    captures, frames = read(tmp_path, content)
    (file,) = captures.files
    assert (len(frames), file.complete, file.compression, file.format) == (50, True, name, "pcap")
    assert file.sha256 == hashlib.sha256(content).hexdigest()


@each_compression
def test_members_one_behind_the_other_are_one_capture(tmp_path: Path, name: str) -> None:
    compress = COMPRESSIONS[name]
    content = compress(CAPTURE[:100]) + compress(b"") + compress(CAPTURE[100:])
    captures, frames = read(tmp_path, content)
    assert (len(frames), captures.complete) == (50, True)


@each_compression
def test_compressed_capture_cut_short_yields_what_came_before(tmp_path: Path, name: str) -> None:
    noisy = pcap(*[os.urandom(1400) for _ in range(1500)])
    content = COMPRESSIONS[name](noisy)
    captures, frames = read(tmp_path, content[: len(content) * 3 // 4])
    assert not captures.complete
    assert 0 < len(frames) < 1500
    assert f"the {name} data end too early" in captures.files[0].warnings[0]


@each_compression
def test_damage_within_compressed_data_is_a_warning(tmp_path: Path, name: str) -> None:
    content = bytearray(COMPRESSIONS[name](pcap(*[os.urandom(1400) for _ in range(1500)])))
    content[len(content) // 2 :] = b"\xaa" * (len(content) - len(content) // 2)
    captures, frames = read(tmp_path, bytes(content))
    assert not captures.complete
    assert len(frames) < 1500
    assert captures.files[0].sha256 == hashlib.sha256(content).hexdigest()


def test_padding_of_zeros_behind_gzip_is_no_damage(tmp_path: Path) -> None:
    captures, frames = read(tmp_path, gzip.compress(CAPTURE) + bytes(5000))
    assert (len(frames), captures.complete) == (50, True)


def test_something_else_behind_gzip_is_damage(tmp_path: Path) -> None:
    captures, frames = read(tmp_path, gzip.compress(CAPTURE) + b"garbage")
    assert (len(frames), captures.complete) == (50, False)
    assert "something that is not gzip follows the gzip data" in captures.files[0].warnings[0]


def test_zstd_that_wants_too_much_memory_is_refused(tmp_path: Path) -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=28, write_content_size=False)
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    with pytest.raises(CaptureError, match="the zstd data are damaged"):
        read(tmp_path, compressor.compress(CAPTURE) + compressor.flush())


@each_compression
def test_decompression_bomb_is_read_in_bounded_memory(tmp_path: Path, name: str) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(COMPRESSIONS[name](pcap(FRAME) + bytes(200 << 20)))
    assert path.stat().st_size < 2 << 20
    tracemalloc.start()
    captures = open_captures([Input(str(path))])
    frames = sum(len(chunk) for chunk in captures)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert frames <= 12_000
    assert "nothing but empty frames" in captures.files[0].warnings[0]
    assert peak < 80 << 20


def test_bomb_that_is_no_capture_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="gzip data that hold something that begins with the bytes 00 00 00 00"):
        read(tmp_path, gzip.compress(bytes(50 << 20)))


def test_capture_compressed_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match=r"gzip data that hold compressed once more \(zstd\)"):
        read(tmp_path, gzip.compress(zstandard.ZstdCompressor().compress(CAPTURE)))


def test_digest_is_that_of_the_whole_file_even_if_it_is_damaged(tmp_path: Path) -> None:
    content = CAPTURE + b"\xff" * 3_000_000
    captures, _ = read(tmp_path, content)
    assert not captures.complete
    assert captures.files[0].sha256 == hashlib.sha256(content).hexdigest()


def test_no_digest_of_what_was_not_read_or_not_wanted(tmp_path: Path) -> None:
    assert read(tmp_path, CAPTURE, digest=False)[0].files[0].sha256 is None
    assert read(tmp_path, pcap(*[FRAME] * 5000), limit=10)[0].files[0].sha256 is None


class Stdin:
    """Standard input with this content."""

    def __init__(self, content: bytes) -> None:
        self.buffer = io.BytesIO(content)


@pytest.mark.parametrize("content", [CAPTURE, gzip.compress(CAPTURE)], ids=["plain", "gzip"])
def test_stdin_is_read_when_its_turn_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr("sys.stdin", Stdin(content))
    path = tmp_path / "first"
    path.write_bytes(pcap(FRAME))
    captures = open_captures([Input(str(path)), Input("-")])
    assert [f.frame["file"] for f in frames_of(captures)] == [0] + [1] * 50
    assert captures.files[1].sha256 == hashlib.sha256(content).hexdigest()


def test_stdin_twice_is_refused() -> None:
    with pytest.raises(UsageError, match="only once"):
        open_captures([Input("-"), Input("-")])


def test_stdin_that_is_no_capture_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Stdin(b"hello world, this is text"))
    with pytest.raises(CaptureError, match="-: is text, expected a pcap or pcapng capture"):
        frames_of(open_captures([Input("-")]))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_named_pipe_is_opened_only_once(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    content = pcap(*[FRAME] * 3000)

    def write() -> None:
        with path.open("wb") as pipe:
            pipe.write(content)

    writer = threading.Thread(target=write)
    writer.start()
    captures = open_captures([Input(str(path))])
    assert len(frames_of(captures)) == 3000
    writer.join()
    assert captures.files[0].sha256 == hashlib.sha256(content).hexdigest()
