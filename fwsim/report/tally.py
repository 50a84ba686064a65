"""A run counted while it streams by: verdicts by evidence, hits by rule, and what explains them.

Read first: DESIGN section 5, the text that `compare` prints first. Memory is bounded whatever the capture holds, and
whole columns are counted at once (`np.bincount` over combined keys), so that counting costs little beside deciding.

A frame counts once: with several words of evidence, the first of the closed list decides its row. Evidence counts
datagrams: one frame of a datagram in fragments counts in the row of its evidence, all the others in a row of their own.
What is not asked here: names and words, which `fwsim.report.comparison` adds.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fwsim.report.cells import Rows
from fwsim.tables import RULE_POLICY
from fwsim.terms import ABSENT, SUSPICIOUS, Evidence, Proto, Reason, TcpFlag, Verdict

Column = npt.NDArray[np.int64]

VERDICTS = len(Verdict)
FURTHER_ROW = 1 + len([bit for bit in Evidence if bit])
EVIDENCE_ROWS = FURTHER_ROW + 1
"""Row 0: no evidence; row k: the word of bit k-1; the last: further fragments, whose datagram counts elsewhere."""
_ACK_ROW = int(Evidence.ACK_WITHOUT_CONNECTION).bit_length()
_MIDSTREAM_ROW = int(Evidence.MIDSTREAM).bit_length()
_SUSPICIOUS_ROWS = SUSPICIOUS.bit_length()
_PENDING = 65_536


def evidence_rows(evidence: Column) -> Column:
    """The row of each evidence mask: the number of its lowest bit, from 1; 0 without evidence."""
    return np.frexp((evidence & -evidence).astype(np.float64))[1].astype(np.int64)


@dataclass(frozen=True)
class Slots:
    """Where the hits of a ruleset are counted: rules, then the policies of chains, then three of its own."""

    rules: int
    chains: int

    @property
    def none(self) -> int:
        """No rule and no policy decided."""
        return self.rules + self.chains

    @property
    def icmp_twin(self) -> int:
        """An ICMP error that the stateless twin admits as related."""
        return self.none + 1

    @property
    def count(self) -> int:
        """How many slots there are."""
        return self.none + 2

    def of(self, decisions: npt.NDArray[np.void], rows: Rows) -> Column:
        """The slot of each decision."""
        rule = decisions["rule"][rows]
        slot = np.where(rule >= 0, rule, self.none)
        slot = np.where(rule == RULE_POLICY, self.rules + decisions["chain"][rows], slot)
        return np.where(decisions["reason"][rows] == Reason.ICMP_ERROR_TWIN, self.icmp_twin, slot)


class Hits:
    """The hits of one mode: by slot, directly or through the mirror, by verdict; and how many rules were tried."""

    def __init__(self, slots: Slots) -> None:
        """Nothing counted yet."""
        self.slots = slots
        self.counts = np.zeros((slots.count, 2, VERDICTS), dtype=np.int64)
        self.tried = 0

    def add(self, decisions: npt.NDArray[np.void], rows: Rows) -> None:
        """Count the decisions of a batch."""
        key = (self.slots.of(decisions, rows) * 2 + (decisions["mirror"][rows] != 0)) * VERDICTS
        key += decisions["verdict"][rows]
        self.counts += np.bincount(key, minlength=self.counts.size).reshape(self.counts.shape)
        self.tried += int(decisions["tried"][rows].sum())


class Midstream:
    """Moves what was picked up in mid-stream and later answered from `ack-without-connection` to `midstream`.

    A packet that seems to continue nothing may belong to a conversation that was open before the capture began. Only
    the answer tells. Until then its cell is remembered by connection; at most 65,536 connections, the oldest forgotten.
    """

    def __init__(self) -> None:
        """Nothing pending."""
        self.pending: OrderedDict[int, dict[int, int]] = OrderedDict()

    def add(self, cells: npt.NDArray[np.int64], rows: Column, keys: Column, connections: Column) -> list[int]:
        """Take a batch in; returns the connections that turned out to have been answered."""
        waiting = (rows == _ACK_ROW) & (connections > 0)
        if waiting.any():
            for connection, key in zip(connections[waiting].tolist(), keys[waiting].tolist(), strict=True):
                self.remember(connection, key)
        if not self.pending:
            return []
        seen = np.unique(connections[rows == _MIDSTREAM_ROW]).tolist()
        answered = [connection for connection in seen if connection in self.pending]
        for connection in answered:
            for key, count in self.pending.pop(connection).items():
                cells[_ACK_ROW].reshape(-1)[key] -= count
                cells[_MIDSTREAM_ROW].reshape(-1)[key] += count
        return answered

    def remember(self, connection: int, key: int) -> None:
        """One packet more that waits for its connection's answer."""
        waiting = self.pending.get(connection)
        if waiting is None:
            self.pending[connection] = {key: 1}
            if len(self.pending) > _PENDING:
                self.pending.popitem(last=False)
        else:
            waiting[key] = waiting.get(key, 0) + 1


@dataclass(frozen=True)
class Example:
    """A frame worth pointing at."""

    file: int
    number: int
    connection: int


