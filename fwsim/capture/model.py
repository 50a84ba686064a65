"""What reading captures takes and gives: inputs, chunks of decoded frames, and what is known of each file.

Read first: `fwsim.tables` (FRAME, PACKET, QUOTE), whose rows a `Chunk` holds. Nothing is read here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from fwsim.engine.checksum import AUTO

Table = npt.NDArray[np.void]


@dataclass(frozen=True)
class Input:
    """A capture to read: a path (`-` is stdin), and the declared interface it was taken on, if the user said so."""

    path: str
    interface: str | None = None


@dataclass
class CaptureFile:
    """What is known of an input; it grows while the file is read: `packets` were handed out.

    `sha256` is that of the bytes as stored; None until the file's end was reached (`limit` may prevent that), or if
    no digest was asked for. `complete` turns False when damage ends the reading early, and `warnings` then say where.
    Times are in ns since the epoch.
    """

    path: str
    format: str = ""
    compression: str = ""
    sha256: str | None = None
    packets: int = 0
    complete: bool = True
    warnings: list[str] = field(default_factory=list)
    link_types: list[int] = field(default_factory=list)
    first_ts: int | None = None
    last_ts: int | None = None

    def count(self, frames: int, first_ts: int, last_ts: int) -> None:
        """Add frames that were handed out, and the span of their times."""
        self.packets += frames
        self.first_ts = first_ts if self.first_ts is None else min(self.first_ts, first_ts)
        self.last_ts = last_ts if self.last_ts is None else max(self.last_ts, last_ts)

    def warn(self, what: str) -> None:
        """Keep a warning, once; a hostile file cannot make the list long."""
        if what not in self.warnings and len(self.warnings) < 100:
            self.warnings.append(what)


@dataclass(frozen=True)
class CaptureInterface:
    """Where frames were captured: the name in the file or that of the input, the link type, the file's number."""

    name: str | None
    link_type: int
    file: int


@dataclass
class Scanned:
    """Frames that were found but not yet decoded: rows of FRAME, the bytes they lie in, comments by row."""

    frames: Table
    buffer: npt.NDArray[np.uint8]
    comments: dict[int, list[str]]


@dataclass
class Chunk:
    """Decoded frames in capture order: `frames[i]` and `packets[i]` are one frame, `comments[i]` its comments.

    A frame's bytes are `buffer[offset : offset + captured]`. `quotes` may be longer than what is used of it. The
    arrays are used again only once nobody refers to them, so a chunk may be kept, at the price of its memory.
    `fragments` is False if there is no fragment among them; `checksum` says which checksums are judged
    (`fwsim.engine.checksum`).
    """

    frames: Table
    packets: Table
    quotes: Table
    buffer: npt.NDArray[np.uint8]
    comments: dict[int, list[str]]
    fragments: bool = True
    checksum: int = AUTO

    def __len__(self) -> int:
        """How many frames there are."""
        return len(self.frames)

    def data(self, row: int) -> bytes:
        """The captured bytes of a frame, from its link-layer header on."""
        frame: Any = self.frames[row]
        offset = int(frame["offset"])
        return self.buffer[offset : offset + int(frame["captured"])].tobytes()
