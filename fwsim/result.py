"""Replays: captures streamed through a simulator, compiled from where that pays, then on two cores.

Read first: `fwsim.simulator`, `fwsim.stages`. `compare` and `replay` are what Python users call.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from fwsim.arrow import require_pyarrow
from fwsim.capture import Captures, Chunk, Input, from_scapy, open_captures
from fwsim.capture.model import CaptureInterface
from fwsim.compiling import Step, Switch
from fwsim.errors import UsageError
from fwsim.explanation import Explanation
from fwsim.holding import Held, in_order
from fwsim.ruleset import Ruleset, load_ruleset
from fwsim.run_names import naming_of
from fwsim.running import StatefulRun
from fwsim.shown import Shown, notebook
from fwsim.simulator import MODES, Batch, Mode, Simulator, Table, Tracked
from fwsim.stages import Stage, Stages
from fwsim.tables import DECISION

BOTH = np.dtype([("stateless", DECISION), ("stateful", DECISION)])
"""The decisions of both modes about a packet."""

THREADS = 2
"""Threads of a compiled run; compiled code does not hold the GIL."""

AHEAD = 5
"""Chunks in work at a time; with those that are held elsewhere, fewer than a pool keeps (`fwsim.capture.pool`)."""


@dataclass
class Work:
    """A chunk on its way through the stages, and the capture interfaces that were known when it was read."""

    batch: Batch
    interfaces: Sequence[CaptureInterface]
    tracked: Tracked | None = None


class Result(Shown):
    """A replay of captures through a simulator: iterate over its batches, once, in capture order."""

    def __init__(
        self, captures: Captures, simulator: Simulator, *, stop: threading.Event | None = None, mode: Mode | None = None
    ) -> None:
        """Nothing is read before the first batch is asked for; setting `stop` ends the run behind a chunk.

        `mode` is the one that `decisions` holds; None means both.
        """
        self.captures = captures
        self.simulator = simulator
        self.packets = 0
        self.on_compiling: Callable[[Step], None] = _say_nothing
        """Called when there is something to tell about compiling."""
        self.through: Callable[[Iterator[Chunk]], Iterator[Chunk]] = _as_they_are
        """What chunks go through on their way from the captures."""
        self.held = Held()
        """Batches that are held back while fragments in them wait."""
        self.defragmenter = simulator.defragmenter
        """What puts fragments together."""
        self._stop = stop or threading.Event()
        self._mode = mode
        self._begun = False
        self._decisions: Table | None = None
        self.counts = False
        """Whether it is counted while it streams by, to be shown in notebooks."""
        self.counting: Any = None
        """The figures so far (`fwsim.notebook.counting`)."""
        self.read_whole = False
        """Whether all has been read."""
        self.reopen: Callable[[], Captures] | None = None
        """Opens the same captures once more, where that can be done."""

    @property
    def modes(self) -> tuple[Mode, ...]:
        """The modes it tells of."""
        return MODES if self._mode is None else (self._mode,)

    def __iter__(self) -> Iterator[Batch]:
        """Batch by batch, each once all of it is decided."""
        if self._begun:
            raise UsageError("a result streams: iterate over it once, or ask for its decisions instead")
        self._begun = True
        self.counting = notebook().Counting(self) if self.counts else None
        self._switch = Switch(self.captures, self._stop, self.on_compiling)
        with self._switch, closing(self._decided(self.through(iter(self.captures)))) as batches:
            for batch in in_order(batches, self.defragmenter, self.held):
                if self.counting is not None:
                    self.counting.add(batch)
                yield batch
        self.read_whole = not self._stop.is_set()

    def run(self) -> Result:
        """Read it all, keep the figures only, and return the result, which shows them in a notebook."""
        for _ in self:
            pass
        return self

    def explain(self, number: int | str) -> Explanation:
        """Every step that led to the verdicts on a packet, in both modes: what `fwsim explain` prints.

        Packets are numbered from 1 in each capture, as Wireshark numbers them; of several captures "FILE:NUMBER". The
        captures are read once more, up to the packet. Raises UsageError if there is no such packet.
        """
        told: Explanation = notebook().explained(self, number)
        return told

    def reopened(self) -> Captures:
        """The same captures once more, from their beginning; raises UsageError if they can be read once only."""
        if self.reopen is None:
            raise UsageError(
                "these captures can be read once only: give their paths, or packets, to have them explained"
            )
        return self.reopen()

    def _decided(self, chunks: Iterator[Chunk]) -> Generator[Batch]:
        """Locate and decide, chunk by chunk: uncompiled at first, compiled from where that pays."""
        chunks = self.simulator.cut(chunks)
        while not self._switch.compiled(self.packets):
            chunk = next(chunks, None)
            if chunk is None:
                return
            yield self._decide(chunk)
            if self._stop.is_set():
                return
        yield from self._in_stages(chunks)

    def _decide(self, chunk: Chunk) -> Batch:
        """One chunk, both modes, one after the other."""
        self.simulator.topology.locate(self.captures, chunk)
        batch = self.simulator.run(chunk)
        self.packets += len(chunk)
        return batch

    def _in_stages(self, chunks: Iterator[Chunk]) -> Generator[Batch]:
        """Both modes at once, on several chunks at once."""
        simulator = self.simulator

        def read() -> Work | None:
            chunk = None if self._stop.is_set() else next(chunks, None)
            if chunk is None:
                return None
            return Work(simulator.undecided(chunk), tuple(self.captures.interfaces))

        stages = [
            Stage[Work](lambda work: simulator.topology.locate(work, work.batch)),
            Stage[Work](lambda work: simulator.run_stateless(work.batch), after=(0,)),
            *stateful_stages(simulator, 2),
        ]
        try:
            with closing(Stages(read, stages, threads=max(THREADS, simulator.jobs), ahead=AHEAD).__iter__()) as passed:
                for work in passed:
                    self.packets += len(work.batch)
                    yield work.batch
                    del work  # its arrays can be used again
        finally:
            simulator.stateful.give_up()

    @property
    def decisions(self) -> Table:
        """All decisions as one structured array; runs through the captures when first asked for.

        Rows of DECISION from `replay`; from `compare`, records with a row of DECISION for each of "stateless"
        and "stateful".
        """
        if self._decisions is None:
            pieces = [self._both(batch) for batch in self]
            both = np.concatenate(pieces) if pieces else np.empty(0, BOTH)
            self._decisions = both if self._mode is None else both[self._mode].copy()
        return self._decisions

    def to_arrow(self) -> Any:
        """All frames and decisions as a `pyarrow.RecordBatchReader`, which streams as this result does.

        The fields are those of `--format jsonl`. Raises UsageError without pyarrow (`fwsim[parquet]`).
        """
        require_pyarrow()
        from fwsim.arrow.columns import reader

        return reader(self, self.modes, naming_of(self.captures, self.simulator))

    @staticmethod
    def _both(batch: Batch) -> Table:
        """The decisions of a batch side by side."""
        table = np.empty(len(batch), BOTH)
        table["stateless"], table["stateful"] = batch.stateless, batch.stateful
        return table

    @property
    def statistics(self) -> dict[str, int]:
        """The bookkeeping of the connection table so far: rows of COUNTERS by name."""
        return self.simulator.stateful.counters()


def stateful_stages(simulator: Simulator, number: int) -> list[Stage[Work]]:
    """The stages of the stateful mode, the first of which is `number`; the stage 0 comes before them.

    With shards, they may all be at work on one chunk, but none begins the next before all are through.
    """
    stateful = simulator.stateful
    if isinstance(stateful, StatefulRun):
        return [Stage(lambda work: simulator.run_stateful(work.batch), after=(0,))]
    shards = stateful

    def begin(work: Work) -> None:
        work.tracked = simulator.begin_stateful(work.batch, 0, len(work.batch))
        shards.begin(*work.tracked.tables[:3], work.tracked.start, work.tracked.end)

    def decide(work: Work, shard: int) -> None:
        assert work.tracked is not None
        simulator.run_shard(shard, work.tracked)

    def end(work: Work) -> None:
        assert work.tracked is not None
        frames, _, _, decisions = work.tracked.tables
        shards.end(frames, decisions, work.tracked.start, work.tracked.end)
        simulator.end_stateful(work.tracked)

    last = number + 1 + shards.shards
    parts = [Stage[Work](partial(decide, shard=shard), after=(number,)) for shard in range(shards.shards)]
    return [Stage(begin, (0,), behind=(last,)), *parts, Stage(end, after=tuple(range(number + 1, last)))]


def _as_they_are(chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """Nothing is done to them."""
    return chunks


def _say_nothing(step: Step) -> None:
    """Nobody wants to know about compiling."""


Sources = str | Path | Captures | Iterable[Any]
"""Captures by path, opened ones, or scapy packets: one or many."""


def compare(captures: Sources, ruleset: Ruleset | str | Path, *, checksum: str = "auto", **options: Any) -> Result:
    """Replay captures, or scapy packets, through a ruleset in both modes; `options` are those of `Simulator`.

    Raises CaptureError and RulesetError. Nothing is read before the result is iterated over.
    """
    return _result(captures, checksum, Simulator(_loaded(ruleset), **options))


def replay(
    captures: Sources,
    ruleset: Ruleset | str | Path,
    *,
    mode: Mode = "stateful",
    checksum: str = "auto",
    **options: Any,
) -> Result:
    """The same in one mode: `decisions` holds that mode's, and the simulator answers single packets in it."""
    return _result(captures, checksum, Simulator(_loaded(ruleset), mode=mode, **options), mode)


