"""The simulator: a ruleset and a connection table turn each packet into a decision.

Read first: `fwsim.running`, which it drives chunk by chunk. Reading captures is in `fwsim.capture`, finding out where
a packet came from in `fwsim.topology`; printing belongs to `fwsim.cli`.
"""

from __future__ import annotations

import queue
import secrets
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from fwsim.capture import Captures, Chunk, Input, from_scapy, open_captures
from fwsim.engine import compile_engine, is_cached, is_compiled
from fwsim.lower import Lowered, lower
from fwsim.ruleset import Ruleset, load_ruleset
from fwsim.running import StatefulRun, StatelessRun
from fwsim.tables import DECISION, RULE_POLICY, Rows, empty, plain
from fwsim.terms import (
    CtState,
    Direction,
    Hook,
    Reason,
    RejectWith,
    TcpState,
    Verdict,
    ct_state_words,
    evidence_words,
    word,
)
from fwsim.topology import Topology

Mode = Literal["stateful", "stateless"]
MODES: tuple[Mode, ...] = ("stateless", "stateful")
Table = npt.NDArray[np.void]

WORTH_COMPILING = 120_000
"""Packets still to come from which on compiling (about 25 s) costs less than going on uncompiled."""

WORTH_LOADING = 4_000
"""The same if compiled code is cached (about 1 s)."""

INBOUND = 1
"""In FRAME["sent_or_received"]: the frame came in."""

BEGINNING = 1_000
"""Packets after which it is estimated how many are still to come."""

AHEAD = 3
"""Chunks that the stateless mode may be ahead of the stateful one."""


@dataclass
class Batch:
    """A chunk of packets and what both modes decided about them; row i of each table is the same frame."""

    chunk: Chunk
    stateless: Table
    stateful: Table

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


@dataclass(frozen=True)
class Decision:
    """One decision, in words and enumerations; `str()` of it explains it in a line."""

    mode: Mode
    verdict: Verdict
    reason: Reason
    reject_with: RejectWith
    hook: Hook | None
    chain: str | None
    rule: str | None
    line: int | None
    mirror: bool
    ct_state: CtState
    ct_direction: Direction
    tcp_state_before: TcpState | None
    tcp_state: TcpState | None
    connection: int | None
    evidence: tuple[str, ...]

    @property
    def admitted(self) -> bool:
        """Whether the packet goes through."""
        return self.verdict == Verdict.ACCEPT

    def __str__(self) -> str:
        """The verdict, who decided, and the connection state, in one line."""
        parts = [f"{self.mode}: {word(self.verdict)}"]
        if self.rule is not None:
            parts.append(f"by {'policy' if self.rule == 'policy' else f'rule {self.rule!r}'} of chain {self.chain!r}")
        if self.mirror:
            parts.append("through its mirror image")
        if self.ct_state:
            parts.append(f"ct state {ct_state_words(self.ct_state)}")
        if self.reason not in (Reason.RULE, Reason.POLICY, Reason.NONE):
            parts.append(word(self.reason))
        if self.evidence:
            parts.append("evidence " + " ".join(self.evidence))
        return ", ".join(parts)


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
    ) -> None:
        """Lower the ruleset and make empty tables.

        `mode` is the one that `decide` answers in. `interfaces` maps names to networks, and replaces those of the
        ruleset by name; `local` are the firewall's own addresses. `stateless_rules` is a hand-written ruleset for
        the stateless mode. `key` keys the connection table's hash: random by default, and no result depends on it.
        """
        self.ruleset = ruleset
        self.mode: Mode = mode
        self.topology = Topology.build(ruleset, interfaces=interfaces or {}, local=local)
        self.lowered: dict[Mode, Lowered] = {}
        self.lowered["stateful"] = lower(ruleset, interfaces=self.topology.names)
        self.lowered["stateless"] = (
            lower(stateless_rules, interfaces=self.topology.names) if stateless_rules else self.lowered["stateful"]
        )
        choices = (stateless_rules or ruleset).stateless
        self.stateless = StatelessRun(
            self.lowered["stateless"], replies=choices.replies, icmp_errors=choices.icmp_errors
        )
        self.stateful = StatefulRun(self.lowered["stateful"], key=secrets.randbits(28) if key is None else key)
        self._now = 0

    # --- chunks ------------------------------------------------------------------------------------------------

    def run(self, chunk: Chunk) -> Batch:
        """Decide about every packet of a chunk, in both modes; the chunk has been located."""
        batch = Batch(chunk, empty(DECISION, len(chunk)), empty(DECISION, len(chunk)))
        if is_compiled():
            self.run_stateless(batch)
            self.run_stateful(batch)
        else:
            self._run_uncompiled(batch, 0, len(chunk))
        return batch

    def run_stateless(self, batch: Batch) -> None:
        """The stateless half of `run`; compiled only."""
        self.stateless.run(batch.frames, batch.packets, batch.stateless, 0, len(batch))

    def run_stateful(self, batch: Batch) -> None:
        """The stateful half of `run`; compiled only."""
        self.stateful.run(batch.frames, batch.packets, batch.quotes, batch.stateful, 0, len(batch))

    def _run_uncompiled(self, batch: Batch, start: int, end: int) -> None:
        """Both halves for some rows of a batch, packet rows read as dicts."""
        frames, packets, quotes = Rows(batch.frames), Rows(batch.packets), Rows(batch.quotes)
        stateless, stateful = Rows(batch.stateless), Rows(batch.stateful)
        for table in (frames, packets, stateless, stateful):
            table.load(range(start, end))
        self.stateless.run(frames, packets, stateless, start, end)
        self.stateful.run(frames, packets, quotes, stateful, start, end)
        for table in (frames, packets, stateless, stateful):
            table.flush()

    def step(self, batch: Batch, row: int) -> None:
        """Decide about one row of a batch whose rows before it have been decided."""
        if is_compiled():
            self.stateless.run(batch.frames, batch.packets, batch.stateless, row, row + 1)
            self.stateful.run(batch.frames, batch.packets, batch.quotes, batch.stateful, row, row + 1)
        else:
            self._run_uncompiled(batch, row, row + 1)

    # --- single packets ----------------------------------------------------------------------------------------

    def decide(self, packet: Any, at: float | None = None, iif: str | None = None) -> Decision:
        """Decide about one scapy packet in the simulator's mode.

        `at` is its time in seconds (default: that of the packet before it); `iif` the interface it comes in by.
        """
        if at is not None:
            self._now = max(self._now, round(at * 1_000_000_000))
        captures = from_scapy([packet], interface=iif, ts=self._now)
        (chunk,) = captures
        if iif is not None:
            chunk.frames["sent_or_received"] = INBOUND
        self.topology.locate(captures, chunk)
        batch = self.run(chunk)
        return self.decision_of(batch, 0, self.mode)

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


