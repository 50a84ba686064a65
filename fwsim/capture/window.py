"""The part of a capture file that is in memory: a buffer that moves along the file.

Read first: `fwsim.capture.stored`. What has been handed out stays where it is: the buffer is only appended to, and when
it is full its unread rest moves to the beginning of another one. What the bytes mean is not known here.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fwsim.capture.pool import Pool
from fwsim.capture.stored import Bytes, DamageError

SIZE = 1 << 21
"""Bytes of a buffer: those of about a chunk."""
SIZE_MAX = 1 << 25
"""The largest buffer: room for the longest block that is read (16 MiB)."""
ROOM_MIN = 1 << 16
"""With less room than this left, a new buffer is begun; a pipe gives no more at once."""


def buffers() -> Pool[npt.NDArray[np.uint8]]:
    """A pool of buffers for windows."""
    return Pool(lambda: np.empty(SIZE, np.uint8))


class Window:
    """Bytes `at` to `end` of `buffer` are read but not yet used; `base` is where in the file the buffer begins."""

    def __init__(self, source: Bytes, pool: Pool[npt.NDArray[np.uint8]]) -> None:
        """Begin at the start of `source`."""
        self.source = source
        self._pool = pool
        self.buffer = pool.take()
        self.at = 0
        self.end = 0
        self.base = 0
        self.damage: str | None = None

    @property
    def position(self) -> int:
        """Where in the (decompressed) file the next unused byte is."""
        return self.base + self.at

    @property
    def left(self) -> int:
        """How many unused bytes there are."""
        return self.end - self.at

    def more(self) -> bool:
        """Read on; False at the end of the file, or where it cannot be read on (`damage` then says why)."""
        if self.damage is not None:
            return False
        if len(self.buffer) - self.end < ROOM_MIN:
            self._move()
        before = self.end
        view = self.buffer.data
        try:
            while self.end < len(self.buffer):
                count = self.source.readinto(view[self.end :])
                self.end += count
                if count < ROOM_MIN:
                    break
        except DamageError as error:
            self.damage = str(error)
        return self.end > before

    def have(self, size: int) -> bool:
        """Whether `size` unused bytes are there, after reading on if need be."""
        while self.left < size and self.more():
            pass
        return self.left >= size

    def _move(self) -> None:
        """Take the unused bytes over into another buffer, a larger one if they nearly fill this one."""
        fresh = self._pool.take()
        while len(fresh) - self.left < ROOM_MIN:
            fresh = np.empty(min(len(fresh) * 2, SIZE_MAX), np.uint8)
        fresh[: self.left] = self.buffer[self.at : self.end]
        self.base += self.at
        self.end -= self.at
        self.at = 0
        self.buffer = fresh
