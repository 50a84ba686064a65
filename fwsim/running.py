"""The tables of both modes, made from a lowered ruleset, and one chunk of packets run through them.

Read first: `fwsim.engine.twin` (stateless), `fwsim.engine.pipeline` (stateful) and `fwsim.uncompiled`: the same tables
serve compiled and uncompiled code.
"""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from fwsim import keyed_tables
from fwsim import tracker as trackers
from fwsim.engine.asked import VIEWS
from fwsim.engine.attached import Stateful
from fwsim.engine.binding import Nat
from fwsim.engine.counted import begin
from fwsim.engine.entries import KeyedRules
from fwsim.engine.expiry import pass_time
from fwsim.engine.path import Course
from fwsim.engine.pipeline import run_stateful
from fwsim.engine.places import Places
from fwsim.engine.program import Memory
from fwsim.engine.rule_rows import TRANSLATION
from fwsim.engine.shard import MINE, NOBODY, STATE, Numbers, Share
from fwsim.engine.tuples import Tracker
from fwsim.engine.twin import REPLIES_ACK_OR_RST, REPLIES_ANY, REPLIES_NEVER, Stateless, run_stateless
from fwsim.headers import nothing_known
from fwsim.headers.selecting import is_translated
from fwsim.lower import Lowered
from fwsim.tables import DECISION, DEPARTURE, EXTRA, PACKET, TRACK, TUPLE, empty, plain
from fwsim.topology import Topology, settled
from fwsim.uncompiled import Tables, flush, usable

CHUNK = 2_048
"""Packets of a chunk for which there is room at first."""
GHOSTS = 65_536
"""How many refused openings are remembered at the most."""

Mode = TypeVar("Mode", Stateless, Stateful)
Departures = npt.NDArray[np.void]
"""Rows of DEPARTURE, of zeros."""

REPLIES = {"ack-or-rst": REPLIES_ACK_OR_RST, "any": REPLIES_ANY, "never": REPLIES_NEVER}


def course_of(lowered: Lowered, *, key: int = 0, seed: int = 0, tracker: Tracker | None = None) -> Course:
    """A fresh course through a ruleset: nothing counted, every limit's bucket full. The rest is as `Lowered.memory`."""
    return new_course(lowered, lowered.memory(key=key, seed=seed, tracker=tracker))


def new_course(lowered: Lowered, memory: Memory) -> Course:
    """A course that goes on with what was counted: a packet as rules see it, and what else they ask for behind it."""
    packet, more = len(PACKET.names or ()), len(EXTRA.names or ())
    matrix = np.zeros((1, packet + more), dtype=np.int64)
    seen, extra = (matrix[0, :packet].view(PACKET), matrix[0, packet:].view(EXTRA))
    extra[0]["wanted"] = int(not lowered.uses_fields.isdisjoint(EXTRA.names or ()))
    extra[0]["origin"] = memory.keyed.books[0]["origin"]
    extra[0]["translated"] = sum(1 << slot for slot, asked in enumerate(lowered.asked) if is_translated(asked))
    return Course(lowered.program, memory, seen, extra, matrix, nothing_known(1, len(lowered.asked)))


def going_on(course: Course, memory: Memory) -> Course:
    """The course with what another has counted, looking connections up where it did."""
    keyed = memory.keyed._replace(tracker=course.memory.keyed.tracker)
    course.extra[0]["origin"] = keyed.books[0]["origin"]
    return course._replace(memory=memory._replace(keyed=keyed))


def set_clock(course: Course, now: int) -> None:
    """Let the time begin, of arrays, unless it has: the ruleset counts as loaded when its first packet comes."""
    books = course.memory.keyed.books[0]
    if not books["began"]:
        kept = usable(course.memory.keyed)
        begin(kept, now)
        flush(kept)
        course.extra[0]["origin"] = books["origin"]


def begun(tables: Tables[Mode], packets: Any, start: int, end: int) -> Tables[Mode]:
    """The tables of a mode whose time has begun at the latest with row `start`."""
    if start == end or tables.usable().course.memory.keyed.books[0]["began"]:
        return tables
    mode = tables.arrays
    set_clock(mode.course, int(packets[start]["now"]))
    return Tables(mode)


def looking_up(course: Course, tracker: Tracker) -> Course:
    """The course with another table, in which connections are looked up."""
    memory = course.memory
    return course._replace(memory=memory._replace(keyed=memory.keyed._replace(tracker=tracker)))


