"""The decisions of two firewalls about the same packets, compared field by field.

Read first: `fwsim.parity.difference`, which says what counts as one, and `fwsim.parity.fragmented`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from fwsim.capture.ends import Ends
from fwsim.naming import NAT
from fwsim.parity.difference import Difference, conceded, difference, differing
from fwsim.parity.fragmented import Pieces
from fwsim.parity.translated import disagreeing, ends_text
from fwsim.simulator import Batch
from fwsim.tables import plain
from fwsim.terms import ABSENT, UNKNOWN_VALUE, CtState, Direction, Reason, Verdict

Table = npt.NDArray[np.void]

SILENCE = {"verdict": int(Verdict.NOT_EVALUATED), "ct_state": int(CtState.NONE), "ct_direction": int(Direction.NONE)}
SILENCE |= {"chain": ABSENT, "rule": ABSENT, "reason": int(Reason.NONE)}
"""The decision of a firewall that has not spoken of a packet."""

SHOWN = 10
"""How many differences are kept; all are counted."""


class Answer(Protocol):
    """What a firewall says of a batch. The mappings are by row."""

    @property
    def decisions(self) -> Table:
        """A row of DECISION for each frame."""

    @property
    def left_out(self) -> Mapping[int, str]:
        """Frames that it was not given: nothing can be compared."""

    @property
    def failed(self) -> Mapping[int, str]:
        """Frames that it could not take."""

    @property
    def invalid(self) -> Mapping[int, str]:
        """Its words for packets that it calls invalid."""

    @property
    def silent(self) -> frozenset[int]:
        """Fragments of which it has not spoken (yet): it speaks of a datagram once."""

    @property
    def late(self) -> Mapping[int, dict[str, int]]:
        """Decisions about fragments of earlier batches, by row: negative numbers."""

    @property
    def translated(self) -> Mapping[int, Ends]:
        """How packets left, by row, where that is not how they came."""

    @property
    def by_chance(self) -> bool:
        """Whether they may hang on numbers that each firewall draws for itself: then they are not compared."""

    @property
    def unanswerable(self) -> frozenset[int]:
        """Rows of packets to which it sends no answer: its DROP may be a REJECT there."""


class Firewall(Protocol):
    """Anything that decides about the packets of a batch."""

    def answer(self, chunk: Batch, /) -> Answer:
        """Decide, in order; the batch has been located."""


@dataclass
class Comparison:
    """What came of comparing; the counters are keyed by protocol number (ABSENT for what is not IP)."""

    packets: Counter[int] = field(default_factory=Counter)
    compared: Counter[int] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    """Frames that are not compared, by why the other firewall was not given them."""
    unknown: Counter[int] = field(default_factory=Counter)
    """Packets of which the simulator says that it does not know the verdict, or, that being the same, the ct state."""
    differing: Counter[int] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)
    """The first ones."""
    pieces: Pieces = field(default_factory=Pieces)

    @property
    def agrees(self) -> bool:
        """Whether no difference was found."""
        return not self.differing

    def merge(self, other: Comparison) -> None:
        """Add what came of another round."""
        self.packets.update(other.packets)
        self.compared.update(other.compared)
        self.left_out.update(other.left_out)
        self.unknown.update(other.unknown)
        self.differing.update(other.differing)
        self.differences += other.differences[: SHOWN - len(self.differences)]

    def add(self, batch: Batch, answer: Answer) -> None:
        """Compare the stateful decisions of a batch with the other firewall's answer."""
        ours, base = batch.stateful, self.packets.total()
        protocols = np.where(batch.packets["family"] == 0, ABSENT, batch.packets["proto"])
        compared = np.ones(len(batch), np.bool_)
        compared[[*answer.left_out, *answer.failed]] = False
        self.left_out.update(answer.left_out.values())
        self.left_out.update(f"that it could not take ({error})" for error in answer.failed.values())
        theirs = conceded(ours, answer.decisions, answer.unanswerable)
        same = ours["verdict"] == theirs["verdict"]
        same[list(answer.silent)] = True  # nothing was said of it
        unknown = compared & ((ours["verdict"] == int(Verdict.UNKNOWN)) | (same & (ours["ct_state"] == UNKNOWN_VALUE)))
        different = differing(ours, theirs) & compared & ~unknown
        silent = frozenset(np.flatnonzero(different).tolist()) & answer.silent
        different[list(silent)] = False
        self.packets.update(protocols.tolist())
        for counter, mask in ((self.compared, compared), (self.unknown, unknown)):
            counter.update(protocols[mask].tolist())
        for row in np.flatnonzero(different).tolist():
            self.differ(difference(batch, row, plain(theirs[row]), answer.invalid.get(row, "")))
        alike = compared & ~unknown & ~different & (not answer.by_chance)
        for row, own, other in disagreeing(batch, answer.translated, alike):
            ends = (ends_text(own), ends_text(other))
            self.differ(replace(difference(batch, row, plain(theirs[row])), fields=(NAT,), ends=ends))
        for one in self.pieces.late(base, answer.late):
            self.differ(one)
        pieces = np.flatnonzero(batch.packets["fragment"].astype(np.bool_) & compared & ~unknown)
        self.pieces.add(batch, pieces.tolist(), base, answer.silent, SILENCE)
        for one in self.pieces.old():
            self.differ(one)

    def differ(self, one: Difference) -> None:
        """Count a difference, and keep it if it is one of the first."""
        self.differing[one.proto] += 1
        if len(self.differences) < SHOWN:
            self.differences.append(one)

    def finish(self) -> None:
        """At the end of a run: what is left of its fragments."""
        for one in self.pieces.unexplained():
            self.differ(one)
        self.pieces = Pieces()


def compare_firewalls(batches: Iterable[Batch], other: Firewall) -> Comparison:
    """Let the other firewall decide about every batch of a run, and compare."""
    comparison = Comparison()
    for batch in batches:
        comparison.add(batch, other.answer(batch))
    comparison.finish()
    return comparison
