"""Captures replayed through the simulator and kept whole: what two replays can be compared by.

Read first: `Outcome`. A replay goes the whole way, from a file through decoder, topology, tracker and rules.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fwsim.capture import Chunk, Input, open_captures
from fwsim.holding import in_order
from fwsim.ruleset import Ruleset
from fwsim.simulator import Batch, Simulator
from fwsim.tables import DECISION, FRAME, PACKET, empty
from fwsim.tracker import connections_listing
from tests.playbook_capture import Frame, pcapng

Table = npt.NDArray[np.void]

INTERFACES = ("lan", "wan", "dmz")

TIMES = ("created", "expires")
OF_THE_TABLE = ("row", "number", "heap_position", "heap_key", "extension")
"""Fields of a listed connection that say where it lies among others."""


@dataclass
class Outcome:
    """All that came of a replay; the tables have a row for each frame, the lists a dict for each connection."""

    frames: Table
    packets: Table
    stateless: Table
    stateful: Table
    connections: list[dict[str, Any]]
    ghosts: list[dict[str, Any]]
    counters: dict[str, int]
    simulator: Simulator

    def column(self, name: str, mode: str = "stateful") -> list[int]:
        """One field of a mode's decisions."""
        values: list[int] = getattr(self, mode)[name].tolist()
        return values

    def __len__(self) -> int:
        return len(self.frames)


def captured(frames: Iterable[Frame]) -> bytes:
    """Frames as a capture."""
    return pcapng(frames, INTERFACES)


def replay(
    frames: Sequence[Frame],
    ruleset: Ruleset,
    *,
    chunk_rows: int = 1000,
    cuts: Sequence[int] = (),
    files: Sequence[int] = (),
    key: int = 4711,
    jobs: int = 1,
) -> Outcome:
    """Replay frames. They are read `chunk_rows` at a time, handed to the simulator in pieces that end at `cuts` (rows
    of a chunk), and come from several files, one after the other, that end at `files` (frames).
    """
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, (start, end) in enumerate(spans(files, len(frames))):
            paths.append(Path(folder, f"{number}.pcapng"))
            paths[-1].write_bytes(captured(frames[start:end]))
        return replay_files(paths, ruleset, chunk_rows=chunk_rows, cuts=cuts, key=key, jobs=jobs)


def replay_files(
    paths: Sequence[Path],
    ruleset: Ruleset,
    *,
    chunk_rows: int = 1000,
    cuts: Sequence[int] = (),
    limit: int | None = None,
    key: int = 4711,
    jobs: int = 1,
) -> Outcome:
    """Replay captures, one after the other, up to `limit` frames."""
    simulator = Simulator(ruleset, key=key, jobs=jobs)
    inputs = [Input(str(path)) for path in paths]
    captures = open_captures(inputs, chunk_rows=chunk_rows, limit=limit, digest=False)

    def decided() -> Iterator[Batch]:
        """Piece by piece."""
        for chunk in captures:
            for piece in pieces_of(chunk, cuts):
                simulator.topology.locate(captures, piece)
                yield simulator.run(piece)

    batches = list(in_order(decided(), simulator.defragmenter))
    simulator.stateful.settle()
    counters = simulator.stateful.counters()
    return Outcome(
        frames=joined(FRAME, [batch.frames for batch in batches]),
        packets=joined(PACKET, [batch.packets for batch in batches]),
        stateless=joined(DECISION, [batch.stateless for batch in batches]),
        stateful=joined(DECISION, [batch.stateful for batch in batches]),
        connections=listing(simulator.stateful.tracker),
        ghosts=listing(simulator.stateful.ghosts),
        counters=counters,
        simulator=simulator,
    )


def listing(tracker: Any) -> list[dict[str, Any]]:
    """The connections of a table without their places in hash chains."""
    listed = list(connections_listing(tracker))
    for connection in listed:
        for side in ("original", "reply"):
            del connection[side]["next"], connection[side]["previous"]
    return listed


def by_age(tracker: Any) -> list[list[int]]:
    """The numbers of the connections, oldest first: those that are not ASSURED, and the others."""
    orders: list[list[int]] = []
    for end in ("oldest", "oldest_assured"):
        orders.append([])
        row = int(tracker.counters[0][end])
        while row >= 0:
            orders[-1].append(int(tracker.connections[row]["number"]))
            row = int(tracker.neighbours[row]["newer"])
    return orders


def pieces_of(chunk: Chunk, cuts: Sequence[int]) -> Iterator[Chunk]:
    """A chunk in pieces, over the same bytes and quotes."""
    for start, end in spans(cuts, len(chunk)):
        yield Chunk(chunk.frames[start:end], chunk.packets[start:end], chunk.quotes, chunk.buffer, {})


def spans(cuts: Sequence[int], length: int) -> Iterator[tuple[int, int]]:
    """The parts between cuts."""
    places = sorted({0, length, *(cut for cut in cuts if cut < length)})
    yield from pairwise(places)


def joined(row: np.dtype[np.void], tables: list[Table]) -> Table:
    """Tables one after the other."""
    return np.concatenate([empty(row, 0), *tables])


def assert_same_decisions(one: Outcome, other: Outcome) -> None:
    """Every field of every decision of both modes, and every frame's evidence and connection."""
    for name in DECISION.names or ():
        for mode in ("stateless", "stateful"):
            assert one.column(name, mode) == other.column(name, mode), f"{mode} {name}"
    for name in ("evidence", "connection", "reason", "interface"):
        assert one.frames[name].tolist() == other.frames[name].tolist(), f"frame {name}"


def assert_same_tables(one: Outcome, other: Outcome, *, except_for: Sequence[str] = ()) -> None:
    """Every field of every connection and ghost that is left in the end."""
    for name in ("connections", "ghosts"):
        ours, theirs = ([cut_down(c, except_for) for c in getattr(who, name)] for who in (one, other))
        assert ours == theirs, name


def cut_down(connection: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """A listed connection without some of its fields, also those of its sides."""
    left = {name: value for name, value in connection.items() if name not in names}
    if "sides" in left:
        left["sides"] = [{n: v for n, v in side.items() if n not in names} for side in left["sides"]]
    return left