class Tally:
    """What a run's summary is made of. The last mode is the one whose hooks and states explain (`stateful`)."""

    def __init__(self, modes: Sequence[str], slots: dict[str, Slots]) -> None:
        """`modes` are those the run has decisions of, `stateless` first; `slots` one entry for each."""
        self.modes = tuple(modes)
        self.frames = 0
        self.octets = 0
        self.first_ts: int | None = None
        self.last_ts = 0
        self.cells = np.zeros((EVIDENCE_ROWS, *[VERDICTS] * len(modes)), dtype=np.int64)
        self.hits = {mode: Hits(slots[mode]) for mode in modes}
        self.midstream = Midstream()
        self.let_in: Counter[tuple[int, int]] = Counter()
        """Suspicious packets that the last mode admits, by evidence row and slot."""
        self.changes: Counter[tuple[int, ...]] = Counter()
        """Frames on which the modes differ, by what explains it: see `CHANGE_FIELDS`."""
        self.not_evaluated: Counter[int] = Counter()
        """Frames that no mode evaluates, by reason."""
        self.unchained: Counter[int] = Counter()
        """Frames that the last mode accepts because no chain stands in their way, by hook."""
        self.examples: dict[int, Example] = {}
        """By evidence row, the first frame on which the modes differ."""
        self.admitted_examples: dict[int, Example] = {}
        """By evidence row, the first frame that the last mode admits."""

    def add(self, batch: Any, rows: Rows = slice(None)) -> None:
        """Count the selected rows of a batch."""
        frames = batch.frames
        evidence = np.where(frames["further"][rows] != 0, FURTHER_ROW, evidence_rows(frames["evidence"][rows]))
        if len(evidence) == 0:
            return
        self.measure(frames, rows)
        verdicts = [getattr(batch, mode)["verdict"][rows] for mode in self.modes]
        key = verdicts[0]
        for verdict in verdicts[1:]:
            key = key * VERDICTS + verdict
        width = self.cells[0].size
        counts = np.bincount(evidence * width + key, minlength=self.cells.size)
        self.cells += counts.reshape(self.cells.shape)
        for mode in self.modes:
            self.hits[mode].add(getattr(batch, mode), rows)
        self.add_unchained(getattr(batch, self.modes[-1]), rows)
        self.look_closer(batch, rows, evidence, verdicts)
        for connection in self.midstream.add(self.cells, evidence, key, frames["connection"][rows]):
            self.forget_examples(connection)

    def add_unchained(self, decisions: npt.NDArray[np.void], rows: Rows) -> None:
        """Count by hook what is accepted without any rule or policy."""
        free = (decisions["rule"][rows] == ABSENT) & (decisions["verdict"][rows] == Verdict.ACCEPT)
        if free.any():
            free &= decisions["reason"][rows] != Reason.ICMP_ERROR_TWIN
            self.unchained.update(decisions["hook"][rows][free].tolist())

    def measure(self, frames: npt.NDArray[np.void], rows: Rows) -> None:
        """Number, size and time span of the frames."""
        ts = frames["ts"][rows]
        self.frames += len(ts)
        self.octets += int(frames["length"][rows].sum())
        first = int(ts.min())
        self.first_ts = first if self.first_ts is None else min(self.first_ts, first)
        self.last_ts = max(self.last_ts, int(ts.max()))

    def look_closer(self, batch: Any, rows: Rows, evidence: Column, verdicts: list[Column]) -> None:
        """What only a few frames ask for: changes, suspicious packets let in, frames not evaluated."""
        last = getattr(batch, self.modes[-1])
        unseen = np.logical_and.reduce([verdict == Verdict.NOT_EVALUATED for verdict in verdicts])
        if unseen.any():
            self.not_evaluated.update(last["reason"][rows][unseen].tolist())
        admitted = (evidence > 0) & (evidence <= _SUSPICIOUS_ROWS) & (verdicts[-1] == Verdict.ACCEPT)
        if admitted.any():
            slots = self.hits[self.modes[-1]].slots.of(last, rows)
            self.let_in.update(zip(evidence[admitted].tolist(), slots[admitted].tolist(), strict=True))
            self.point_at(self.admitted_examples, batch.frames, rows, evidence, admitted)
        if len(verdicts) == 2:
            changed = verdicts[0] != verdicts[1]
            if changed.any():
                self.changes.update(_explanations(batch, rows, changed))
                self.point_at(self.examples, batch.frames, rows, evidence, changed)

    def point_at(
        self,
        examples: dict[int, Example],
        frames: npt.NDArray[np.void],
        rows: Rows,
        evidence: Column,
        mask: Any,
    ) -> None:
        """Remember the first frame of each evidence row among the masked ones."""
        places = np.flatnonzero(mask)
        found, first = np.unique(evidence[places], return_index=True)
        for row, place in zip(found.tolist(), places[first].tolist(), strict=True):
            if row not in examples:
                frame = frames[rows][place]
                examples[row] = Example(int(frame["file"]), int(frame["number"]), int(frame["connection"]))

    def forget_examples(self, connection: int) -> None:
        """An answered connection's first packet is no example of an ACK without connection after all."""
        for examples in (self.examples, self.admitted_examples):
            if _ACK_ROW in examples and examples[_ACK_ROW].connection == connection:
                del examples[_ACK_ROW]


CHANGE_FIELDS = (
    "stateless_verdict",
    "stateful_verdict",
    "reason",
    "ct_state",
    "ct_direction",
    "fragment",
    "could_be_reply",
)
"""What a key of `Tally.changes` holds; the reason, ct state and direction are those of the stateful mode."""


def _explanations(batch: Any, rows: Rows, changed: npt.NDArray[np.bool_]) -> list[tuple[int, ...]]:
    """For each changed frame what `CHANGE_FIELDS` names."""
    stateless, stateful = batch.stateless, batch.stateful
    packets = batch.packets
    could_be_reply = (packets["proto"] != Proto.TCP) | (packets["flags"] & (TcpFlag.ACK | TcpFlag.RST) != 0)
    columns = (
        stateless["verdict"], stateful["verdict"], stateful["reason"], stateful["ct_state"], stateful["ct_direction"],
        packets["fragment"], could_be_reply,
    )  # fmt: skip
    return list(zip(*(column[rows][changed].tolist() for column in columns), strict=True))
