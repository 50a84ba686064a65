"""The two modes: the stateless one file by file, the stateful one shard by shard, each file behind the one before.

Read first: `fwsim.engine.shard`, `fwsim.running`. A shard numbers what begins by the place of its packet in the whole
run, counted from 1; `fwsim.cluster.joining` makes the final numbers of that. A single shard numbers as always.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fwsim.capture.captures import CHUNK_ROWS
from fwsim.capture.model import Table
from fwsim.cluster.locating import Located, Rows
from fwsim.cluster.setup import Setup, at_work, simulator_of
from fwsim.engine.program import Memory
from fwsim.engine.shard import BEFORE, BIRTHS, MINE, NOBODY, STATE, TOTALS, Births, Share, adopt_numbers, share_out
from fwsim.engine.tuples import Tracker
from fwsim.running import StatefulRun, StatelessRun, alone
from fwsim.tables import DECISION, DEPARTURE, FRAME, PACKET, QUOTE, empty
from fwsim.uncompiled import flush, loaded, usable

Numbers = npt.NDArray[np.int64]

TOLD = ("evidence", "connection", "further")
"""The fields of a frame that tracking writes (`fwsim.defragmenting.Defragmenter.finish`)."""


def pieces(count: int) -> Iterator[slice]:
    """So many rows, chunk by chunk."""
    for start in range(0, count, CHUNK_ROWS):
        yield slice(start, min(start + CHUNK_ROWS, count))


def ours(rows: Rows, piece: slice) -> Rows:
    """A copy of some rows: what a task is given may be read only, and is to stay as it is."""
    asked = rows.asked[piece].copy() if rows.asked is not None else None
    return Rows(rows.frames[piece].copy(), rows.packets[piece].copy(), rows.quotes.copy(), asked)


# --- the stateless mode ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Decided:
    """The decisions about a file, and, of rules that translate, how packets left."""

    decisions: Table
    departures: Table | None


def decide_stateless(setup: Setup, located: Located, before: bytes | None) -> tuple[Decided, bytes | None]:
    """The stateless decisions about a file; if rules count, `before` is what they have counted."""
    with at_work(setup):
        simulator = simulator_of(setup)
        choices = (setup.stateless_rules or setup.ruleset).stateless
        lowered = simulator.lowered["stateless"]
        run = StatelessRun(lowered, replies=choices.replies, icmp_errors=choices.icmp_errors, seed=setup.seed)
        if before is not None:
            run.remember(pickle.loads(before))
        decisions = empty(DECISION, len(located.own))
        departures = empty(DEPARTURE, len(decisions)) if lowered.translates else None
        for piece in pieces(len(decisions)):
            left = departures[piece] if departures is not None else None
            rows = ours(located.own, piece)
            tables = [loaded(table, 0, len(rows)) for table in (rows.frames, rows.packets, decisions[piece])]
            run.run(tables[0], tables[1], tables[2], 0, len(rows), rows.asked, left)
            flush(tables[2])
        run.settle()
        return Decided(decisions, departures), pickle.dumps(run.mode.course.memory) if setup.counts_all else None


# --- whose packet ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Times:
    """Of all rows of a file: when they came, and whose they are."""

    nows: Numbers
    owners: Numbers
    base: int


@dataclass(frozen=True)
class Part:
    """One shard's rows of a file: their places in that, and the rows themselves."""

    places: npt.NDArray[np.intp]
    rows: Rows


def split(setup: Setup, located: Located) -> tuple[Times, list[Part]]:
    """The rows of a file, shard by shard; who is not evaluated at all is the first one's."""
    with at_work(setup):
        seen = located.seen
        owners = np.zeros(len(seen), np.int64)
        for piece in pieces(len(seen)) if setup.shards > 1 else ():
            owners[piece] = owners_of(setup, ours(seen, piece))
        whose = np.maximum(owners, 0)
        parts = [part_of(seen, np.flatnonzero(whose == shard)) for shard in range(setup.shards)]
        return Times(seen.packets["now"].copy(), owners, located.base), parts