class Result:
    """A replay of captures through a simulator: iterate over its batches, once, in capture order."""

    def __init__(self, captures: Captures, simulator: Simulator, *, stop: threading.Event | None = None) -> None:
        """Nothing is read before the first batch is asked for; setting `stop` ends the run behind a chunk."""
        self.captures = captures
        self.simulator = simulator
        self.packets = 0
        self._stop = stop or threading.Event()

    def __iter__(self) -> Iterator[Batch]:
        """Read, locate and decide, chunk by chunk: uncompiled at first, compiled from where that pays."""
        chunks = iter(self.captures)
        for chunk in chunks:
            yield self._decide(chunk)
            if self._stop.is_set():
                return
            if not is_compiled() and self._compiling_pays():
                compile_engine()
            if is_compiled():
                yield from self._in_two_threads(chunks)
                return

    def _decide(self, chunk: Chunk) -> Batch:
        """One chunk, both modes, one after the other."""
        self.simulator.topology.locate(self.captures, chunk)
        batch = self.simulator.run(chunk)
        self.packets += len(chunk)
        return batch

    def _compiling_pays(self) -> bool:
        """Whether what is still to come costs more uncompiled than getting compiled code does."""
        if self.packets < BEGINNING:
            return False
        to_come = self.captures.estimate_remaining()
        return to_come > (WORTH_LOADING if is_cached() else WORTH_COMPILING)

    def _in_two_threads(self, chunks: Iterator[Chunk]) -> Iterator[Batch]:
        """One thread reads, locates and runs the stateless mode; this one tracks and runs the stateful mode."""
        ready: queue.Queue[Batch | BaseException | None] = queue.Queue(AHEAD)
        producer = threading.Thread(target=self._produce, args=(chunks, ready), daemon=True)
        producer.start()
        try:
            while (item := ready.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                self.simulator.run_stateful(item)
                self.packets += len(item)
                yield item
        finally:
            self._stop.set()
            while producer.is_alive():
                _drain(ready)
                producer.join(0.01)

    def _produce(self, chunks: Iterator[Chunk], ready: queue.Queue[Batch | BaseException | None]) -> None:
        """The first thread; an exception in it is raised in the other."""
        try:
            for chunk in chunks:
                self.simulator.topology.locate(self.captures, chunk)
                batch = Batch(chunk, empty(DECISION, len(chunk)), empty(DECISION, len(chunk)))
                self.simulator.run_stateless(batch)
                ready.put(batch)
                if self._stop.is_set():
                    break
            ready.put(None)
        except BaseException as error:
            ready.put(error)

    @property
    def decisions(self) -> dict[Mode, Table]:
        """All decisions of both modes, each one structured array; runs through the captures."""
        batches = [(batch.stateless, batch.stateful) for batch in self]
        if not batches:
            return {"stateless": empty(DECISION, 0), "stateful": empty(DECISION, 0)}
        stateless, stateful = zip(*batches, strict=True)
        return {"stateless": np.concatenate(stateless), "stateful": np.concatenate(stateful)}

    @property
    def statistics(self) -> dict[str, int]:
        """The bookkeeping of the connection table so far: rows of COUNTERS by name."""
        self.simulator.stateful.settle()
        return plain(self.simulator.stateful.tracker.counters[0])


def _drain(ready: queue.Queue[Any]) -> None:
    """Empty a queue, so that who waits to put something into it can go on and end."""
    try:
        while True:
            ready.get_nowait()
    except queue.Empty:
        return


def compare(
    captures: str | Path | Sequence[str | Path] | Captures,
    ruleset: Ruleset | str | Path,
    *,
    checksum: str = "auto",
    **options: Any,
) -> Result:
    """Replay captures through a ruleset in both modes; `options` are those of `Simulator`.

    Raises CaptureError and RulesetError. Nothing is read before the result is iterated over.
    """
    if not isinstance(ruleset, Ruleset):
        ruleset = load_ruleset(str(ruleset))
    return Result(_opened(captures, checksum), Simulator(ruleset, **options))


def replay(
    captures: str | Path | Sequence[str | Path] | Captures,
    ruleset: Ruleset | str | Path,
    *,
    mode: Mode = "stateful",
    **options: Any,
) -> Result:
    """The same as `compare`; its simulator answers single packets in `mode`."""
    return compare(captures, ruleset, mode=mode, **options)


def _opened(captures: str | Path | Iterable[str | Path] | Captures, checksum: str) -> Captures:
    """Captures from paths, or as they are."""
    if isinstance(captures, Captures):
        return captures
    paths = [captures] if isinstance(captures, str | Path) else list(captures)
    return open_captures([Input(str(path)) for path in paths], checksum=checksum, digest=False)
