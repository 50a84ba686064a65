"""Work that is done in stages, on several cores: each item passes all of them, the items in their order.

Read first: `Stage`. Threads take whatever stage of whatever item is ready, the later stages first, so that all cores
are busy whichever stage costs most. The thread that asks for the items is one of them. What a stage does must release
the GIL to gain by it (`fwsim.engine`); what packets are is not known here.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
Given = TypeVar("Given")

PATIENCE = 1.0
"""Seconds that a thread which is reading is waited for in the end: a pipe may never give anything more."""


@dataclass(frozen=True)
class Stage(Generic[Item]):
    """Something that is done with every item, one at a time and in order.

    An item comes to it once it has passed the stages `after` itself, and the item before it those that it is `behind`
    (numbers of stages).
    """

    work: Callable[[Item], None]
    after: tuple[int, ...] = ()
    behind: tuple[int, ...] = ()


class Stages(Generic[Item]):
    """A run of all items through all stages; iterate over it once.

    An exception is raised behind the items that are in front of the one in which it happened.
    """

    def __init__(
        self, read: Callable[[], Item | None], stages: Sequence[Stage[Item]], *, threads: int, ahead: int
    ) -> None:
        """`read` gives the next item, None behind the last; at most `ahead` are in work at a time.

        `threads` counts the one that asks for the items, which never reads: what is ready never waits for a pipe.
        """
        self._read = read
        self._stages = stages
        self._ahead = ahead
        self._helpers = [threading.Thread(target=self._help, daemon=True) for _ in range(max(threads, 2) - 1)]
        self._changed = threading.Condition(threading.Lock())
        self._items: deque[Item] = deque()
        self._come = 0
        self._gone = 0
        self._end: int | None = None
        self._error: BaseException | None = None
        self._over = False
        self._reader: threading.Thread | None = None
        self._begun = [0] * len(stages)
        self._passed = [0] * len(stages)

    def __iter__(self) -> Generator[Item]:
        """The items, each once it has passed all stages."""
        try:
            for thread in self._helpers:
                thread.start()
            while (item := self._next()) is not None:
                yield item
                del item  # its arrays can be used again
        finally:
            self._finish()

    def _next(self) -> Item | None:
        """Help until the next item is ready; None behind the last."""
        with self._changed:
            while True:
                if self._gone < min(self._passed, default=self._come):
                    self._gone += 1
                    self._changed.notify()
                    return self._items.popleft()
                if self._end is not None and self._gone >= self._end:
                    if self._error is not None:
                        raise self._error
                    return None
                self._do_something(may_read=False)

    def _help(self) -> None:
        """What the other threads do."""
        with self._changed:
            while not self._over:
                self._do_something(may_read=True)

    # --- all that follows is called, and returns, with the lock held ---------------------------------------------

    def _do_something(self, *, may_read: bool) -> None:
        """Read an item, or take one through a stage, or wait until there is something to do."""
        if may_read and self._end is None and self._reader is None and self._come - self._gone < self._ahead:
            self._take_in()
        elif (stage := self._ready()) is not None:
            self._take_through(stage)
        else:
            self._changed.wait()

    def _ready(self) -> int | None:
        """The last stage whose next item has come to it."""
        end = self._come if self._end is None else self._end
        for number in range(len(self._stages) - 1, -1, -1):
            at = self._begun[number]
            stage = self._stages[number]
            if (
                at < end
                and self._passed[number] == at
                and all(self._passed[other] > at for other in stage.after)
                and all(self._passed[other] >= at for other in stage.behind)
            ):
                return number
        return None

    def _take_in(self) -> None:
        """Read the next item."""
        self._reader = threading.current_thread()
        item, error = self._without_the_lock(self._read)
        self._reader = None
        if error is not None:
            self._fail(self._come, error)
        elif item is None:
            self._stop_at(self._come)
        else:
            self._items.append(item)
            self._come += 1
        self._changed.notify_all()

    def _take_through(self, number: int) -> None:
        """Do what a stage does with its next item."""
        at = self._begun[number]
        self._begun[number] += 1
        item = self._items[at - self._gone]
        work = self._stages[number].work
        _, error = self._without_the_lock(lambda: work(item))
        if error is not None:
            self._fail(at, error)
        else:
            self._passed[number] += 1
        self._changed.notify_all()

    def _without_the_lock(self, do: Callable[[], Given]) -> tuple[Given | None, BaseException | None]:
        """What doing something gives, or the exception that ended it; others go on meanwhile."""
        try:
            self._changed.release()
            return do(), None
        except BaseException as error:
            return None, error
        finally:
            self._changed.acquire()

    def _fail(self, at: int, error: BaseException) -> None:
        """Go no further than to the item before; what is no mere error (Ctrl-C) ends all at once."""
        at = at if isinstance(error, Exception) else self._gone
        if self._end is None or at < self._end or self._error is None:
            self._error = error
        self._stop_at(at)

    def _stop_at(self, end: int) -> None:
        """Work on no item from this one on."""
        self._end = end if self._end is None else min(self._end, end)

    def _finish(self) -> None:
        """End the other threads: each behind what it is doing, but for one that waits for something to read."""
        with self._changed:
            self._over = True
            self._stop_at(self._gone)
            self._changed.notify_all()
        given_up = time.monotonic() + PATIENCE
        for thread in self._helpers:
            while thread.is_alive() and not (self._reader is thread and time.monotonic() > given_up):
                thread.join(0.05)
