"""A replay in legs: it comes to rest behind a chunk whenever that is asked for, and then goes on.

Read first: `fwsim.result.Result`. At rest, no thread is ahead of another: every packet that was read is decided, and
those that are not held back have been handed out. That is when a run can be saved, or ended.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing

from fwsim.capture import Captures, Chunk
from fwsim.result import Result
from fwsim.simulator import Batch, Simulator

Due = Callable[[int], bool]
"""Asked behind each chunk, with the packets read since the last rest: whether to rest here."""


class Legs(Result):
    """A replay that rests when `due`, and ends at rest once `stopped`."""

    def __init__(self, captures: Captures, simulator: Simulator, *, due: Due, stopped: Callable[[], bool]) -> None:
        """Nothing is read yet."""
        super().__init__(captures, simulator)
        self.on_rest: Callable[[], None] = _nothing
        """Called at rest, but not at the end of the captures."""
        self.asked: Callable[[], bool] = _never
        """Asked behind each chunk as well: whether to rest here in any case, and call `at_rest`."""
        self.at_rest: Callable[[], None] = _nothing
        self.ended = False
        """Whether the captures were read to their end."""
        self._due = due
        self._stopped = stopped

    def _decided(self, chunks: Iterator[Chunk]) -> Generator[Batch]:
        """Leg by leg."""
        while not self.ended:
            with closing(super()._decided(self._leg(chunks))) as batches:
                yield from batches
            if not self.ended:
                if self.asked():
                    self.at_rest()
                else:
                    self.on_rest()
                if self._stopped():
                    self._stop.set()  # nobody need go on compiling for it
                    return

    def _leg(self, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
        """The chunks up to the next rest. Inside what was merged in one go there is none."""
        read = 0
        for chunk in chunks:
            read += len(chunk)
            yield chunk
            if self.asked():
                return
            if self.captures.between and (self._stopped() or self._due(read)):
                return
        self.ended = True


def _nothing() -> None:
    """Nobody is waiting for a rest."""


def _never() -> bool:
    """Nobody asks for one."""
    return False
