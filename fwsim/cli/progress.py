"""How far a run is, on the terminal of stderr and nowhere else: packets, packets a second, time left.

Read first: DESIGN section 5, the manners at its end. The line vanishes when the run ends.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

PATIENCE = 1.0
"""Seconds until progress is shown at all."""
PERIOD = 0.25
"""Seconds between two looks at how far it is."""
LATELY = 40
"""So many looks back, the rate is measured: it changes when compiled code takes over."""
ENDING = "ending behind this chunk (Ctrl-C again: at once)"


def with_progress(
    batches: Iterable[Any],
    *,
    hidden: bool,
    to_come: Callable[[], int | None] = lambda: None,
    ending: Callable[[], bool] = lambda: False,
    done: int = 0,
) -> Iterator[Any]:
    """Pass batches on, telling on a terminal's stderr how far the run is; `hidden` if it would be in the way.

    `to_come` tells how many packets are about to come, or None where nobody knows; `ending` whether Ctrl-C was
    pressed. `done` were done before.
    """
    if hidden or not sys.stderr.isatty():
        yield from batches
        return
    line = Line(to_come, ending, done)
    try:
        for batch in batches:
            yield batch
            line.add(len(batch))
    finally:
        line.close()


class Line:
    """The line on the terminal."""

    def __init__(self, to_come: Callable[[], int | None], ending: Callable[[], bool], done: int = 0) -> None:
        """Nothing is shown yet."""
        self._to_come = to_come
        self._ending = ending
        self._done = done
        self._looks: deque[tuple[float, int]] = deque([(time.monotonic(), done)], LATELY)
        self._next = time.monotonic() + PATIENCE
        self._progress: Any = None

    def add(self, packets: int) -> None:
        """Some packets more are done."""
        self._done += packets
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + PERIOD
        if self._progress is None:
            self._progress = shown(self._ending)
        since, done = self._looks[0]
        self._looks.append((now, self._done))
        rate = (self._done - done) / max(now - since, 1e-9)
        left = self._to_come()
        self._progress.update(
            self._progress.task_ids[0],
            completed=self._done,
            rate=f"{rate:,.0f} packets/s",
            left="" if left is None else f"about {clock(left / max(rate, 1e-9))} left",
        )

    def close(self) -> None:
        """Take the line away."""
        if self._progress is not None:
            self._progress.stop()


def clock(seconds: float) -> str:
    """A time as a clock shows it: 0:05, 12:34, 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def shown(ending: Callable[[], bool]) -> Any:
    """A line on stderr that vanishes in the end. It is drawn by a thread, so Ctrl-C is answered while a chunk lasts."""
    from rich.console import Console
    from rich.progress import Progress, ProgressColumn, SpinnerColumn, Task, TextColumn
    from rich.text import Text

    class Ending(ProgressColumn):
        """Says that the run is about to end."""

        def render(self, task: Task) -> Text:
            """Nothing as long as it is not."""
            return Text(ENDING if ending() else "")

    fields = ("{task.completed:,} packets", "{task.fields[rate]}", "{task.fields[left]}")
    columns = (SpinnerColumn(), *(TextColumn(field, markup=False) for field in fields), Ending())
    progress = Progress(*columns, console=Console(stderr=True), transient=True, refresh_per_second=4)
    progress.add_task("packets", total=None, rate="", left="")
    progress.start()
    return progress
