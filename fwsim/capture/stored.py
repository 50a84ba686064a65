"""The bytes of a capture as stored: from a file or stdin, hashed on the way, decompressed where they are compressed.

Read first: `open_stored`, then `Stored.readinto`. Everything streams: a compressed file is never expanded beyond what
fits the reader's buffer (zstd: at most 32 MiB more), however much it claims to hold. What the bytes mean is not known
here.
"""

from __future__ import annotations

import bz2
import hashlib
import lzma
import os
import select
import stat
import sys
import zlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from fwsim.errors import CaptureError

STDIN = "-"
PIECE = 1 << 18
"""Bytes read from a compressed file at once."""
ZSTD_PIECE = 1 << 10
"""Compressed bytes given to zstd at once: one block of 4 bytes may expand to 128 KiB, and there is no other bound."""
WAIT_MS = 100
"""How long a pipe is waited for before it is asked again whether the run is to end, in ms."""
MEMORY_MAX = 1 << 27
"""The most memory a decompressor may ask for (its window), 128 MiB."""


class DamageError(Exception):
    """The stored bytes cannot be read on; what came before them is good. Never leaves `fwsim.capture`."""


class Bytes(Protocol):
    """What a reader needs: fill a view, and tell how much that was; 0 at the end. Raises `DamageError`."""

    def readinto(self, view: memoryview) -> int:
        """Fill the beginning of the view."""

    def close(self) -> None:
        """Release the file."""


class Decompressor(Protocol):
    """One member of a compressed file, as Python's own decompressors have it, but bounded in what it gives."""

    @property
    def eof(self) -> bool:
        """Whether the member has ended."""

    @property
    def unused_data(self) -> bytes | None:
        """What followed the member; None (lz4) or empty if nothing did."""

    def decompress(self, data: bytes, room: int) -> bytes:
        """At most `room` bytes, more or less; the rest is kept."""


class Stored:
    """The file itself, and the SHA-256 of what was read of it."""

    def __init__(self, handle: BinaryIO, close: bool, digest: bool, stopped: Callable[[], bool] | None = None) -> None:
        """Read from `handle`; `digest` asks for the SHA-256, which costs half a nanosecond a byte (in a thread).

        Once `stopped` says so, a pipe is not waited for any more.
        """
        self._handle = handle
        self._close = close
        self._hash = hashlib.sha256() if digest else None
        self._worker = ThreadPoolExecutor(1, "sha256") if digest else None
        self._hashing: list[Future[None]] = []
        self._pushed_back = b""
        self.at_end = False
        self.consumed = 0
        self.size = size_of(handle)
        self._stopped = stopped if self.size is None and hasattr(select, "poll") else None

    def readinto(self, view: memoryview) -> int:
        """Fill the beginning of the view with stored bytes; fewer than asked for come from a pipe."""
        if self._pushed_back:
            return self._again(view)
        try:
            if self._stopped is not None:
                self._wait(self._stopped)
            count = self._handle.readinto(view)  # type: ignore[attr-defined]
        except (OSError, ValueError) as error:
            raise DamageError(f"reading failed: {error}") from error
        self.at_end = not count
        self.consumed += count or 0
        if count and self._worker is not None:
            self._hash_later(view[:count])
        return count or 0

    def read(self, size: int) -> bytes:
        """The next stored bytes, at most `size`."""
        piece = bytearray(size)
        return bytes(piece[: self.readinto(memoryview(piece))])

    def beginning(self, size: int) -> bytes:
        """The first bytes, which will be read again."""
        first = b""
        while len(first) < size and (more := self.read(size - len(first))):
            first += more
        self._pushed_back = first
        return first

    def skip_to(self, place: int) -> bool:
        """Go on reading at a place in the file; False if that must be read up to, for the digest."""
        if self._hash is not None or self.size is None:
            return False
        self._pushed_back = b""
        self.consumed = self._handle.seek(min(place, self.size))
        return True

    def sha256(self) -> str | None:
        """The digest of the whole file, once it has been read to its end."""
        if self._hash is None or not self.at_end:
            return None
        for future in self._hashing:
            future.result()
        return self._hash.hexdigest()

    def close(self) -> None:
        """Release the file and the thread."""
        if self._worker is not None:
            self._worker.shutdown()
        if self._close:
            self._handle.close()

    def _wait(self, stopped: Callable[[], bool]) -> None:
        """Wait until a pipe has something to read, or the run is to end."""
        poll = select.poll()
        poll.register(self._handle.fileno(), select.POLLIN)
        while not poll.poll(WAIT_MS):
            if stopped():
                raise DamageError("reading was interrupted")

    def _again(self, view: memoryview) -> int:
        """Give the first bytes once more."""
        piece = self._pushed_back[: len(view)]
        view[: len(piece)] = piece
        self._pushed_back = self._pushed_back[len(piece) :]
        return len(piece)

    def _hash_later(self, piece: memoryview) -> None:
        """Hash in the background; a view that is being hashed keeps its buffer from being used again."""
        assert self._worker is not None
        assert self._hash is not None
        self._hashing = [future for future in self._hashing if not future.done()]
        if len(self._hashing) > 2:
            self._hashing[0].result()
        self._hashing.append(self._worker.submit(self._hash.update, piece))


