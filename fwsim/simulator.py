"""The simulator: a ruleset and a connection table turn each packet into a decision.

Read first: `fwsim.running`, which it drives chunk by chunk, and `fwsim.sharding`. Reading captures is in
`fwsim.capture`, finding out where a packet came from in `fwsim.topology`; printing belongs to `fwsim.cli`.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt

from fwsim.capture import Chunk, from_scapy
from fwsim.capture.captures import CHUNK_ROWS
from fwsim.capture.pool import Pool
from fwsim.connections import Connections
from fwsim.decisions import Decision as Decision
from fwsim.decisions import Decisions
from fwsim.decisions import Mode as Mode
from fwsim.defragmenting import Assembled, Defragmenter
from fwsim.engine.places import Places
from fwsim.errors import UsageError
from fwsim.headers.chunks import of_assembled, of_rows
from fwsim.headers.selecting import CLOCK
from fwsim.lower import Lowered, lower
from fwsim.lower.routed import Routes
from fwsim.netfilter.fields import NotSimulated
from fwsim.ruleset import Ruleset
from fwsim.ruleset.host import Host
from fwsim.running import StatefulRun, StatelessRun
from fwsim.sharding import ShardedRun, stateful_run
from fwsim.shown import notebook
from fwsim.tables import DECISION, DEPARTURE, RULE_POLICY, empty, plain
from fwsim.terms import (
    CtState,
    Direction,
    Hook,
    Reason,
    RejectWith,
    TcpState,
    Verdict,
    evidence_words,
)
from fwsim.topology import Topology, settled
from fwsim.topology.fib import where
from fwsim.uncompiled import flush, loaded, usable

MODES: tuple[Mode, ...] = ("stateless", "stateful")
Table = npt.NDArray[np.void]


INBOUND = 1
"""In FRAME["sent_or_received"]: the frame came in."""


@dataclass
class Batch:
    """A chunk of packets and what both modes decided about them; row i of each table is the same frame."""

    chunk: Chunk
    stateless: Table
    stateful: Table
    serial: int = 0
    """A number, once it has fragments (`fwsim.defragmenting`)."""
    departures: dict[str, Table] = field(default_factory=dict)
    """Rows of DEPARTURE, of those modes whose rules translate."""

    @property
    def frames(self) -> Table:
        """Rows of FRAME."""
        return self.chunk.frames

    @property
    def packets(self) -> Table:
        """Rows of PACKET."""
        return self.chunk.packets

    @property
    def quotes(self) -> Table:
        """Rows of QUOTE."""
        return self.chunk.quotes

    @property
    def buffer(self) -> npt.NDArray[np.uint8]:
        """The bytes that the frames lie in."""
        return self.chunk.buffer

    @property
    def comments(self) -> dict[int, list[str]]:
        """Comments of the capture, by row."""
        return self.chunk.comments

    def decisions(self, mode: Mode) -> Table:
        """The decisions of one mode."""
        return self.stateless if mode == "stateless" else self.stateful

    def __len__(self) -> int:
        """How many frames."""
        return len(self.chunk)


@dataclass
class Tracked:
    """Rows of a batch as hot functions take them now, and as the stateful mode is to see them."""

    batch: Batch
    assembled: Assembled | None
    tables: tuple[Any, Any, Any, Any]
    """Frames, packets, quotes, decisions."""
    start: int
    end: int
    asked: npt.NDArray[np.int64] | None = None
    """What the rules ask of headers, if they do."""
    departures: Table | None = None
    """Where to note how they look when they leave, if rules translate."""


class Known(TypedDict):
    """What lowering a ruleset is told of its surroundings."""

    interfaces: Sequence[str]
    routes: Routes
    places: Places


class Simulator:
    """A firewall of the mind: it keeps the connection table, and decides about packets in both modes."""

    def __init__(
        self,
        ruleset: Ruleset,
        *,
        mode: Mode = "stateful",
        interfaces: Mapping[str, Sequence[str]] | None = None,
        local: Sequence[str] = (),
        stateless_rules: Ruleset | None = None,
        key: int | None = None,
        jobs: int = 1,
        host: Host | None = None,
    ) -> None:
        """Lower the ruleset and make empty tables.

        `mode` is the one that `decide` answers in. `interfaces` maps names to networks, and replaces those of the
        ruleset by name; `local` are the firewall's own addresses. `stateless_rules` is a hand-written ruleset for the
        stateless mode. `host` describes the machine (`fwsim.ruleset.host`). `key` keys the connection table's hash:
        random by default, and no result depends on it but what rules leave to chance (0 by default). `jobs` is how many
        shards the connections are tracked in (`fwsim.sharding`), with the result of one.
        """
        self.ruleset = ruleset
        self.mode: Mode = mode
        self.jobs = jobs
        if mode not in MODES:
            raise UsageError(f"unknown mode {mode!r}: expected stateful or stateless")
        if not isinstance(jobs, int) or jobs < 1:
            raise UsageError(f"jobs={jobs!r}: expected a whole number, 1 or more")
        self.topology = Topology.build(ruleset, interfaces=interfaces or {}, local=local, host=host)
        self.lowered: dict[Mode, Lowered] = {}
        known: Known = {
            "interfaces": self.topology.names,
            "routes": partial(where, self.topology),
            "places": settled(self.topology.places),
        }
        self.lowered["stateful"] = lower(ruleset, **known)
        hooks = {hook for chain in self.lowered["stateful"].chains for hook in chain.hooks}
        self.topology.guards_itself = not hooks.isdisjoint((Hook.INPUT, Hook.OUTPUT))
        self.lowered["stateless"] = lower(stateless_rules, **known) if stateless_rules else self.lowered["stateful"]
        if not any(lowered.translates for lowered in self.lowered.values()):
            self.topology.take_as_made()
        self._choices = (stateless_rules or ruleset).stateless
        self._key = key
        self._begin()

    def _begin(self) -> None:
        """Make empty tables."""
        seed = self._key or 0
        key = secrets.randbits(28) if self._key is None else self._key
        self.stateless = StatelessRun(
            self.lowered["stateless"],
            replies=self._choices.replies,
            icmp_errors=self._choices.icmp_errors,
            key=key,
            seed=seed,
        )
        self.stateful: StatefulRun | ShardedRun = stateful_run(
            self.lowered["stateful"], key=key, jobs=self.jobs, seed=seed
        )
        self.defragmenter = Defragmenter() if self.lowered["stateful"].tracking else None
        """Like Linux, only a firewall that tracks puts fragments together."""
        self.assembled: Assembled | None = None
        """What was put together of the rows decided last."""
        self._decisions: Pool[Table] = Pool(lambda: empty(DECISION, CHUNK_ROWS))
        self._now = 0
        self.clock = 0
        """The time (ns) of the latest packet."""

    def anew(self, *, jobs: int | None = None) -> Simulator:
        """Another firewall with the same rules, which has seen nothing yet; nothing is lowered again.

        It has as many shards as this one, or `jobs`.
        """
        other = copy(self)
        other.jobs = jobs or self.jobs
        other.topology = self.topology.anew()
        other._begin()
        return other

    def forget_the_clock(self) -> None:
        """Take what rules ask of the clock for unknown, since that of another firewall tells another time."""
        for mode, lowered in self.lowered.items():
            asked = tuple(NotSimulated(str(one)) if one in CLOCK else one for one in lowered.asked)
            self.lowered[mode] = replace(lowered, asked=asked)

    # --- chunks ------------------------------------------------------------------------------------------------

    def cut(self, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
        """The chunks as they are to be decided: as they are."""
        return chunks

    def run(self, chunk: Chunk) -> Batch:
        """Decide about every packet of a chunk, in both modes; the chunk has been located."""
        batch = self.undecided(chunk)
        self._run_rows(batch, 0, len(chunk))
        return batch

    def undecided(self, chunk: Chunk) -> Batch:
        """A batch in which nothing is decided yet: what is in its decisions was left there."""
        count = len(chunk)
        self.clock = max(self.clock, int(chunk.packets["now"][-1])) if count else self.clock
        departures: dict[str, Table] = {
            mode: empty(DEPARTURE, count) for mode, lowered in self.lowered.items() if lowered.translates
        }
        if count > CHUNK_ROWS:
            return Batch(chunk, empty(DECISION, count), empty(DECISION, count), departures=departures)
        stateless = self._decisions.take()[:count]
        return Batch(chunk, stateless, self._decisions.take()[:count], departures=departures)

    def run_stateless(self, batch: Batch) -> None:
        """The stateless half of `run`."""
        rows = (0, len(batch))
        frames, packets, decisions = (loaded(table, *rows) for table in (batch.frames, batch.packets, batch.stateless))
        self._run_stateless(batch, frames, packets, decisions, *rows)

    def _run_stateless(self, batch: Batch, frames: Any, packets: Any, decisions: Any, start: int, end: int) -> None:
        """The same for some rows, which are loaded."""
        asked, departures = self._asked("stateless", batch, start, end), batch.departures.get("stateless")
        self.stateless.run(frames, packets, decisions, start, end, asked, departures)
        flush(decisions)

    def run_stateful(self, batch: Batch) -> None:
        """The stateful half of `run`."""
        tracked = self.begin_stateful(batch, 0, len(batch))
        self.run_tracked(tracked)
        self.end_stateful(tracked)

    def run_tracked(self, tracked: Tracked) -> None:
        """Decide about the rows in the stateful mode."""
        self.stateful.run(*tracked.tables, tracked.start, tracked.end, tracked.asked, tracked.departures)

    def run_shard(self, number: int, tracked: Tracked) -> None:
        """Decide about those of one shard; of several, each may be in a thread of its own."""
        assert isinstance(self.stateful, ShardedRun)
        rows = (tracked.start, tracked.end, tracked.asked, tracked.departures)
        self.stateful.run_shard(number, *tracked.tables, *rows)

    def begin_stateful(self, batch: Batch, start: int, end: int, rows: tuple[Any, Any] | None = None) -> Tracked:
        """The rows for the stateful mode; `rows` are the frames and packets if they are loaded already."""
        departures = batch.departures.get("stateful")
        whole = self.assembled = self.defragmenter.begin(batch, start, end) if self.defragmenter else None
        if whole is not None:
            tables = [loaded(table, 0, len(whole)) for table in (whole.frames, whole.packets, whole.decisions)]
            asked = of_assembled(self.lowered["stateful"].asked, whole, batch.buffer)
            departures = departures[start:end] if departures is not None else None
            all_tables = (*tables[:2], usable(whole.quotes), tables[2])
            return Tracked(batch, whole, all_tables, 0, len(whole), asked, departures)
        frames, packets = rows or (loaded(table, start, end) for table in (batch.frames, batch.packets))
        decisions = loaded(batch.stateful, start, end)
        asked = self._asked("stateful", batch, start, end)
        all_tables = (frames, packets, usable(batch.quotes), decisions)
        return Tracked(batch, None, all_tables, start, end, asked, departures)

    def _asked(self, mode: Mode, batch: Batch, start: int, end: int) -> npt.NDArray[np.int64] | None:
        """What a mode's rules ask of the headers of some rows as they were captured."""
        asked = self.lowered[mode].asked
        return of_rows(asked, batch.frames, batch.packets, batch.buffer, start, end) if asked else None

    def end_stateful(self, tracked: Tracked) -> None:
        """Write back what was decided, and give the datagrams' decisions to their fragments."""
        flush(*tracked.tables)
        if self.defragmenter is not None and tracked.assembled is not None:
            self.defragmenter.finish(tracked.batch, tracked.assembled)

    def _run_rows(self, batch: Batch, start: int, end: int) -> None:
        """Both halves for some rows of a batch."""
        frames, packets, decisions = (
            loaded(table, start, end) for table in (batch.frames, batch.packets, batch.stateless)
        )
        self._run_stateless(batch, frames, packets, decisions, start, end)
        tracked = self.begin_stateful(batch, start, end, (frames, packets))
        self.run_tracked(tracked)
        self.end_stateful(tracked)

    def step(self, batch: Batch, row: int) -> None:
        """Decide about one row of a batch whose rows before it have been decided."""
        self._run_rows(batch, row, row + 1)

    # --- single packets ----------------------------------------------------------------------------------------

    def decide(self, packet: Any, at: float | None = None, iif: str | None = None) -> Decision:
        """Decide about one scapy packet in the simulator's mode.

        `at` is its time in seconds (default: that of the packet before it); `iif` the interface it comes in by. The
        stateful verdict on a datagram in fragments is that on the one which completes it: the others wait.
        Raises UsageError if interfaces are declared and `iif` is none of them.
        """
        return self._decide(packet, at, iif, (self.mode,))[0]

    def decide_both(self, packet: Any, at: float | None = None, iif: str | None = None) -> Decisions:
        """Decide about one scapy packet in both modes; see `decide`."""
        return Decisions(*self._decide(packet, at, iif, MODES))

    def connections(self) -> Connections:
        """The connections that the stateful mode remembers, at the time of the latest packet."""
        listed: Connections = notebook().listed(self)
        return listed

    def _decide(self, packet: Any, at: float | None, iif: str | None, modes: Sequence[Mode]) -> list[Decision]:
        """The decisions of some modes about one packet."""
        if iif is not None:
            self.topology.check_declared(iif, f"iif={iif!r}")
        if at is not None:
            self._now = max(self._now, round(at * 1_000_000_000))
        captures = from_scapy([packet], interface=iif, ts=self._now)
        (chunk,) = captures
        if iif is not None:
            chunk.frames["sent_or_received"] = INBOUND
        self.topology.locate(captures, chunk)
        batch = self.run(chunk)
        return [self.decision_of(batch, 0, mode) for mode in modes]

    def decision_of(self, batch: Batch, row: int, mode: Mode) -> Decision:
        """One row of a batch in words."""
        values = plain(batch.decisions(mode)[row])
        lowered = self.lowered[mode]
        rule: str | None = None
        line: int | None = None
        if values["rule"] == RULE_POLICY:
            rule, line = "policy", lowered.chains[values["chain"]].line
        elif values["rule"] >= 0:
            rule, line = lowered.rules[values["rule"]].label, lowered.rules[values["rule"]].line
        return Decision(
            mode=mode,
            verdict=Verdict(values["verdict"]),
            reason=Reason(values["reason"]),
            reject_with=RejectWith(values["reject_with"]),
            hook=Hook(values["hook"]) if values["hook"] >= 0 else None,
            chain=lowered.chains[values["chain"]].name if values["chain"] >= 0 else None,
            rule=rule,
            line=line,
            mirror=bool(values["mirror"]),
            ct_state=CtState(max(values["ct_state"], 0)),
            ct_direction=Direction(values["ct_direction"]),
            tcp_state_before=TcpState(values["tcp_state_before"]) if values["tcp_state_before"] >= 0 else None,
            tcp_state=TcpState(values["tcp_state"]) if values["tcp_state"] >= 0 else None,
            connection=values["connection"] or None,
            evidence=tuple(evidence_words(int(batch.frames[row]["evidence"]))),
        )