def owners_of(setup: Setup, rows: Rows) -> Numbers:
    """The numbers of the shards, or NOBODY, by row."""
    share = alone()._replace(**{name: np.zeros(len(rows), np.int64) for name in ("owners", "nows", "born")})
    key = int(simulator_of(setup).stateful.counters()["hash_key"])
    frames, packets, quotes = (usable(table) for table in (rows.frames, rows.packets, rows.quotes))
    share_out(frames, packets, quotes, usable(share), key, setup.shards, 0, len(rows))
    return share.owners


def part_of(seen: Rows, places: npt.NDArray[np.intp]) -> Part:
    """Some rows, with the quotes that these refer to."""
    packets = seen.packets[places]
    quoting = np.flatnonzero(packets["quote"] >= 0)
    quotes = seen.quotes[packets["quote"][quoting]] if len(quoting) else np.zeros(0, QUOTE)
    packets["quote"][quoting] = np.arange(len(quoting))
    asked = seen.asked[places] if seen.asked is not None else None
    return Part(places, Rows(seen.frames[places], packets, quotes, asked))


# --- the stateful mode -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tables:
    """What a shard knows behind a file: its connections and ghosts, when these came (`Share`), what was counted."""

    tracker: Tracker
    ghosts: Tracker
    joined: Numbers
    ghosts_joined: Numbers
    memory: Memory


@dataclass(frozen=True)
class Changes:
    """A number that changes now and then: the places at which it does, and what it is from there on."""

    places: npt.NDArray[np.intp]
    values: Numbers

    def spread(self, count: int) -> Numbers:
        """The number at each of `count` places."""
        return np.repeat(self.values, np.diff(self.places, append=count))


def changes_of(numbers: Numbers) -> Changes:
    """Where a number changes."""
    places = np.flatnonzero(np.diff(numbers, prepend=-1))
    return Changes(places, numbers[places])


@dataclass(frozen=True)
class Answer:
    """What a shard says of a file: of its own rows what frames are `told`, the decisions, and how translated ones left.

    `live` and `ghosts` say how many there were of it at all rows of the file, also at others'.
    """

    places: npt.NDArray[np.intp]
    told: dict[str, Numbers]
    decisions: Table
    live: Changes
    ghosts: Changes
    counters: dict[str, int]
    departures: Table | None = None


def decide_stateful(setup: Setup, shard: int, times: Times, part: Part, before: bytes | None) -> tuple[Answer, bytes]:
    """Decide a shard's packets of a file; gives what it knows then too."""
    with at_work(setup):
        lowered = simulator_of(setup).lowered["stateful"]
        share = own_share(shard, len(times.nows), setup.shards)
        run = StatefulRun(lowered, key=setup.key, seed=setup.seed, share=share)
        if before is not None:
            go_on(run, pickle.loads(before))
        part = Part(part.places, ours(part.rows, slice(None)))
        decisions = empty(DECISION, len(part.rows))
        departures = empty(DEPARTURE, len(decisions)) if lowered.translates else None
        live = np.zeros((len(times.nows), 2), np.int64)
        if setup.shards > 1:
            run_shard(run, times, part, decisions, live)
        else:
            run_alone(run, part.rows, decisions, departures)
        run.settle()
        frames = part.rows.frames
        answer = Answer(
            places=part.places,
            told={name: frames[name].copy() for name in TOLD},
            decisions=decisions,
            live=changes_of(live[:, 0]),
            ghosts=changes_of(live[:, 1]),
            counters=run.counters(),
            departures=departures,
        )
        return answer, pickle.dumps(tables_of(run), pickle.HIGHEST_PROTOCOL)


def own_share(shard: int, count: int, shards: int) -> Share:
    """The share of a shard for a file of so many rows."""
    if shards == 1:
        return alone()
    state = np.zeros(STATE, np.int64)
    state[MINE] = shard
    room = min(count, CHUNK_ROWS)
    owners, nows, born, live, joined, ghosts_joined = (
        np.zeros(n, np.int64) for n in (room, room, room, 2 * room, 0, 0)
    )
    return Share(state, owners, nows, born, live, joined, ghosts_joined)


