"""One packet about which two firewalls disagree.

Read first: `COMPARED`, what must agree.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fwsim.simulator import Batch
from fwsim.tables import plain

Table = npt.NDArray[np.void]

COMPARED = ("verdict", "ct_state", "ct_direction", "chain", "rule")
"""The fields of DECISION that must agree."""


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

    def with_other(self, theirs: dict[str, int], fields: tuple[str, ...]) -> Difference:
        """The same frame with another decision of the other firewall."""
        return replace(self, theirs=theirs, fields=fields)


def differing(ours: Table, theirs: Table) -> npt.NDArray[np.bool_]:
    """The rows that do not agree in every field of `COMPARED`."""
    rows = np.zeros(len(ours), np.bool_)
    for name in COMPARED:
        rows |= ours[name] != theirs[name]
    return rows


def difference(batch: Batch, row: int, theirs: dict[str, int], words: str = "") -> Difference:
    """A row of a batch beside what the other firewall decided."""
    ours = plain(batch.stateful[row])
    return Difference(
        file=int(batch.frames[row]["file"]),
        number=int(batch.frames[row]["number"]),
        proto=int(batch.packets[row]["proto"]),
        fields=tuple(name for name in COMPARED if ours[name] != theirs[name]),
        ours=ours,
        theirs=theirs,
        words=words,
    )
