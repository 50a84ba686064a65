"""The decisions of two firewalls about the same packets, compared field by field.

Read first: `differing`, which says what counts as a difference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from fwsim.capture import Chunk
from fwsim.simulator import Batch
from fwsim.tables import plain
from fwsim.terms import ABSENT, Verdict

Table = npt.NDArray[np.void]

SKIPPED = ABSENT
"""In DECISION["verdict"] of the other firewall: it was not given this frame, so nothing can be compared."""

COMPARED = ("verdict", "ct_state", "ct_direction", "chain", "rule")
"""The fields of DECISION that must agree."""

SHOWN = 10
"""How many differences are kept; all are counted."""


class Firewall(Protocol):
    """Anything that decides about the packets of a chunk: rows of DECISION, one for each frame."""

    def run(self, chunk: Chunk) -> Table:
        """Decide, in order; the chunk has been located."""


@dataclass(frozen=True)
class Difference:
    """A frame about which two firewalls disagree: both decisions, and the fields in which they differ."""

    file: int
    number: int
    proto: int
    fields: tuple[str, ...]
    ours: dict[str, int]
    theirs: dict[str, int]


@dataclass
class Comparison:
    """What came of comparing; the counters are keyed by protocol number (ABSENT for what is not IP)."""

    packets: Counter[int] = field(default_factory=Counter)
    compared: Counter[int] = field(default_factory=Counter)
    unknown: Counter[int] = field(default_factory=Counter)
    """Packets about which the simulator says that it does not know."""
    differing: Counter[int] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)
    """The first ones, in capture order."""

    @property
    def agrees(self) -> bool:
        """Whether no difference was found."""
        return not self.differing

    def add(self, batch: Batch, theirs: Table) -> None:
        """Compare the stateful decisions of a batch with those of the other firewall."""
        ours = batch.stateful
        protocols = np.where(batch.packets["family"] == 0, ABSENT, batch.packets["proto"])
        compared = theirs["verdict"] != SKIPPED
        unknown = compared & (ours["verdict"] == int(Verdict.UNKNOWN))
        different = differing(ours, theirs) & compared & ~unknown
        everything = np.ones(len(batch), np.bool_)
        for counter, mask in (
            (self.packets, everything),
            (self.compared, compared),
            (self.unknown, unknown),
            (self.differing, different),
        ):
            counter.update(protocols[mask].tolist())
        for row in np.flatnonzero(different)[: SHOWN - len(self.differences)].tolist():
            self.differences.append(difference(batch, theirs, row))


def differing(ours: Table, theirs: Table) -> npt.NDArray[np.bool_]:
    """The rows that do not agree in every field of `COMPARED`."""
    rows = np.zeros(len(ours), np.bool_)
    for name in COMPARED:
        rows |= ours[name] != theirs[name]
    return rows


def difference(batch: Batch, theirs: Table, row: int) -> Difference:
    """One row of a batch that does not agree."""
    ours, other = plain(batch.stateful[row]), plain(theirs[row])
    return Difference(
        file=int(batch.frames[row]["file"]),
        number=int(batch.frames[row]["number"]),
        proto=int(batch.packets[row]["proto"]),
        fields=tuple(name for name in COMPARED if ours[name] != other[name]),
        ours=ours,
        theirs=other,
    )


def compare_firewalls(batches: Iterable[Batch], other: Firewall) -> Comparison:
    """Let the other firewall decide about every batch of a run, and compare."""
    comparison = Comparison()
    for batch in batches:
        comparison.add(batch, other.run(batch.chunk))
    return comparison
