"""How long each mode is at work: the time of the threads that do it, on this machine.

Read first: `Stopwatch`. The engine reads no clock: it is measured around it, and only where enough packets come at a
time for that to say something about the engine.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from fwsim.engine import is_compiled

LEAST_ROWS = {True: 256, False: 16}
"""Packets at a time from which on it is measured, by whether the engine is compiled: 50 microseconds of it or more."""

LEAST_TIME = 1_000_000
"""Nanoseconds: below that nothing is said."""


@dataclass(frozen=True)
class Speed:
    """How fast a mode was: so many packets in so many ns of a core."""

    compiled: bool
    packets: int
    nanoseconds: int

    @property
    def per_second(self) -> int:
        """Packets in a second of one core."""
        return self.packets * 1_000_000_000 // max(self.nanoseconds, 1)


class Stopwatch:
    """Adds up the time of each mode; the first time that a part of it runs compiled, it loads what it runs."""

    def __init__(self, clock: Callable[[], int] = time.thread_time_ns) -> None:
        """`clock` tells the time (ns) that the calling thread has been at work."""
        self._clock = clock
        self._lock = threading.Lock()
        self.times: dict[tuple[str, bool], tuple[int, int]] = {}
        """Packets and nanoseconds, by the mode and whether it was compiled."""
        self._begun: set[tuple[str, int]] = set()

    @contextmanager
    def timed(self, mode: str, rows: int, part: int = 0) -> Iterator[None]:
        """Measure what is done with so many packets: of several parts of a mode, part 0 counts them."""
        compiled = is_compiled()
        before = self._clock()
        yield
        spent = self._clock() - before
        with self._lock:
            loading = compiled and (mode, part) not in self._begun
            if compiled:
                self._begun.add((mode, part))
            if not loading and rows >= LEAST_ROWS[compiled]:
                packets, before = self.times.get((mode, compiled), (0, 0))
                self.times[mode, compiled] = packets + (0 if part else rows), before + spent

    def speed(self, mode: str) -> Speed | None:
        """How fast a mode was: compiled, if it was that for long enough, else uncompiled; None if neither."""
        for compiled in (True, False):
            packets, spent = self.times.get((mode, compiled), (0, 0))
            if packets and spent >= LEAST_TIME:
                return Speed(compiled, packets, spent)
        return None
