"""A replay that looks at each packet of a window when it is decided.

Read first: `fwsim.result.Result` and `fwsim.explain.moment`. Seen are the rules that the packet was tried against, its
place in the TCP window, and what it changes in the connection table. What lies outside of the window of packets is
decided chunk by chunk, as in any run.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass

from fwsim.capture import Captures, Chunk
from fwsim.engine.serial import distance
from fwsim.explain.moment import Moment
from fwsim.explain.tracking import bounds_of
from fwsim.page.tables import Change, Changes, Copy
from fwsim.page.texts import Texts
from fwsim.page.trials import Trials
from fwsim.page.window import Window
from fwsim.result import Result
from fwsim.simulator import Batch, Simulator
from fwsim.terms import ABSENT

BY_SEQ = ("seq", "end", "lowest_end", "highest_seq", "tolerated_end", "expected_seq")
BY_ACK = ("sack", "lowest_sack", "highest_sack")
SHOWN_BOUNDS = (*BY_SEQ, *BY_ACK, "violated", "tolerated")
"""What the page is told of a BOUNDS row, in this order: numbers of bytes from the packet's own sequence number, or from
what it acknowledges, or None where nothing is known yet."""


@dataclass(frozen=True)
class Sight:
    """What was seen of a packet when it was decided."""

    stateless: int
    """The number of its walk (`Trials`)."""
    stateful: int
    bounds: list[int | None] | None
    changes: list[Change]
    live: int
    """Connections behind it."""
    remembered: bool
    """Whether the table has a connection for it, or had one: a refused opening leaves none."""


class Watched(Result):
    """A replay; what was seen of a packet of the window stands in `sights`, by its file and number."""

    def __init__(self, captures: Captures, simulator: Simulator, window: Window, texts: Texts) -> None:
        """Nothing is read yet."""
        super().__init__(captures, simulator)
        self.window = window
        self.trials = Trials(texts)
        self.changes = Changes(texts)
        self.sights: dict[tuple[int, int], Sight] = {}
        self._copy = Copy(simulator)

    def _decided(self, chunks: Iterator[Chunk]) -> Generator[Batch]:
        """Locate and decide, chunk by chunk; compiled from where that pays."""
        simulator = self.simulator
        for chunk in simulator.cut(self.window.cut(chunks)):
            self._switch.compiled(self.packets)
            simulator.topology.locate(self.captures, chunk)
            if self.changes.begin is None and len(chunk):
                self.changes.begin = int(chunk.packets["now"][0])
            shown = self.window.rows(self.packets, len(chunk))
            yield self._watched(chunk) if shown else simulator.run(chunk)
            self.packets += len(chunk)
            if self._stop.is_set():
                return

    def _watched(self, chunk: Chunk) -> Batch:
        """Decide packet by packet, and look at each."""
        batch = self.simulator.undecided(chunk)
        for row in range(len(chunk)):
            frame = batch.frames[row]
            self.sights[int(frame["file"]), int(frame["number"])] = self._sight(batch, row)
        return batch

    def _sight(self, batch: Batch, row: int) -> Sight:
        """Decide about a packet, and look at it."""
        moment = Moment(self.simulator, batch, row, (), self._copy.now())
        bounds = bounds_of(moment)
        sight = Sight(
            self.trials.stateless(moment),
            self.trials.stateful(moment),
            None if bounds is None else offsets(bounds, moment.packet),
            self.changes.of(moment),
            self.simulator.stateful.counters()["live"],
            moment.connection_before is not None or moment.connection_after is not None,
        )
        self._copy.follow(moment)
        return sight


def offsets(bounds: dict[str, int], packet: dict[str, int]) -> list[int | None]:
    """A BOUNDS row as the page is told of it."""
    found: list[int | None] = []
    for names, field in ((BY_SEQ, "seq"), (BY_ACK, "ack")):
        found += [None if bounds[name] == ABSENT else distance(bounds[name], packet[field]) for name in names]
    return [*found, bounds["violated"], bounds["tolerated"]]


NOTHING_SEEN = Sight(ABSENT, ABSENT, None, [], 0, remembered=False)