def _result(captures: Sources, checksum: str, simulator: Simulator, mode: Mode | None = None) -> Result:
    """A result which is going to be counted, and whose packets can be explained if its captures can be had again."""
    sources = _known(captures)
    reopen = partial(_opened, sources, checksum)
    result = Result(reopen(), simulator, mode=mode)
    result.counts = True
    result.reopen = None if isinstance(sources, Captures) else reopen
    return result


def _loaded(ruleset: Ruleset | str | Path) -> Ruleset:
    """A ruleset from a path, or as it is."""
    return ruleset if isinstance(ruleset, Ruleset) else load_ruleset(str(ruleset))


def _known(captures: Sources) -> Captures | list[Any]:
    """Opened captures as they are, else the paths or packets, which can be gone through again."""
    if isinstance(captures, Captures):
        return captures
    if isinstance(captures, str | Path) or hasattr(captures, "layers"):  # one scapy packet is iterable too
        return [captures]
    return list(captures)


def _opened(sources: Captures | list[Any], checksum: str) -> Captures:
    """Captures from paths or packets, or as they are."""
    if isinstance(sources, Captures):
        return sources
    if all(isinstance(one, str | Path) for one in sources):
        return open_captures([Input(str(one)) for one in sources], checksum=checksum, digest=False)
    return from_scapy(sources, checksum=checksum)