def size_of(handle: BinaryIO) -> int | None:
    """The size of a regular file; None for a pipe or anything else."""
    try:
        status = os.fstat(handle.fileno())
    except (OSError, AttributeError):
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


class Zlib:
    """A gzip member (RFC 1952)."""

    def __init__(self) -> None:
        """Begin a member."""
        self._inner = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        """Whether the member has ended."""
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        """What followed the member."""
        return self._inner.unused_data

    def decompress(self, data: bytes, room: int) -> bytes:
        """At most `room` bytes; zlib keeps the rest of the input."""
        return self._inner.decompress(self._inner.unconsumed_tail + data, room)


class Zstd:
    """A zstd frame (RFC 8878), fed in small pieces since its output cannot be bounded."""

    def __init__(self) -> None:
        """Begin a frame."""
        import zstandard

        self._inner = zstandard.ZstdDecompressor(max_window_size=MEMORY_MAX).decompressobj()
        self._left = memoryview(b"")

    @property
    def eof(self) -> bool:
        """Whether the frame has ended."""
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        """What followed the frame."""
        return self._inner.unused_data + bytes(self._left)

    def decompress(self, data: bytes, room: int) -> bytes:
        """What the next small pieces hold, until there is something."""
        self._left = memoryview(bytes(self._left) + data) if data else self._left
        found: list[bytes] = []
        while self._left and room > 0 and not self.eof:
            piece, self._left = self._left[:ZSTD_PIECE], self._left[ZSTD_PIECE:]
            found.append(self._inner.decompress(piece))
            room -= len(found[-1])
        return b"".join(found)


def lz4_frame() -> Decompressor:
    """An lz4 frame."""
    import lz4.frame

    return cast(Decompressor, lz4.frame.LZ4FrameDecompressor())


def xz() -> Decompressor:
    """An xz stream."""
    return cast(Decompressor, lzma.LZMADecompressor(memlimit=MEMORY_MAX))


def bzip2() -> Decompressor:
    """A bzip2 stream."""
    return cast(Decompressor, bz2.BZ2Decompressor())


COMPRESSIONS: dict[bytes, tuple[str, Callable[[], Decompressor]]] = {
    b"\x1f\x8b": ("gzip", Zlib),
    b"\x28\xb5\x2f\xfd": ("zstd", Zstd),
    b"\x04\x22\x4d\x18": ("lz4", lz4_frame),
    b"\xfd7zXZ\x00": ("xz", xz),
    b"BZh": ("bzip2", bzip2),
}
"""Compressions by their first bytes."""


def compression(first: bytes) -> tuple[str, Callable[[], Decompressor]] | None:
    """The name and decompressor for content that begins so; None if it is not compressed."""
    return next((found for magic, found in COMPRESSIONS.items() if first.startswith(magic)), None)


