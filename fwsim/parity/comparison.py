"""The decisions of two firewalls about the same packets, compared field by field.

Read first: `differing`, which says what counts as a difference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from fwsim.simulator import Batch
from fwsim.tables import plain
from fwsim.terms import ABSENT, Verdict

Table = npt.NDArray[np.void]

COMPARED = ("verdict", "ct_state", "ct_direction", "chain", "rule")
"""The fields of DECISION that must agree."""

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


class Firewall(Protocol):
    """Anything that decides about the packets of a batch."""

    def answer(self, chunk: Batch, /) -> Answer:
        """Decide, in order; the batch has been located."""


@dataclass(frozen=True)
class Difference:
    """A frame about which two firewalls disagree: both decisions, and the fields in which they differ."""

    file: int
    number: int
    proto: int
    fields: tuple[str, ...]
    ours: dict[str, int]
    theirs: dict[str, int]
    words: str = ""
    """What the other firewall says of the packet."""


@dataclass
class Comparison:
    """What came of comparing; the counters are keyed by protocol number (ABSENT for what is not IP)."""

    packets: Counter[int] = field(default_factory=Counter)
    compared: Counter[int] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    """Frames that are not compared, by why the other firewall was not given them."""
    unknown: Counter[int] = field(default_factory=Counter)
    """Packets about which the simulator says that it does not know."""
    differing: Counter[int] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)
    """The first ones, in capture order."""

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
        ours = batch.stateful
        protocols = np.where(batch.packets["family"] == 0, ABSENT, batch.packets["proto"])
        compared = np.ones(len(batch), np.bool_)
        for why in (answer.left_out, answer.failed):
            compared[list(why)] = False
            self.left_out.update(why.values())
        unknown = compared & (ours["verdict"] == int(Verdict.UNKNOWN))
        different = differing(ours, answer.decisions) & compared & ~unknown
        self.packets.update(protocols.tolist())
        for counter, mask in ((self.compared, compared), (self.unknown, unknown), (self.differing, different)):
            counter.update(protocols[mask].tolist())
        for row in np.flatnonzero(different)[: SHOWN - len(self.differences)].tolist():
            self.differences.append(difference(batch, answer, row))


def differing(ours: Table, theirs: Table) -> npt.NDArray[np.bool_]:
    """The rows that do not agree in every field of `COMPARED`."""
    rows = np.zeros(len(ours), np.bool_)
    for name in COMPARED:
        rows |= ours[name] != theirs[name]
    return rows


def difference(batch: Batch, answer: Answer, row: int) -> Difference:
    """One row of a batch that does not agree."""
    ours, other = plain(batch.stateful[row]), plain(answer.decisions[row])
    return Difference(
        file=int(batch.frames[row]["file"]),
        number=int(batch.frames[row]["number"]),
        proto=int(batch.packets[row]["proto"]),
        fields=tuple(name for name in COMPARED if ours[name] != other[name]),
        ours=ours,
        theirs=other,
        words=answer.invalid.get(row, ""),
    )


def compare_firewalls(batches: Iterable[Batch], other: Firewall) -> Comparison:
    """Let the other firewall decide about every batch of a run, and compare."""
    comparison = Comparison()
    for batch in batches:
        comparison.add(batch, other.answer(batch))
    return comparison
