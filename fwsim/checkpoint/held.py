"""Batches that are held back, in a checkpoint: their frames, and what is decided about these so far.

Read first: `fwsim.holding`. They are read once when they are put back, so that nothing in them comes as a surprise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from fwsim.checkpoint.container import Stream
from fwsim.checkpoint.saved import ANY_COUNT, Bounds, DamagedError, Saved
from fwsim.holding import Held, read_batch
from fwsim.simulator import Batch, Simulator
from fwsim.tables import CAME, DECISION, DEPARTURE, FRAME, PACKET, QUOTE
from fwsim.terms import CtState, Direction, Evidence, Hook, Reason, RejectWith, SctpState, TcpState, Verdict

EVIDENCE = (0, (1 << max(int(bit).bit_length() for bit in Evidence)) - 1)
STATES = max(len(TcpState), len(SctpState))
WORD, WORD6 = (0, (1 << 32) - 1), (-2, (1 << 33) - 1)
DEPARTURES: Bounds = {
    "left": (0, CAME), "src0": WORD6, "dst0": WORD6,
    "sport": (-2, 0xFFFF), "dport": (-2, 0xFFFF), "icmp_id": (-2, 0xFFFF),
} | {f"{end}{word}": WORD for end in ("src", "dst") for word in (1, 2, 3)}  # fmt: skip
"""The bounds of the rows of DEPARTURE."""


@dataclass(frozen=True)
class Limits:
    """The bounds of the rows of a run: what they name must be there."""

    frames: Bounds
    packets: Bounds
    decisions: dict[str, Bounds]
    translating: frozenset[str]
    """The modes whose rules translate."""


def limits_of(simulator: Simulator, files: int, interfaces: int) -> Limits:
    """The bounds for so many files and capture interfaces."""
    names = (-2, len(simulator.topology.names) - 1)
    fault = (0, int(max(Reason)))
    return Limits(
        frames={
            "file": (0, files - 1), "capture_interface": (0, interfaces - 1), "evidence": EVIDENCE,
            "captured": (0, 1 << 20), "reason": fault, "length": (0, 1 << 32), "offset": (0, 1 << 32),
        },
        packets={"iif": names, "oif": names, "proto": (-2, 255), "flags": (-2, 0xFFFF)},
        decisions={
            mode: _decisions(len(lowered.rules), len(lowered.chains)) for mode, lowered in simulator.lowered.items()
        },
        translating=frozenset(mode for mode, lowered in simulator.lowered.items() if lowered.translates),
    )  # fmt: skip


def _decisions(rules: int, chains: int) -> Bounds:
    """The bounds of decisions by a ruleset."""
    return {
        "verdict": (0, len(Verdict) - 1), "reason": (0, int(max(Reason))), "reject_with": (0, int(max(RejectWith))),
        "hook": (-2, int(max(Hook)) + 1), "chain": (-1, chains - 1), "rule": (-2, rules - 1), "mirror": (0, 1),
        "ct_state": (-2, int(max(CtState)) * 2), "ct_direction": (-2, int(max(Direction))),
        "tcp_state_before": (-2, STATES), "tcp_state": (-2, STATES),
    }  # fmt: skip


def save_held(held: Held) -> dict[str, Any]:
    """What is saved of them."""
    return {"count": len(held), "batches": Stream(held.write)}


def restore_held(held: Held, saved: Saved, limits: Limits) -> dict[int, int]:
    """Put them back; returns how many rows each has, by serial number."""
    count = saved.number("count", 0, ANY_COUNT)
    rows: dict[int, int] = {}
    with saved.member("batches").opened() as file:
        for batch in _batches(file, count):
            _check(batch, saved, limits)
            if batch.serial:
                rows[batch.serial] = len(batch)
    with saved.member("batches").opened() as file:
        held.read(file, count)
    return rows


def _batches(file: IO[bytes], count: int) -> Iterator[Batch]:
    """Batch by batch."""
    for _ in range(count):
        try:
            yield read_batch(file)
        except Exception as error:  # whatever np.load and json make of bytes that are not theirs
            raise DamagedError(f"a batch that is held back cannot be read: {error}") from error


def _check(batch: Batch, saved: Saved, limits: Limits) -> None:
    """Hold a batch against the bounds."""
    tables = (batch.frames, batch.packets, batch.quotes, batch.stateless, batch.stateful)
    saved.must([table.dtype for table in tables] == [FRAME, PACKET, QUOTE, DECISION, DECISION], "batches")
    saved.must({table.ndim for table in tables} == {1} and batch.buffer.dtype == "uint8", "batches")
    alike = (batch.frames, batch.packets, batch.stateless, batch.stateful)
    saved.must({len(table) for table in alike} == {len(batch)} and len(batch) > 0, "batches")
    saved.must(type(batch.serial) is int, "batches")
    saved.check("frames", batch.frames, limits.frames)
    saved.check("packets", batch.packets, limits.packets)
    saved.check("stateless", batch.stateless, limits.decisions["stateless"])
    saved.check("stateful", batch.stateful, limits.decisions["stateful"])
    saved.must(batch.departures.keys() == limits.translating, "batches")
    for table in batch.departures.values():
        saved.must(table.dtype == DEPARTURE and table.shape == (len(batch),), "batches")
        saved.check("departures", table, DEPARTURES)
    for row, texts in batch.comments.items():
        saved.must(
            type(row) is int and isinstance(texts, list) and all(isinstance(one, str) for one in texts), "batches"
        )