def go_on(run: StatefulRun, known: Tables) -> None:
    """Go on where a shard has ended."""
    run.replace(known.tracker, known.ghosts)
    run.remember(known.memory)
    run.share = run.share._replace(joined=known.joined, ghosts_joined=known.ghosts_joined)


def tables_of(run: StatefulRun) -> Tables:
    """What a shard knows by now."""
    mode = run.mode
    share = mode.share
    return Tables(mode.tracker, mode.ghosts, share.joined, share.ghosts_joined, mode.course.memory)


def decide(run: StatefulRun, rows: Rows, decisions: Table, departures: Table | None = None) -> None:
    """Decide some rows."""
    frames, packets, quotes, verdicts = map(usable, (rows.frames, rows.packets, rows.quotes, decisions))
    run.run(frames, packets, quotes, verdicts, 0, len(rows), rows.asked, departures)
    flush(frames, verdicts)


def run_alone(run: StatefulRun, rows: Rows, decisions: Table, departures: Table | None) -> None:
    """Decide all rows of a file."""
    for piece in pieces(len(rows)):
        asked = rows.asked[piece] if rows.asked is not None else None
        left = departures[piece] if departures is not None else None
        decide(run, Rows(rows.frames[piece], rows.packets[piece], rows.quotes, asked), decisions[piece], left)


def run_shard(run: StatefulRun, times: Times, part: Part, decisions: Table, live: Numbers) -> None:
    """Decide a shard's rows of a file, and let time pass at the others'."""
    for piece in pieces(len(times.nows)):
        count = piece.stop - piece.start
        first, last = np.searchsorted(part.places, (piece.start, piece.stop)).tolist()
        mine = slice(first, last)
        at = part.places[mine] - piece.start
        frames, packets, verdicts = empty(FRAME, count), empty(PACKET, count), empty(DECISION, count)
        frames[at], packets[at] = part.rows.frames[mine], part.rows.packets[mine]
        asked = None
        if part.rows.asked is not None:
            asked = np.zeros((count, part.rows.asked.shape[1]), np.int64)
            asked[at] = part.rows.asked[mine]
        share = run.share
        share.owners[:count], share.nows[:count], share.born[:] = times.owners[piece], times.nows[piece], 0
        share.state[BEFORE] = times.base + piece.start
        there = lived(run)
        decide(run, Rows(frames, packets, part.rows.quotes, asked), verdicts)
        live[piece] = there_were(there, share.live[: 2 * count].reshape(-1, 2), times.owners[piece] != NOBODY)
        give_numbers(run, frames, verdicts)
        part.rows.frames[mine], decisions[mine] = frames[at], verdicts[at]


def lived(run: StatefulRun) -> list[int]:
    """How many connections and ghosts there are."""
    mode = run.usable()
    return [int(table.counters[0]["live"]) for table in (mode.tracker, mode.ghosts)]


def there_were(before: list[int], noted: Numbers, evaluated: npt.NDArray[np.bool_]) -> Numbers:
    """How many there were behind each row; nothing is noted of those that are not evaluated, and nothing changes."""
    rows = np.maximum.accumulate(np.where(evaluated, np.arange(1, len(noted) + 1), 0))
    return np.concatenate([np.array([before], np.int64), noted])[rows]


def give_numbers(run: StatefulRun, frames: Table, decisions: Table) -> None:
    """Number what began by the place of its packet in the run, which is one more than how many came before."""
    mode = run.usable()
    before, count = int(mode.share.state[BEFORE]), len(frames)
    for table in (frames, decisions):
        begun = table["connection"] < 0
        table["connection"][begun] = before - table["connection"][begun]
    born = np.flatnonzero(run.share.born[:count])
    totals = np.zeros(TOTALS, np.int64)
    totals[BIRTHS] = len(born)
    births = Births(born.astype(np.int64), before + 1 + np.arange(count), totals)
    mode = run.usable()
    adopt_numbers(mode.tracker, mode.ghosts, mode.share, usable(births))
