"""What the readers of both capture formats share: batches of frames, the end of a file, and damage in it.

Read first: `fwsim.engine.scan`, `fwsim.capture.window`. The formats themselves are in `pcap` and `pcapng`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from fwsim.capture.link_types import is_readable, link_type_name, refusal
from fwsim.capture.model import CaptureFile, CaptureInterface, Scanned, Table
from fwsim.capture.pool import Pool
from fwsim.capture.stored import STDIN, DamageError, Stored
from fwsim.capture.window import Window, buffers
from fwsim.engine import scan
from fwsim.errors import CaptureError
from fwsim.tables import FRAME, empty
from fwsim.uncompiled import flush, fresh, usable

GO_ON = -1
"""Not stopped: a block was read, and scanning goes on behind it."""
EMPTY_FRAMES_MAX = 1 << 13
"""More empty frames in a row than this are zeros (of a sparse file, or a decompression bomb), not packets."""


@dataclass
class Run:
    """What the readers of one run share: its interfaces, its settings and arrays."""

    chunk_rows: int
    digest: bool
    stopped: Callable[[], bool] | None = None
    """Asked while a pipe gives nothing: whether the run is to end."""
    interfaces: list[CaptureInterface] = field(default_factory=list)
    buffers: Pool[npt.NDArray[np.uint8]] = field(default_factory=buffers)

    def __post_init__(self) -> None:
        """Make the pool of frame tables."""
        self.frames: Pool[Table] = Pool(lambda: empty(FRAME, self.chunk_rows))

    def add_interface(self, name: str | None, link_type: int, file: int) -> int:
        """Number a capture interface."""
        self.interfaces.append(CaptureInterface(name, link_type, file))
        return len(self.interfaces) - 1


class Reader:
    """Reads one capture file, batch by batch. The formats are subclasses: they find the records."""

    def __init__(self, run: Run, file: CaptureFile, number: int, stored: Stored, window: Window) -> None:
        """Begin behind what the format's own constructor reads; `number` is the file's."""
        self.run = run
        self.file = file
        self.number = number
        self.stored = stored
        self.window = window
        self.state = empty(scan.SCAN, 1)
        self.state["file"] = number
        self.done = False
        self.empty_frames = 0
        self.unread: dict[int, int] = {}

    def next(self, most: int) -> Scanned | None:
        """The next frames, at most so many; None at the end."""
        if self.done:
            return None
        frames = self.run.frames.take()[:most]
        self._begin_batch()
        while True:
            stop = self._scan(frames)
            rows = int(self.state["rows"][0])
            if stop == GO_ON or (stop == scan.MORE and rows == 0 and self.window.more()):
                continue
            if stop == scan.MORE and rows == 0:
                self._end()
            elif stop != scan.MORE and stop != scan.FULL:
                self._damaged(self._what_is_wrong(stop))
            break
        return self._batch(frames[:rows]) if rows else None

    def estimate_remaining(self) -> int:
        """About how many frames are still to come; of a pipe, as many as have come."""
        stored, window, frames = self.stored, self.window, self._next_frame() - 1
        if self.done or stored.size is None or not stored.consumed:
            return 0 if self.done else frames
        expansion = (window.base + window.end) / stored.consumed
        to_come = window.left + max(stored.size - stored.consumed, 0) * expansion
        return round(to_come * frames / max(window.position, 1))

    def close(self) -> None:
        """Release the file."""
        self.stored.close()

    def _scan(self, frames: Table) -> int:
        """Find records: a `fwsim.engine.scan` answer, or GO_ON."""
        raise NotImplementedError

    def _comments(self) -> dict[int, list[str]]:
        """The comments of the frames found since the batch began."""
        return {}

    def _begin_batch(self) -> None:
        """Count rows from 0 again."""
        self.state["rows"] = 0
        self.state["notes"] = 0

    def _call(self, scanner: Any, frames: Table, *tables: Any) -> int:
        """Let a scanner of the engine work on the window."""
        window, state = self.window, self.state
        state["at"], state["end"] = window.at, window.end
        rows = fresh(frames)
        states, *others = (usable(table) for table in (state, *tables))
        stop = int(scanner(usable(window.buffer), rows, states, *others))
        flush(rows, states, *others)
        window.at = int(state["at"][0])
        return stop

    def _batch(self, frames: Table) -> Scanned | None:
        """Hand a batch out, unless it is not packets."""
        if frames["length"].any():
            self.empty_frames = 0
        else:
            self.empty_frames += len(frames)
            if self.empty_frames > EMPTY_FRAMES_MAX:
                self._damaged("nothing but empty frames, which are zeros and not packets")
        if self.unread:
            self._refuse_unread(frames)
        return Scanned(frames, self.window.buffer, self._comments())

    def _add_interface(self, name: str | None, link_type: int, override: str | None) -> int:
        """Number an interface of this file; frames of one that is not readable are dealt with when they come."""
        number = self.run.add_interface(override or name, link_type, self.number)
        if link_type not in self.file.link_types:
            self.file.link_types.append(link_type)
        if not is_readable(link_type):
            self.unread[number] = link_type
        return number

    def _refuse_unread(self, frames: Table) -> None:
        """Warn of frames whose link type is not read; refuse the file if it describes no other interface."""
        used = set(np.unique(frames["capture_interface"]).tolist()) & self.unread.keys()
        if used and not any(is_readable(number) for number in self.file.link_types):
            raise CaptureError(self.file.path, refusal(self.unread[min(used)]))
        for number in sorted(used):
            name = link_type_name(self.unread[number])
            self.file.warn(f"{name} is not read: frames of capture interface {number} are not evaluated")

    def _end(self) -> None:
        """The file has ended: well, or in the middle of something."""
        window = self.window
        if window.damage is not None:
            self._damaged(window.damage)
        elif window.left:
            self._damaged(f"the file ends within frame {self._next_frame()}")
        else:
            self.done = True
            self.file.sha256 = self.stored.sha256()

    def _damaged(self, what: str) -> None:
        """Stop here for good, and say why; the digest is still that of the whole file."""
        self.done = True
        self.file.complete = False
        self.file.warn(
            f"{what}, at byte {self.window.position:,}; reading stops after frame {self._next_frame() - 1:,}"
        )
        if self.run.digest and self.file.path != STDIN:
            self._read_to_end()
            self.file.sha256 = self.stored.sha256()

    def _read_to_end(self) -> None:
        """Read the rest only for the digest."""
        try:
            while self.stored.read(1 << 18):
                pass
        except DamageError as error:
            self.file.warn(str(error))

    def _what_is_wrong(self, stop: int) -> str:
        """Damage in words."""
        frame = f"frame {self._next_frame():,}"
        if stop == scan.TOO_LONG:
            return f"{frame} claims to be longer than {scan.FRAME_MAX:,} bytes"
        if stop == scan.NO_INTERFACE:
            return f"{frame} names an interface that the file does not describe"
        return f"a block of impossible length where {frame} was expected"

    def _next_frame(self) -> int:
        """The number of the frame that would come next."""
        return int(self.state["number"][0]) + 1