def asking(tables: Tables[Mode], asked: Numbers | None, rows: int) -> Tables[Mode]:
    """The tables of a mode with what its rules ask of headers, read of so many rows; None if that was not read."""
    slots = tables.usable().course.asked.shape[1] // VIEWS
    if not slots:
        return tables
    mode = tables.arrays
    values = nothing_known(rows, slots) if asked is None else asked
    return Tables(mode._replace(course=mode.course._replace(asked=values)))


def noting(tables: Tables[Mode], departures: Departures | None) -> Tables[Mode]:
    """The tables of a mode, which note there how translated packets look when they leave; None: nowhere."""
    if departures is None and not len(tables.usable().nat.departures):
        return tables
    mode = tables.arrays
    rows = empty(DEPARTURE, 0) if departures is None else departures
    return Tables(mode._replace(nat=mode.nat._replace(departures=rows)))


def with_room(tables: Tables[Mode], rules: KeyedRules, packets: int) -> Tables[Mode]:
    """The tables of a mode with room for what so many packets may leave by key; `rules` are of arrays."""
    if not len(rules.uses) or not keyed_tables.room_lacks(tables.usable().course.memory.keyed, rules, packets):
        return tables
    mode = tables.arrays
    memory = mode.course.memory
    keyed = keyed_tables.grow(memory.keyed, rules, packets)
    return Tables(mode._replace(course=mode.course._replace(memory=memory._replace(keyed=keyed))))


class StatelessRun:
    """The stateless mode at work."""

    def __init__(
        self,
        lowered: Lowered,
        *,
        replies: str = "ack-or-rst",
        icmp_errors: str = "accept",
        key: int = 0,
        seed: int = 0,
    ) -> None:
        """`replies` and `icmp_errors` as in a ruleset's `stateless:`; they matter if it has ct expressions."""
        self._keyed_rules = lowered.program.keyed
        self._tables = Tables(
            Stateless(
                course=course_of(lowered, key=key, seed=seed),
                scratch=empty(DECISION, 2),
                twin=int(lowered.uses_ct),
                replies=REPLIES[replies],
                icmp_errors=int(icmp_errors == "accept"),
                nat=nat_in(lowered.places),
            )
        )

    @property
    def mode(self) -> Stateless:
        """All tables of the mode, as arrays."""
        return self._tables.arrays

    def run(
        self,
        frames: Any,
        packets: Any,
        decisions: Any,
        start: int,
        end: int,
        asked: Numbers | None = None,
        departures: Departures | None = None,
    ) -> None:
        """Decide rows `start` to `end`, which are arrays if the engine is compiled, else wrapped.

        `asked` is what the rules ask of the headers of all rows (`fwsim.headers.read`). `departures`, an array in
        any case, is where to note how they look when they leave, if rules translate.
        """
        tables = begun(with_room(self._tables, self._keyed_rules, end - start), packets, start, end)
        self._tables = noting(asking(tables, asked, end), departures)
        run_stateless(self._tables.usable(), frames, packets, decisions, start, end)
        flush(self._tables.usable().nat.departures)

    def usable(self) -> Stateless:
        """All tables of the mode as hot functions take them now."""
        return self._tables.usable()

    def remember(self, memory: Memory) -> None:
        """Go on with what was counted elsewhere, of arrays."""
        mode = self._tables.arrays
        self._tables = Tables(mode._replace(course=going_on(mode.course, memory)))

    def settle(self) -> None:
        """Write everything back into the arrays."""
        self._tables.settle()


