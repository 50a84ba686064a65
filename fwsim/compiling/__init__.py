"""When a run goes over to compiled code, and who compiles: another process, while the run goes on uncompiled.

Read first: `fwsim.engine`, `fwsim.native.keeping`. Compiled and uncompiled code give the same decisions, so that a run
may go over at the end of any chunk.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from types import TracebackType

from fwsim.capture import Captures
from fwsim.capture.captures import size_of
from fwsim.compiling.child import Child
from fwsim.engine import cache_folder, compile_engine, is_cached, is_compiled, may_be_compiled
from fwsim.native import keeping
from fwsim.native.calling import release

WORTH_LOADING = 300
"""Packets still to come from which on loading machine code (50 ms) costs less than going on uncompiled."""

WORTH_LOADING_BYTES = 150_000
"""The same, as the size of files of which nothing has been read."""

WORTH_COMPILING = 60_000
"""Packets still to come from which on compiling is begun: 10 s uncompiled. Compiling takes 20 s of the other core: from
120,000 packets on this run is done sooner by it, and from here on it is worth having the next time."""

BEGINNING = 1_000
"""Packets after which it is estimated how many are still to come."""


class Step(Enum):
    """What there is to tell about compiling."""

    BEGUN = "compiling has begun, in another process"
    USED = "from here on the run is compiled"
    LEFT = "the run has ended before, and compiling goes on for the next one"
    FAILED = "compiling has failed, and the run goes on uncompiled"


Tell = Callable[[Step], None]


class Switch:
    """Takes one run over to compiled code where that pays; to be left when the run ends, however it does.

    A process that compiles ends with the run if that is broken off, also by Ctrl-C; if the run comes to its end, it
    may finish what will be used by the next one.
    """

    def __init__(self, captures: Captures, stop: threading.Event, tell: Tell) -> None:
        """Nothing is compiled; `stop` says that a run which ends has been broken off."""
        self.captures = captures
        self._stop = stop
        self._tell = tell
        self._child: Child | None = None
        self._folder: Path | None = None
        self._given_up = not may_be_compiled()

    def __enter__(self) -> Switch:
        """The run begins."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The run has ended."""
        if is_compiled():
            release()
        child, self._child = self._child, None
        if child is None:
            return
        if kind is not None or self._stop.is_set() or not child.is_for_others:
            child.end()
        elif child.let_go():
            self._tell(Step.LEFT)

    def compiled(self, packets: int) -> bool:
        """Whether what comes now, behind so many packets, is to be run compiled; to be asked before every chunk."""
        if not is_compiled() and not self._given_up and self._pays(packets):
            compile_engine()
            if self._child is not None:
                self._tell(Step.USED)
        return is_compiled()

    def _pays(self, packets: int) -> bool:
        """Whether machine code is there and worth loading; has it made if it is worth that."""
        if self._child is not None:
            return self._is_made(self._child)
        if is_cached():
            return self._is_worth(packets, WORTH_LOADING)
        if packets >= BEGINNING and self._is_worth(packets, WORTH_COMPILING):
            self._child = Child(cache_folder())
            self._tell(Step.BEGUN)
        return False

    def _is_worth(self, packets: int, least: int) -> bool:
        """Whether so many packets are still to come."""
        if packets == 0:
            return sum(size_of(file.path) for file in self.captures.files) >= WORTH_LOADING_BYTES
        return self.captures.estimate_remaining() >= least

    def _is_made(self, child: Child) -> bool:
        """Whether the other process has done its work."""
        if keeping.is_complete(child.folder):
            return True
        if child.has_failed():
            self._tell(Step.FAILED)
            self._child = None
            self._given_up = True
        return False
