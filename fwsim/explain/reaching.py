"""A run brought to where packets come that are to be explained: everything before them decided, they not yet.

Read first: `fwsim.explain.explain`, which has them decided and tells how.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from fwsim.capture import Captures, Chunk
from fwsim.compiling import Step, Switch
from fwsim.simulator import Batch, Simulator
from fwsim.tables import DECISION, empty


@dataclass(frozen=True)
class FrameRange:
    """Frames `first` to `last`, both included, of the capture with this number."""

    file: int
    first: int
    last: int


def for_nothing() -> bool:
    """Nobody waits."""
    return False


def saying_nothing(step: Step) -> None:
    """Nobody wants to know about compiling."""


def before_each(
    simulator: Simulator,
    captures: Captures,
    frames: FrameRange,
    wait: Callable[[], bool] = for_nothing,
    tell: Callable[[Step], None] = saying_nothing,
) -> Iterator[tuple[Batch, int]]:
    """Decide about everything up to the last of some frames, and stop before each of these; go on while they `wait`.

    Gives the batch and the row of the frame; who asked has it decided (`Simulator.step`) before going on.
    """
    passed = False
    for chunk in going_over(captures, captures, tell):
        simulator.topology.locate(captures, chunk)
        numbers = np.where(chunk.frames["file"] == frames.file, chunk.frames["number"], 0)
        wanted = set(np.flatnonzero((numbers >= frames.first) & (numbers <= frames.last)).tolist())
        if not wanted:
            simulator.run(chunk)
        else:
            batch = undecided(chunk)
            for row in range(len(chunk)):
                if row in wanted:
                    yield batch, row
                else:
                    simulator.step(batch, row)
                passed = passed or numbers[row] == frames.last
                if passed and not wait():
                    return
        if passed and not wait():
            return


def going_over(captures: Captures, chunks: Iterable[Chunk], tell: Callable[[Step], None]) -> Iterator[Chunk]:
    """The chunks, between which compiled code may take over, as in a `Result`."""
    packets = 0
    with Switch(captures, threading.Event(), tell) as switch:
        switch.compiled(packets)
        for chunk in chunks:
            yield chunk
            packets += len(chunk)
            switch.compiled(packets)


def undecided(chunk: Chunk) -> Batch:
    """A batch in which nothing is decided yet."""
    return Batch(chunk, empty(DECISION, len(chunk)), empty(DECISION, len(chunk)))
