"""Tracking split into shards that work side by side, with the result of one: `--jobs`.

Read first: `fwsim.engine.shard`, `fwsim.running.StatefulRun`. What no shard can know alone ends the sharing: a `limit`
counts the packets of all connections, so there is one shard from the beginning; and before a chunk that could fill a
table the shards are united into the one table that a single run would have then, since who is evicted is for the whole
to say. Whoever looks into the table has them united too, behind the chunk at hand.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from fwsim import tracker as trackers
from fwsim.engine import shard
from fwsim.engine.attached import Stateful
from fwsim.engine.expectation import expectation_of
from fwsim.engine.expiry import FIRST
from fwsim.engine.program import Memory
from fwsim.engine.shard import Births, Numbers, Share, adopt_numbers, number_rows, share_out
from fwsim.engine.tuples import Tracker, is_live, relink
from fwsim.lower import Lowered
from fwsim.running import CHUNK, Departures, StatefulRun
from fwsim.terms import CtStatus
from fwsim.uncompiled import flush, usable

COUNTED = ("live", "created", "expired", "evicted", "dropped", "helped")
"""COUNTERS that are those of all shards together."""

LIMIT = "a rule counts the packets of all connections together"
TRANSLATED = "answers to translated packets have other addresses than these"
FULL = "the connection table may fill up, and only the whole tells who has to go"
REPLACED = "the run goes on with a table that it was given as one"
LOOKED_AT = "somebody looks into the connection table"
FULL_OF_GHOSTS = (
    "as many refused openings as are remembered may come together, and only the whole tells which is oldest"
)


class ShardedRun:
    """The stateful mode at work in several shards; to be called as `StatefulRun` is.

    Of the parts of `run`, each `run_shard` may be in a thread of its own.
    """

    def __init__(self, lowered: Lowered, *, key: int, shards: int, seed: int = 0) -> None:
        """`key` keys the hash of the connection tables, and which connection is in which shard.

        `seed` decides what rules leave to chance.
        """
        self._lowered = lowered
        self._key = key
        self._seed = seed
        self._count = shards
        self._before = 0
        self._births = Births(rows=_numbers(0), numbers=_numbers(0), totals=_numbers(shard.TOTALS))
        self._births.totals[shard.NEXT] = 1
        self._live = _numbers(0).reshape(shards, 0)
        self._common = _own_share(shard.NOBODY)
        """What is the same in the shares of all."""
        self._shards = [StatefulRun(lowered, key=key, share=_own_share(number)) for number in range(shards)]
        self._one: StatefulRun | None = None
        self._at_work = threading.Lock()
        """Held from `begin` to `end`, whichever threads these are in."""
        self.one_because: str | None = None
        """Why there is one shard, if there is."""
        if lowered.counts:
            self.unite(LIMIT)
        elif lowered.translates:
            self.unite(TRANSLATED)
        else:
            self._fit(CHUNK)

    @property
    def shards(self) -> int:
        """How many parts of `run` there are that may go side by side."""
        return self._count

    # --- the parts of a run ------------------------------------------------------------------------------------------

    def run(
        self,
        frames: Any,
        packets: Any,
        quotes: Any,
        decisions: Any,
        start: int,
        end: int,
        asked: Numbers | None = None,
        departures: Departures | None = None,
    ) -> None:
        """Decide rows `start` to `end`, in order."""
        try:
            self.begin(frames, packets, quotes, start, end)
            for number in range(self._count):
                self.run_shard(number, frames, packets, quotes, decisions, start, end, asked, departures)
            self.end(frames, decisions, start, end)
        finally:
            self.give_up()

    def begin(self, frames: Any, packets: Any, quotes: Any, start: int, end: int) -> None:
        """Say which packets are whose."""
        self._at_work.acquire()
        if self._one is None and (reason := self._what_may_fill(end - start)):
            self._unite(reason)
        if self._one is not None:
            return
        self._fit(end)
        share_out(frames, packets, quotes, usable(self._common), self._hash_key, self._count, start, end)

    def run_shard(
        self,
        number: int,
        frames: Any,
        packets: Any,
        quotes: Any,
        decisions: Any,
        start: int,
        end: int,
        asked: Numbers | None = None,
        departures: Departures | None = None,
    ) -> None:
        """Decide the packets of one shard."""
        run = self._shards[number] if self._one is None else self._one if number == 0 else None
        if run is not None:
            run.run(frames, packets, quotes, decisions, start, end, asked, departures)

    def end(self, frames: Any, decisions: Any, start: int, end: int) -> None:
        """Number what began."""
        if self._one is None:
            births = usable(self._births)
            number_rows(frames, decisions, usable(self._common), usable(self._live), births, start, end)
            self._before += end - start
            for run in self._shards:
                mode = run.usable()
                adopt_numbers(mode.tracker, mode.ghosts, mode.share, births)
                mode.share.state[shard.BEFORE] = self._before
        self._at_work.release()

    def give_up(self) -> None:
        """Nobody is at work any more, and nobody will come to the end of what was begun."""
        if self._at_work.locked():
            self._at_work.release()

    @property
    def _hash_key(self) -> int:
        """The key of this run."""
        return int(self._shards[0].usable().tracker.counters[0]["hash_key"])

    def _fit(self, rows: int) -> None:
        """Have room for chunks of so many rows."""
        if rows <= len(self._births.rows):
            return
        self._births = self._births._replace(rows=_numbers(rows), numbers=_numbers(rows))
        self._live = _numbers(self._count * 2 * rows).reshape(self._count, 2 * rows)
        self._common = self._common._replace(owners=_numbers(rows), nows=_numbers(rows), born=_numbers(rows))
        _, owners, nows, born, *_ = self._common
        for run, live in zip(self._shards, self._live, strict=True):
            run.share = run.share._replace(owners=owners, nows=nows, born=born, live=live)

    def _what_may_fill(self, packets: int) -> str | None:
        """Why the next packets need one table, if they do: each may open a connection, or leave a ghost."""
        modes = [run.usable() for run in self._shards]
        for tables, reason in (([m.tracker for m in modes], FULL), ([m.ghosts for m in modes], FULL_OF_GHOSTS)):
            limit = int(tables[0].settings[0]["max"])
            if 0 < limit < sum(int(table.counters[0]["live"]) for table in tables) + packets:
                return reason
        return None

    # --- all shards as one -------------------------------------------------------------------------------------------

    def unite(self, reason: str) -> StatefulRun:
        """Go on with one shard, if that is not so yet, and keep why."""
        with self._at_work:
            return self._unite(reason)

    def _unite(self, reason: str) -> StatefulRun:
        """The same while nobody else is at work."""
        if self._one is None:
            self._one = self._united()
            self.one_because = reason
            self._shards = []
        return self._one

    def _united(self) -> StatefulRun:
        """A single run that knows all that the shards know."""
        modes = [run.mode for run in self._shards]
        peaks = self._births.totals[[shard.PEAK, shard.GHOSTS_PEAK]].tolist()
        number = int(self._births.totals[shard.NEXT])
        joined = [mode.share.joined for mode in modes], [mode.share.ghosts_joined for mode in modes]
        tracker = united([mode.tracker for mode in modes], joined[0], number, peaks[0])
        ghosts = united([mode.ghosts for mode in modes], joined[1], number, peaks[1])
        one = StatefulRun(self._lowered, key=self._key, seed=self._seed)
        one.replace(tracker, ghosts)
        one.mode.course.memory.hits[:] = sum(mode.course.memory.hits for mode in modes)
        return one

    @property
    def mode(self) -> Stateful:
        """All tables of the mode, as arrays: those of one shard from now on."""
        return self.unite(LOOKED_AT).mode

    @property
    def tracker(self) -> Tracker:
        """The connection table, as arrays."""
        return self.mode.tracker

    @property
    def ghosts(self) -> Tracker:
        """The table of refused openings, as arrays."""
        return self.mode.ghosts

    def replace(self, tracker: Tracker, ghosts: Tracker) -> None:
        """Go on with other tables, of arrays: these are not shared out."""
        self.unite(REPLACED).replace(tracker, ghosts)

    def remember(self, memory: Memory) -> None:
        """Go on with what was counted elsewhere, of arrays: in one shard."""
        self.unite(REPLACED).remember(memory)

    def pass_time(self, now: int) -> None:
        """Let time pass for the connection tables up to `now`, between two chunks."""
        with self._at_work:
            for run in [self._one] if self._one is not None else self._shards:
                run.pass_time(now)

    def held(self) -> tuple[int, int]:
        """The bytes that the connection tables of all shards take, and those of the ghosts."""
        with self._at_work:
            each = [run.held() for run in ([self._one] if self._one is not None else self._shards)]
        return sum(table for table, _ in each), sum(ghosts for _, ghosts in each)

    def settle(self) -> None:
        """Write everything back into the arrays."""
        with self._at_work:
            for run in [self._one] if self._one is not None else self._shards:
                run.settle()

    def snapshot(self) -> tuple[Tracker, Tracker]:
        """Copies of the connection table and of the ghosts, of all shards; these go on."""
        with self._at_work:
            return (self._united() if self._one is None else self._one).snapshot()

    def counters(self) -> dict[str, int]:
        """The bookkeeping of the connection table: of places in it, which are in several, nothing is told (-1)."""
        shards = self._shards  # another thread may unite them
        if self._one is not None:
            return self._one.counters()
        each = [run.counters() for run in shards]
        whole = dict.fromkeys(each[0], -1)
        whole |= {name: sum(one[name] for one in each) for name in COUNTED}
        peak, number = self._births.totals[[shard.PEAK, shard.NEXT]].tolist()
        same = {name: each[0][name] for name in ("hash_key", "evict_assured")}
        return whole | same | {"peak": peak, "next_number": number}


def stateful_run(lowered: Lowered, *, key: int, jobs: int, seed: int = 0) -> StatefulRun | ShardedRun:
    """The stateful mode in as many shards as there are jobs; `seed` decides what rules leave to chance."""
    if jobs == 1:
        return StatefulRun(lowered, key=key, seed=seed)
    return ShardedRun(lowered, key=key, seed=seed, shards=jobs)


def _numbers(count: int) -> Numbers:
    """So many zeros."""
    return np.zeros(count, dtype=np.int64)


def _own_share(number: int) -> Share:
    """The share of a shard before any packet."""
    state = _numbers(shard.STATE)
    state[shard.MINE] = number
    return Share(state, *(_numbers(0) for _ in range(6)))


# --- many tables as one ----------------------------------------------------------------------------------------------


def united(tables: Sequence[Tracker], joined: Sequence[Numbers], next_number: int, peak: int) -> Tracker:
    """The table that a single run would have: arrays, from arrays.

    Connections get other rows, in the order in which they came to their places in the orders of age.
    """
    rows = [np.flatnonzero(is_live(table.connections[: table.counters[0]["used"]])) for table in tables]
    stamps = np.concatenate([at[row] for at, row in zip(joined, rows, strict=True)])
    places = np.empty(len(stamps), dtype=np.int64)
    places[np.argsort(stamps)] = np.arange(FIRST, FIRST + len(stamps))
    whole = _empty(tables, len(stamps), next_number, peak)
    for name, parts in (("connections", (0,)), ("tuples", (0, 1)), ("sides", (0, 1))):
        for part in parts:
            step = len(parts)
            kept = [getattr(table, name)[step * row + part] for table, row in zip(tables, rows, strict=True)]
            getattr(whole, name)[step * places + part] = np.concatenate(kept)
    _fill_heap(whole, places)
    _chain_by_age(whole, np.sort(places))
    of_tables = np.split(places, np.cumsum([len(row) for row in rows])[:-1])
    _take_expectations(whole, tables, rows, of_tables)
    _chain_expectations(whole, tables, rows, of_tables)
    tables_now = usable(whole)
    relink(tables_now)
    flush(tables_now)
    return whole


def _empty(tables: Sequence[Tracker], live: int, next_number: int, peak: int) -> Tracker:
    """A table with room for so many connections, which it counts already."""
    counters = tables[0].counters.copy()
    for name in COUNTED:
        counters[name] = sum(int(table.counters[0][name]) for table in tables)
    counters["next_number"], counters["peak"] = next_number, peak
    counters["used"], counters["free"], counters["armed"] = FIRST + live, -1, live
    helped = int(counters["helped"][0])
    counters["helped_used"], counters["helped_free"] = helped, -1
    rows = trackers.LEAST_ROWS
    while rows < FIRST + live:
        rows *= 2
    return trackers.with_rows(rows, max(helped, trackers.LEAST_ROWS), counters, tables[0].settings.copy())


def _fill_heap(whole: Tracker, places: Numbers) -> None:
    """The expiry heap: in ascending order it is one."""
    keys = whole.connections["heap_key"][places]
    order = np.argsort(keys, kind="stable")
    whole.heap_key[: len(order)] = keys[order]
    whole.heap_row[: len(order)] = places[order]
    whole.connections["heap_position"][places[order]] = np.arange(len(order))


def _take_expectations(
    whole: Tracker, tables: Sequence[Tracker], rows: Sequence[Numbers], places: Sequence[Numbers]
) -> None:
    """What the helper remembers, one row behind the other."""
    taken = 0
    for table, row, place in zip(tables, rows, places, strict=True):
        helped = table.connections["status"][row] & int(CtStatus.HELPER) != 0
        count = int(helped.sum())
        whole.expectations[taken : taken + count] = table.expectations[table.connections["extension"][row[helped]]]
        whole.connections["extension"][place[helped]] = np.arange(taken, taken + count)
        taken += count


def _chain_by_age(whole: Tracker, rows: Numbers) -> None:
    """Both orders of age, of rows in ascending order."""
    assured = whole.connections["status"][rows] & int(CtStatus.ASSURED) != 0
    for chained, suffix in ((rows[~assured], ""), (rows[assured], "_assured")):
        ends = np.concatenate([[-1], chained, [-1]])
        whole.neighbours["older"][chained] = ends[:-2]
        whole.neighbours["newer"][chained] = ends[2:]
        whole.counters["oldest" + suffix], whole.counters["newest" + suffix] = ends[1], ends[-2]


def _chain_expectations(
    whole: Tracker, tables: Sequence[Tracker], rows: Sequence[Numbers], places: Sequence[Numbers]
) -> None:
    """The chain of those that expect one: shard behind shard, since only those of one shard are ever compared."""
    chain: list[int] = []
    for table, row, place in zip(tables, rows, places, strict=True):
        at = int(table.counters[0]["newest_expecting"])
        place_of = dict(zip(row.tolist(), place.tolist(), strict=True)) if at >= 0 else {}
        while at >= 0:
            chain.append(place_of[at])
            at = int(expectation_of(table, at)["older"])
    ends = [-1, *chain, -1]
    for newer, at, older in zip(ends, chain, ends[2:], strict=False):
        expectation = expectation_of(whole, at)
        expectation["newer"], expectation["older"] = newer, older
    whole.counters["newest_expecting"] = ends[1]
