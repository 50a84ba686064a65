"""Captures, opened: from paths or scapy packets to chunks of decoded frames.

Read first: `open_captures` and `Captures.__iter__`. Formats, compression and merging are in the modules beside this,
decoding in `fwsim.engine.decode`. What interface a frame came by and which rules it meets is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fwsim.capture.merging import Merge, Source
from fwsim.capture.model import CaptureFile, CaptureInterface, Chunk, Input, Scanned, Table
from fwsim.capture.opening import open_capture
from fwsim.capture.pool import Pool
from fwsim.capture.reader import Run
from fwsim.capture.scapy_packets import ScapySource
from fwsim.capture.stored import STDIN
from fwsim.engine import is_compiled
from fwsim.engine.checksum import AUTO, IGNORE, VERIFY, views
from fwsim.engine.decode import decode
from fwsim.engine.link import LAYER
from fwsim.engine.network import DECODER
from fwsim.errors import FwsimError, UsageError
from fwsim.tables import PACKET, QUOTE, empty
from fwsim.uncompiled import flush, fresh, loaded, usable

CHECKSUMS = {"ignore": IGNORE, "auto": AUTO, "verify": VERIFY}
"""What `--checksum` may say."""
CHUNK_ROWS = 2000
"""Frames of a chunk: their rows, decisions and bytes are some 2.5 MB, as much as two level-2 caches hold."""
UNCOMPILED_ROWS = 500
LONG_AGO = -(1 << 62)
"""Before every timestamp (ns)."""


class Captures:
    """Chunks of decoded frames, to be iterated over once; `files` and `interfaces` fill on the way."""

    def __init__(
        self,
        run: Run,
        files: list[CaptureFile],
        sources: Iterable[Source],
        *,
        checksum: str,
        limit: int | None,
        fixed: bool = True,
    ) -> None:
        """Decode what `sources` give, one after the other, up to `limit` frames.

        Chunks are as large as the `run` says; unless that is `fixed`, smaller as long as the engine is not compiled.
        """
        if checksum not in CHECKSUMS:
            raise UsageError(f"--checksum {checksum}: expected auto, verify or ignore")
        self.files = files
        self._run = run
        self._sources = sources
        self.left = limit
        self._fixed = fixed
        self.source: Source | None = None
        self.between = True
        """Whether all is given out that was read: so a run may rest behind this chunk."""
        self.decoder = empty(DECODER, 1)
        self.decoder["checksum"] = CHECKSUMS[checksum]
        self.decoder["now"] = LONG_AGO
        self._layer = empty(LAYER, 1)
        self._packets: Pool[Table] = Pool(lambda: empty(PACKET, run.chunk_rows))
        self._quotes: Pool[Table] = Pool(lambda: empty(QUOTE, run.chunk_rows))

    @property
    def interfaces(self) -> list[CaptureInterface]:
        """The capture interfaces met so far; `frames["capture_interface"]` numbers them."""
        return self._run.interfaces

    @property
    def notes(self) -> dict[str, int]:
        """Counts worth a note: `offloaded` and `offloaded_header` checksums, `segmented` lengths, `cut` packets."""
        return {name: int(self.decoder[name][0]) for name in ("offloaded", "offloaded_header", "segmented", "cut")}

    @property
    def complete(self) -> bool:
        """Whether no file was damaged, as far as they have been read."""
        return all(file.complete for file in self.files)

    def __iter__(self) -> Iterator[Chunk]:
        """Decode chunk by chunk, of at most `chunk_rows` frames."""
        for source in self._sources:
            self.source = source
            try:
                while (most := self._most()) and (scanned := source.next(most)) is not None:
                    rest = len(scanned.frames)
                    for piece in pieces(scanned, self._run.chunk_rows):
                        rest -= len(piece.frames)
                        self.between = not rest
                        yield self._decode(self._limited(piece))
                        if self.left == 0:
                            return
            finally:
                source.close()

    def close(self) -> None:
        """Release what is open; needed only if the chunks are not iterated over to their end."""
        if self.source is not None:
            self.source.close()

    def estimate_remaining(self) -> int:
        """About how many frames are still to come, by the sizes of the files and the frames so far."""
        if self.source is None:
            return 0
        left = self.source.estimate_remaining()
        opened = sum(size_of(file.path) for file in self.files if file.format)
        if opened:
            unopened = sum(size_of(file.path) for file in self.files if not file.format)
            left += unopened * (left + sum(file.packets for file in self.files)) // opened
        return left if self.left is None else min(left, self.left)

    def _most(self) -> int:
        """How many frames may come next: few as long as they are decided uncompiled, so that this can end soon."""
        rows = self._run.chunk_rows if is_compiled() or self._fixed else min(self._run.chunk_rows, UNCOMPILED_ROWS)
        return rows if self.left is None else min(self.left, rows)

    def _limited(self, piece: Scanned) -> Scanned:
        """The piece, or as much of it as the limit allows."""
        if self.left is None:
            return piece
        piece.frames = piece.frames[: self.left]
        piece.comments = {row: text for row, text in piece.comments.items() if row < self.left}
        self.left -= len(piece.frames)
        return piece

    def _count(self, frames: Table) -> None:
        """Count the frames of each file."""
        first, last = int(frames["file"].min()), int(frames["file"].max())
        for number in range(first, last + 1):
            times = frames["ts"] if first == last else frames["ts"][frames["file"] == number]
            if len(times):
                self.files[number].count(len(times), int(times.min()), int(times.max()))

    def _decode(self, scanned: Scanned) -> Chunk:
        """Decode a batch."""
        count = len(scanned.frames)
        self._count(scanned.frames)
        packets = self._packets.take()[:count]
        quotes = self._quotes.take()[:count]
        frame_rows, packet_rows, quote_rows = loaded(scanned.frames, 0, count), fresh(packets), fresh(quotes)
        layer, decoder = usable(self._layer), usable(self.decoder)
        link_types: Any = [interface.link_type for interface in self._run.interfaces]
        if is_compiled():
            link_types = np.array(link_types, np.int64)
        even, odd = views(scanned.buffer)
        content = usable(scanned.buffer)
        decode(content, even, odd, link_types, frame_rows, packet_rows, quote_rows, count, layer, decoder)
        flush(frame_rows, packet_rows, quote_rows, layer, decoder)
        fragments = int(self.decoder["fragments"][0])
        self.decoder["fragments"] = 0
        checksum = int(self.decoder["checksum"][0])
        return Chunk(scanned.frames, packets, quotes, scanned.buffer, scanned.comments, fragments > 0, checksum)


def pieces(scanned: Scanned, most: int) -> Iterator[Scanned]:
    """A batch in pieces of at most `most` frames, over the same bytes."""
    if len(scanned.frames) <= most:
        yield scanned
        return
    for start in range(0, len(scanned.frames), most):
        comments = {row - start: text for row, text in scanned.comments.items() if start <= row < start + most}
        yield Scanned(scanned.frames[start : start + most], scanned.buffer, comments)


def size_of(path: str) -> int:
    """The size of a file; 0 if that is not known."""
    try:
        return Path(path).stat().st_size
    except OSError:
        return 0


def open_captures(
    inputs: Sequence[Input],
    *,
    checksum: str = "auto",
    merge: bool = False,
    limit: int | None = None,
    chunk_rows: int | None = None,
    digest: bool = True,
    stopped: Callable[[], bool] | None = None,
) -> Captures:
    """Open captures to be read one after the other, or merged by timestamp.

    A file that is not a capture is refused here, before anything is read (`CaptureError`); stdin when its turn comes.
    `limit` ends the run after so many frames, `chunk_rows` is how many come at a time. `digest=False` leaves the
    SHA-256 of the files out. A pipe is not waited for any more once `stopped` says so.
    """
    if [i.path for i in inputs].count(STDIN) > 1:
        raise UsageError("stdin (-) can be read only once")
    for one in inputs:
        check(one)
    run = Run(chunk_rows or CHUNK_ROWS, digest, stopped)
    files = [CaptureFile(one.path) for one in inputs]
    opening = (
        open_capture(run, one, file, number) for number, (one, file) in enumerate(zip(inputs, files, strict=True))
    )
    sources = merged(opening) if merge else opening
    return Captures(run, files, sources, checksum=checksum, limit=limit, fixed=chunk_rows is not None)


def merged(opening: Iterator[Source]) -> Iterator[Source]:
    """All sources as one; if one cannot be opened the others are closed."""
    sources: list[Source] = []
    try:
        sources.extend(opening)
    except FwsimError:
        Merge(sources).close()
        raise
    yield Merge(sources)


def check(one: Input) -> None:
    """Refuse what is not a capture, from its first frame. Stdin and pipes can be read only once, in their turn."""
    path = Path(one.path)
    if one.path != STDIN and (path.is_file() or path.is_dir() or not path.exists()):
        reader = open_capture(Run(1, False), one, CaptureFile(one.path), 0)
        try:
            reader.next(1)
        finally:
            reader.close()


def from_scapy(
    packets: Iterable[Any],
    *,
    interface: str | None = None,
    ts: int | None = None,
    checksum: str = "auto",
    limit: int | None = None,
    chunk_rows: int | None = None,
) -> Captures:
    """Scapy packets the same way as a capture's frames: as bytes, through the same decoder.

    The link type is that of the outermost layer; `time`, `wirelen`, `sniffed_on`, `direction` and `comments` are kept.
    `interface` is where packets were seen that do not say it themselves, `ts` the time (ns) of all, if not their own.
    """
    run = Run(chunk_rows or CHUNK_ROWS, False)
    file = CaptureFile("<scapy>", format="scapy")
    sources = [ScapySource(run, file, packets, interface, ts)]
    return Captures(run, [file], sources, checksum=checksum, limit=limit, fixed=chunk_rows is not None)