class Decompressed:
    """The decompressed bytes of a stored file of one or many members."""

    def __init__(self, stored: Stored, name: str, begin: Callable[[], Decompressor]) -> None:
        """Decompress `stored`, of which nothing was read yet."""
        self._stored = stored
        self.name = name
        self._begin = begin
        self._member = begin()
        self._started = False
        self._waiting = b""
        self._spare = b""
        self._damage: DamageError | None = None

    def readinto(self, view: memoryview) -> int:
        """Fill the view with decompressed bytes, or of a pipe its beginning, as far as one piece of input goes.

        So what a file gives depends on nothing but where in it one is.
        """
        if self._damage is not None:
            raise self._damage
        filled = 0
        while filled < len(view):
            try:
                count = self._piece(view[filled:])
            except DamageError as damage:
                self._damage = damage
                if not filled:
                    raise
                break
            filled += count
            if not count or self._stored.size is None:
                break
        return filled

    def _piece(self, view: memoryview) -> int:
        """Fill the beginning of the view, as far as one piece of input goes; 0 at the end."""
        while not self._spare:
            if self._member.eof and not self._next_member():
                return 0
            self._spare = self._decompress(len(view))
        count = min(len(view), len(self._spare))
        view[:count] = self._spare[:count]
        self._spare = self._spare[count:]
        return count

    def close(self) -> None:
        """Release the file."""
        self._stored.close()

    def _decompress(self, room: int) -> bytes:
        """Some bytes of the member; none if it has ended or asks for more."""
        data, self._waiting = self._waiting, b""
        try:
            found = self._member.decompress(data, room)
            if not found and not self._member.eof:
                piece = self._stored.read(PIECE)
                if not piece:
                    raise DamageError(f"the {self.name} data end too early")
                found = self._member.decompress(piece, room)
        except DamageError:
            raise
        except Exception as error:  # every library has its own: zlib.error, ZstdError, RuntimeError (lz4), LZMAError
            raise DamageError(f"the {self.name} data are damaged ({error})") from error
        return found

    def _next_member(self) -> bool:
        """Begin the next member, if one follows; zeros behind the last are padding."""
        rest = (self._member.unused_data or b"").lstrip(b"\0")
        while not rest:
            piece = self._stored.read(PIECE)
            if not piece:
                return False
            rest = piece.lstrip(b"\0")
        rest += self._stored.read(16)
        if compression(rest) is None or compression(rest) != (self.name, self._begin):
            raise DamageError(f"something that is not {self.name} follows the {self.name} data")
        self._member = self._begin()
        self._waiting = rest
        return True


def open_stored(path: str, *, digest: bool, stopped: Callable[[], bool] | None = None) -> tuple[Stored, Bytes]:
    """Open a file, or stdin if the path is `-`: its stored bytes, and the same decompressed if they are compressed."""
    stored = Stored(*open_handle(path), digest, stopped)
    try:
        found = compression(stored.beginning(6))
    except DamageError as error:
        stored.close()
        raise CaptureError(path, str(error)) from error
    return stored, stored if found is None else Decompressed(stored, *found)


def open_handle(path: str) -> tuple[BinaryIO, bool]:
    """The file, unbuffered, and whether it is ours to close."""
    if path == STDIN:
        return cast(BinaryIO, getattr(sys.stdin.buffer, "raw", sys.stdin.buffer)), False
    if "://" in path:
        return remote(path), True
    try:
        if Path(path).is_dir():
            raise CaptureError(path, "is a directory, expected a capture file")
        return cast(BinaryIO, open(path, "rb", buffering=0)), True
    except FileNotFoundError:
        raise CaptureError(path, "no such file") from None
    except (OSError, ValueError) as error:
        what = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise CaptureError(path, f"cannot be opened: {what}") from error


def remote(url: str) -> BinaryIO:
    """A file by its URL, as fsspec reads it: `s3://bucket/name`, `https://host/name`, `file:///name`."""
    try:
        import fsspec
    except ImportError:
        raise CaptureError(url, "a URL needs fsspec, which is an extra: pip install 'fwsim[dask]'") from None
    try:
        return cast(BinaryIO, fsspec.open(url, "rb").open())
    except FileNotFoundError:
        raise CaptureError(url, "no such file") from None
    except Exception as error:  # every file system has its own
        raise CaptureError(url, f"cannot be opened: {error}") from error