class StatefulRun:
    """The stateful mode at work: it owns the connection table and the ghosts."""

    def __init__(self, lowered: Lowered, *, key: int, seed: int = 0, share: Share | None = None) -> None:
        """`key` keys the hash of the connection table; no result depends on it. `share` is that of one of several.

        `seed` decides what rules leave to chance.
        """
        self._keyed_rules = lowered.program.keyed
        tracker = trackers.make_tracker(lowered.settings, key=key)
        self._tables = Tables(
            Stateful(
                course=course_of(lowered, key=key, seed=seed, tracker=tracker),
                tracker=tracker,
                ghosts=trackers.make_tracker(lowered.settings, key=key, capacity_limit=GHOSTS, ghosts=True),
                results=empty(TRACK, 3),
                scratch=empty(DECISION, 1),
                hashes=np.full(CHUNK, -1, dtype=np.int64),
                tracking=int(lowered.tracking),
                share=alone() if share is None else share,
                nat=nat_in(lowered.places),
            )
        )

    @property
    def mode(self) -> Stateful:
        """All tables of the mode, as arrays."""
        return self._tables.arrays

    @property
    def tracker(self) -> Tracker:
        """The connection table, as arrays."""
        return self.mode.tracker

    @property
    def ghosts(self) -> Tracker:
        """The table of refused openings, as arrays."""
        return self.mode.ghosts

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
        """Decide rows `start` to `end`, in order; `asked` and `departures` as of the stateless mode."""
        self._make_room(end - start)
        self._tables = noting(asking(begun(self._tables, packets, start, end), asked, end), departures)
        if end > len(self._tables.usable().hashes):
            self._tables = Tables(self._tables.arrays._replace(hashes=np.full(end, -1, dtype=np.int64)))
        run_stateful(self._tables.usable(), frames, packets, quotes, decisions, start, end)
        flush(self._tables.usable().nat.departures)

    def _make_room(self, packets: int) -> None:
        """Let the tables grow so that every packet may open a connection."""
        self._tables = with_room(self._tables, self._keyed_rules, packets)
        mode = self._tables.usable()
        tables = (mode.tracker, mode.ghosts)
        if any(not trackers.has_room(table, packets) for table in tables):
            mode = self._tables.arrays
            self.replace(trackers.grow(mode.tracker, packets), trackers.grow(mode.ghosts, packets))
        if self._tables.usable().share.state[MINE] != NOBODY:
            self._make_room_to_share()

    def _make_room_to_share(self) -> None:
        """Let what a shard notes of its connections be as long as the tables."""
        mode = self._tables.usable()
        rows, ghosts = len(mode.tracker.connections), len(mode.ghosts.connections)
        if len(mode.share.joined) < rows or len(mode.share.ghosts_joined) < ghosts:
            share = self.share
            joined, ghosts_joined = longer(share.joined, rows), longer(share.ghosts_joined, ghosts)
            self.share = share._replace(joined=joined, ghosts_joined=ghosts_joined)

    def replace(self, tracker: Tracker, ghosts: Tracker) -> None:
        """Go on with other tables, of arrays."""
        mode = self._tables.arrays
        self._tables = Tables(mode._replace(course=looking_up(mode.course, tracker), tracker=tracker, ghosts=ghosts))

    def remember(self, memory: Memory) -> None:
        """Go on with what was counted elsewhere, of arrays."""
        mode = self._tables.arrays
        self._tables = Tables(mode._replace(course=going_on(mode.course, memory)))

    @property
    def share(self) -> Share:
        """What it shares with other shards."""
        return self._tables.arrays.share

    @share.setter
    def share(self, share: Share) -> None:
        """Share something else from now on."""
        self._tables = Tables(self._tables.arrays._replace(share=share))

    def usable(self) -> Stateful:
        """All tables of the mode as hot functions take them now."""
        return self._tables.usable()

    def counters(self) -> dict[str, int]:
        """The bookkeeping of the connection table."""
        return plain(self.usable().tracker.counters[0])

    def pass_time(self, now: int) -> None:
        """Let time pass for the connection table up to `now`, before any packet that comes later."""
        pass_time(self._tables.usable().tracker, now)

    def held(self) -> tuple[int, int]:
        """The bytes that the connection table takes, and that of the ghosts."""
        mode = self._tables.usable()
        return trackers.bytes_held(mode.tracker), trackers.bytes_held(mode.ghosts)

    def give_up(self) -> None:
        """Nobody will come to the end of what was begun: nothing to do for one who is not shared."""

    def settle(self) -> None:
        """Write everything back into the arrays."""
        self._tables.settle()

    def snapshot(self) -> tuple[Tracker, Tracker]:
        """Copies of the connection table and of the ghosts."""
        return trackers.copy(self.tracker), trackers.copy(self.ghosts)


def alone() -> Share:
    """Nothing to be shared: there is no other."""
    nothing = np.zeros(0, dtype=np.int64)
    state = np.full(STATE, NOBODY, dtype=np.int64)
    return Share(state, nothing, nothing, nothing, nothing, nothing, nothing)


def nat_in(places: Places | None) -> Nat:
    """What translation works with."""
    return Nat(places or _nowhere(), empty(TRANSLATION, 1), empty(TUPLE, 2), empty(PACKET, 1), empty(DEPARTURE, 0))


@cache
def _nowhere() -> Places:
    """Where addresses lie for rules that do not translate: they ask only whether they do."""
    return settled(Topology({}).places)


def longer(numbers: Numbers, length: int) -> Numbers:
    """The same numbers, and zeros behind them."""
    whole = np.zeros(length, dtype=np.int64)
    whole[: len(numbers)] = numbers
    return whole
