"""The file of a baseline: a line that says what it is, a line of JSON, and the decisions, compressed.

Read first: `Writer`, then `Baseline`. Behind the two lines stands one zstd frame of blocks of `BLOCK` rows (the last is
shorter); a block is a column of kinds, one of connections, and, if addresses were translated, one of what became of
them; each holds differences to the row before, which compress well. No part of it depends on the day or the machine.
Nothing of it is executed when it is read, and nothing is believed: every mistake is a UsageError that names the file.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import zstandard

from fwsim import __version__
from fwsim.baseline.deciders import Decider
from fwsim.baseline.kinds import WORDS, Kind, saved_kinds
from fwsim.checkpoint.saved import DamagedError, Saved
from fwsim.errors import UsageError
from fwsim.whole_files import whole_file

MAGIC = b"fwsim baseline 1\n"
"""The version is that of the format: another is refused."""
BLOCK = 1 << 16
HEADER_MAX = 1 << 26
ROWS_MAX = 1 << 40
WINDOW_MAX = 1 << 23
"""What may be asked for to decompress; more than is written."""
PIECE = 1 << 20

Numbers = npt.NDArray[np.int64]
Columns = tuple[Numbers, Numbers, Numbers]
"""By frame: the number of its kind, its connection (0: none), and a digest of how it was translated (0: not)."""


def is_baseline(path: str) -> bool:
    """Whether a file is one, of whatever version."""
    try:
        with open(path, "rb") as file:
            return file.read(len(MAGIC)).startswith(MAGIC.split()[0] + b" baseline ")
    except OSError:
        return False


@dataclass(frozen=True)
class About:
    """What a baseline says of the run that it was made of."""

    mode: str
    captures: list[tuple[str, str]]
    """Their paths, and their SHA-256."""
    ruleset: str
    digest: str | None
    """The SHA-256 of the ruleset, if it was a file."""
    options: dict[str, str]
    """Those that may matter, as texts."""


class Writer:
    """Takes decisions as a run comes to them, on the disk; the file is there only once it is finished."""

    def __init__(self, *, translates: bool) -> None:
        """Nothing was decided yet."""
        self.translates = translates
        self.rows = 0
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 -- closed by `close`
        self._stream = zstandard.ZstdCompressor(level=3).stream_writer(self._file, closefd=False)
        self._waiting: list[Columns] = []
        self._count = 0

    def add(self, kinds: Numbers, connections: Numbers, translations: Numbers) -> None:
        """The next frames."""
        self._waiting.append((kinds, connections, translations))
        self._count += len(kinds)
        self.rows += len(kinds)
        if self._count >= BLOCK:
            self._write(BLOCK)

    def _write(self, least: int) -> None:
        """Write whole blocks of what waits."""
        columns = [np.concatenate(parts) for parts in zip(*self._waiting, strict=True)]
        start = 0
        while self._count - start >= least and start < self._count:
            end = min(start + BLOCK, self._count)
            for column in columns if self.translates else columns[:2]:
                self._stream.write(np.diff(column[start:end], prepend=0).astype("<i8").tobytes())
            start = end
        rest = tuple(column[start:].copy() for column in columns)
        self._waiting = [(rest[0], rest[1], rest[2])]
        self._count -= start

    def finish(self, path: str, kinds: list[Kind], about: dict[str, Any]) -> None:
        """Put the file in its place, whole."""
        if self._count:
            self._write(1)
        self._stream.close()  # type: ignore[no-untyped-call]
        size = self._file.tell()
        header = {
            "fwsim": __version__, "about": about, "packets": self.rows, "translates": self.translates,
            "body": {"bytes": size, "sha256": self._digest()}, **saved_kinds(kinds),
        }  # fmt: skip
        try:
            with whole_file(path, "wb") as out:
                out.write(MAGIC + json.dumps(header, sort_keys=True).encode() + b"\n")
                self._file.seek(0)
                while piece := self._file.read(PIECE):
                    out.write(piece)
        except OSError as error:
            raise UsageError(f"{path}: cannot be written: {error.strerror or error}") from None

    def _digest(self) -> str:
        """The SHA-256 of what was compressed."""
        self._file.seek(0)
        return hashlib.file_digest(self._file, "sha256").hexdigest()  # type: ignore[arg-type]

    def close(self) -> None:
        """Forget all of it, if it was not finished."""
        self._file.close()


class Baseline:
    """A file that was opened to be compared with; its rows are read in order, once. A context manager."""

    def __init__(self, path: str) -> None:
        """Read the header, and see whether the rest is what was written. Raises UsageError."""
        self.path = path
        try:
            self._file = open(path, "rb")  # noqa: SIM115 -- closed by `__exit__`
        except OSError as error:
            raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from None
        try:
            self._begin()
        except DamagedError as error:
            self._file.close()
            raise UsageError(f"{path}: is damaged, or no baseline of fwsim ({error})") from None
        except UsageError:
            self._file.close()
            raise

    def __enter__(self) -> Baseline:
        """Read in a `with` statement."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._file.close()

    def _begin(self) -> None:
        """The header, and the digest of what is behind it."""
        first = self._file.readline(len(MAGIC))
        if first != MAGIC:
            if first.startswith(b"fwsim baseline "):
                raise UsageError(f"{self.path}: is a baseline of another version of fwsim: make it anew (--save)")
            raise DamagedError("it does not begin like one")
        saved = Saved(self._header(), "header")
        self.about = _about(saved.part("about"))
        self.packets = saved.number("packets", 0, ROWS_MAX)
        self.translates = saved.truth("translates")
        self.kinds = list(_kinds(saved))
        self._check_body(saved.part("body"))
        decompressor = zstandard.ZstdDecompressor(max_window_size=WINDOW_MAX)
        self._stream = decompressor.stream_reader(self._file, read_across_frames=False)
        self._left = self.packets
        self._block: list[Numbers] = [np.zeros(0, np.int64)] * 3

    def _header(self) -> Any:
        """The line of JSON."""
        line = self._file.readline(HEADER_MAX)
        try:
            return json.loads(line)
        except (ValueError, RecursionError):
            raise DamagedError("its header is no JSON") from None

    def _check_body(self, saved: Saved) -> None:
        """See whether all bytes behind the header are those that were written."""
        start = self._file.tell()
        digest = hashlib.sha256()
        while piece := self._file.read(PIECE):
            digest.update(piece)
        size = self._file.tell() - start
        if size != saved.number("bytes", 0) or digest.hexdigest() != saved.text("sha256"):
            raise DamagedError("its decisions are not those that were written")
        self._file.seek(start)

    def take(self, count: int) -> Columns:
        """The next rows: fewer than asked for where it ends."""
        pieces: list[list[Numbers]] = []
        while count and (len(self._block[0]) or self._left):
            if not len(self._block[0]):
                self._block = self._read()
            pieces.append([column[:count] for column in self._block])
            self._block = [column[count:] for column in self._block]
            count -= len(pieces[-1][0])
        kinds, connections, translations = (
            np.concatenate([piece[place] for piece in pieces]) if pieces else np.zeros(0, np.int64)
            for place in range(3)
        )
        return kinds, connections, translations

    def _read(self) -> list[Numbers]:
        """The next block."""
        rows = min(self._left, BLOCK)
        self._left -= rows
        columns = [self._column(rows) for _ in range(3 if self.translates else 2)]
        if columns[0].min() < 0 or columns[0].max() >= len(self.kinds) or columns[1].min() < 0:
            raise self._damaged("a number of its decisions stands for nothing")
        return columns if self.translates else [*columns, np.zeros(rows, np.int64)]

    def _column(self, rows: int) -> Numbers:
        """One column of a block."""
        content = b""
        try:
            while len(content) < 8 * rows and (piece := self._stream.read(8 * rows - len(content))):
                content += piece
        except zstandard.ZstdError:
            raise self._damaged("its decisions cannot be decompressed") from None
        if len(content) < 8 * rows:
            raise self._damaged("decisions are missing")
        return np.cumsum(np.frombuffer(content, "<i8").astype(np.int64))

    def _damaged(self, what: str) -> UsageError:
        """What is wrong."""
        return UsageError(f"{self.path}: is damaged ({what})")


def _about(saved: Saved) -> About:
    """What is said of the run."""
    mode, ruleset = saved.text("mode"), saved.part("ruleset")
    saved.must(mode in ("stateful", "stateless"), "mode")
    captures = [(one.text("path"), one.text("sha256")) for one in saved.parts("captures")]
    options = {one.text("name"): one.text("value") for one in saved.parts("options")}
    return About(mode, captures, ruleset.text("path"), ruleset.text_or_none("sha256"), options)


def _kinds(saved: Saved) -> Iterator[Kind]:
    """The kinds of a header."""
    deciders = [
        Decider(one.text("identity"), one.text("title"), one.text_or_none("path"), one.number_or_none("line"))
        for one in saved.parts("deciders")
    ]
    for row in saved.list("kinds"):
        saved.must(isinstance(row, list) and len(row) == len(WORDS) + 2, "kinds")
        *words, mirror, number = row
        saved.must(all(word is None or isinstance(word, str) for word in words), "kinds")
        saved.must(type(mirror) is bool and type(number) is int and 0 <= number < len(deciders), "kinds")
        yield Kind(**dict(zip(WORDS, words, strict=True)), mirror=mirror, decider=deciders[number])
