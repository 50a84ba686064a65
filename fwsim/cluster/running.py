"""A run on a cluster as its client sees it: what `fwsim.result.Result` is for a run in this process.

Read first: `fwsim.cluster.plan`. Batches come file by file, in the order of the captures, once all is decided.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from fwsim.capture.model import CaptureFile, CaptureInterface
from fwsim.cluster.joining import Rows
from fwsim.cluster.locating import Carried
from fwsim.cluster.plan import Plan
from fwsim.cluster.reading import Source
from fwsim.cluster.setup import Setup
from fwsim.errors import UsageError
from fwsim.running import StatefulRun
from fwsim.simulator import Batch, Simulator

FRAME_SIZE = 300
"""Bytes of a file for each packet: about how many there are is all that is wanted."""
MANY = 1 << 40
"""Bytes of a file of which nothing is known."""


@dataclass
class Elsewhere:
    """The captures of a run, which others read: what `Captures` tells of itself."""

    files: list[CaptureFile]
    interfaces: list[CaptureInterface] = field(default_factory=list)
    notes: dict[str, int] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether no file was damaged."""
        return all(file.complete for file in self.files)


class ClusterResult:
    """A run on a cluster: iterate over its batches, once, in capture order."""

    def __init__(
        self, client: Any, setup: Setup, paths: Sequence[str], simulator: Simulator, *, table: bool = False
    ) -> None:
        """Nothing is read before the first batch is asked for; `client` is Dask's, `simulator` the user's own.

        With `table` the simulator has the connection table at the end.
        """
        self.captures = Elsewhere([CaptureFile(path) for path in paths])
        self.simulator = simulator
        self.packets = 0
        self.on_compiling: Callable[[bool], None] = lambda begins: None
        """As of `Result`; nobody is told here what workers compile."""
        self.one_because: str | None = None
        """Why connections were tracked in one shard, if that was so and more were asked for."""
        self.statistics: dict[str, int] = {}
        self.first_ts: int | None = None
        """The time of the first frame."""
        self._client = client
        self._setup = setup
        self._table = table
        self._plan: Plan | None = None

    def __iter__(self) -> Iterator[Batch]:
        """Batch by batch."""
        files = self.decided()
        files.reverse()
        while files:
            rows: Rows = files.pop().result()
            for batch in rows.batches():
                self.packets += len(batch)
                yield batch
        if self._table:
            self._take_table()

    def submit(self, function: Any, *given: Any) -> Any:
        """One more task; gives its future."""
        return self._client.submit(function, *given, pure=False, priority=0)

    def share(self, value: Any) -> Any:
        """Bring something to a worker once; gives its future."""
        return self._client.scatter(value, broadcast=False)

    def decided(self) -> list[Any]:
        """Have all decided; gives the future rows (`Rows`) of each file."""
        if self._plan is not None:
            raise UsageError("a result streams: iterate over it once")
        paths = [file.path for file in self.captures.files]
        sources = [Source(path, place_of(path), number) for number, path in enumerate(paths)]
        plan = self._plan = Plan(self._client, self._setup, sources)
        lowered = self.simulator.lowered["stateful"]
        plan.decide(int(lowered.settings[0]["max"]))
        self.one_because = plan.one_because if self._setup.shards > 1 else None
        self.statistics = plan.counters
        self.captures.files = [about.file for about in plan.abouts]
        for about in plan.abouts:
            self.captures.interfaces += about.interfaces
            for name, number in about.notes.items():
                self.captures.notes[name] = self.captures.notes.get(name, 0) + number
        self.first_ts = next((about.first_ts for about in plan.abouts if about.first_ts is not None), None)
        carried: Carried = pickle.loads(plan.carried())
        self.simulator.topology = carried.topology
        return plan.finished()

    def _take_table(self) -> None:
        """Let the simulator have the connection table as it is at the end."""
        assert self._plan is not None
        tracker = self._plan.table()
        run = StatefulRun(self.simulator.lowered["stateful"], key=self._setup.key)
        run.replace(tracker, run.ghosts)
        self.simulator.stateful = run


def place_of(path: str) -> str:
    """Where a worker finds a file: a URL, or the whole path, which must lead there from its machine too."""
    return path if "://" in path else os.path.abspath(path)


def packets_in(paths: Sequence[str]) -> int:
    """About how many packets there are."""
    return sum(_size(path) for path in paths) // FRAME_SIZE


def _size(path: str) -> int:
    """The size of a file, if it can be seen from here."""
    try:
        return os.stat(path).st_size
    except OSError:
        return MANY
