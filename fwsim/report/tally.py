"""A run counted while it streams by: the tables that `fwsim.engine.counting` fills, read by name.

Read first: DESIGN section 5, the text that `compare` prints first; then `fwsim.engine.counting`. What is not asked
here: names and words, which `fwsim.report.comparison` adds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fwsim.engine import counting
from fwsim.engine.counting import (
    CHANGE,
    EVIDENCE_ROWS,
    EXAMPLE,
    FURTHER_ROW,
    HOOKS,
    OTHERS,
    REASONS,
    TOTALS,
    VERDICTS,
    WAITING,
    Counted,
    count,
)
from fwsim.report.cells import Rows
from fwsim.tables import empty
from fwsim.uncompiled import Tables, usable

__all__ = ["CHANGE_FIELDS", "EVIDENCE_ROWS", "FURTHER_ROW", "VERDICTS", "Example", "Hits", "Slots", "Tally"]

PENDING = 65_536
"""How many connections may wait for their answer (`fwsim.engine.counting.wait`); a power of two."""
KINDS = 256
"""Room in the table of changes at first, for half as many kinds; a power of two."""

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
    def several(self) -> int:
        """One of several rules and policies that say the same, without it being known which."""
        return self.none + 2

    @property
    def count(self) -> int:
        """How many slots there are."""
        return self.none + OTHERS


@dataclass(frozen=True)
class Hits:
    """The hits of one mode: `counts` by slot, directly or through the mirror, by verdict; `tried` rules looked at."""

    slots: Slots
    counts: npt.NDArray[np.int64]
    tried: int


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
        self.slots = slots
        self._tables = Tables(_nothing_counted([slots[mode] for mode in modes]))
        self._all = np.arange(0)

    def add(self, batch: Any, rows: Rows = slice(None)) -> None:
        """Count the selected rows of a batch."""
        picked = self._picked(rows, len(batch.frames))
        first, last = (getattr(batch, mode) for mode in (self.modes[0], self.modes[-1]))
        frames, packets, before, after = map(usable, (batch.frames, batch.packets, first, last))
        at = 0
        while at < len(picked):
            at = count(self._tables.usable(), frames, packets, before, after, usable(picked), at, len(picked))
            if at < len(picked):
                self._grow()

    def _picked(self, rows: Rows, size: int) -> npt.NDArray[np.int64]:
        """The numbers of the selected rows."""
        if not isinstance(rows, slice):
            return np.asarray(rows, dtype=np.int64)
        if len(self._all) < size:
            self._all = np.arange(size)
        return self._all[:size][rows]

    def _grow(self) -> None:
        """Make room for more kinds of changes."""
        counted = self._tables.arrays
        changes = counted.changes[counted.changes["count"] > 0]
        self._tables = Tables(counted._replace(changes=hashed(changes, 2 * len(counted.changes))))

    @property
    def counted(self) -> Counted:
        """All that was counted, as arrays."""
        return self._tables.arrays

    def restore(self, counted: Counted) -> None:
        """Go on with other tables: arrays, made for the same modes and rulesets."""
        self._tables = Tables(counted)

    # --- what was counted, by name -------------------------------------------------------------------------------

    def _total(self, field: str) -> int:
        """One of the totals."""
        return int(self._tables.arrays.totals[0][field])

    @property
    def frames(self) -> int:
        """How many frames."""
        return self._total("frames")

    @property
    def octets(self) -> int:
        """Their bytes on the wire."""
        return self._total("octets")

    @property
    def first_ts(self) -> int | None:
        """The earliest time (ns), None before the first frame."""
        return self._total("first_ts") if self.frames else None

    @property
    def last_ts(self) -> int:
        """The latest time (ns)."""
        return self._total("last_ts")

    @property
    def cells(self) -> npt.NDArray[np.int64]:
        """Frames by evidence row and verdict in each mode; a copy."""
        cells = self._tables.arrays.cells.reshape(EVIDENCE_ROWS, VERDICTS, VERDICTS)
        return cells.copy() if len(self.modes) == 2 else cells[:, 0].copy()

    @property
    def hits(self) -> dict[str, Hits]:
        """The hits of each mode."""
        counted = self._tables.arrays
        tables = {self.modes[0]: (counted.hits0, "tried0"), self.modes[-1]: (counted.hits1, "tried1")}
        return {
            mode: Hits(self.slots[mode], counts.reshape(-1, 2, VERDICTS), self._total(tried))
            for mode, (counts, tried) in tables.items()
        }

    @property
    def let_in(self) -> Counter[tuple[int, int]]:
        """Suspicious packets that the last mode admits, by evidence row and slot."""
        slots = self.slots[self.modes[-1]].count
        return Counter({divmod(at, slots): number for at, number in _counts(self._tables.arrays.let_in)})

    @property
    def not_evaluated(self) -> Counter[int]:
        """Frames that no mode evaluates, by reason."""
        return Counter(dict(_counts(self._tables.arrays.unseen)))

    @property
    def unchained(self) -> Counter[int]:
        """Frames that the last mode accepts because no chain stands in their way, by hook."""
        return Counter(dict(_counts(self._tables.arrays.unchained)))

    @property
    def changes(self) -> Counter[tuple[int, ...]]:
        """Frames on which the modes differ, by what explains it: see `CHANGE_FIELDS`; in the order they came up."""
        changes = self._tables.arrays.changes
        found = np.sort(changes[changes["count"] > 0], order="order")
        return Counter({_explanation(int(change["key"])): int(change["count"]) for change in found})

    @property
    def examples(self) -> dict[int, Example]:
        """By evidence row, the first frame on which the modes differ."""
        return _examples(self._tables.arrays.differ)

    @property
    def admitted_examples(self) -> dict[int, Example]:
        """By evidence row, the first suspicious frame that the last mode admits."""
        return _examples(self._tables.arrays.admitted)

    @property
    def waiting(self) -> int:
        """How many connections picked up in mid-stream wait for their answer."""
        return int(np.count_nonzero(self._tables.arrays.waiting[::WAITING]))


def _nothing_counted(slots: Sequence[Slots]) -> Counted:
    """Tables of zeros for one mode or two."""
    totals = empty(TOTALS, 1)
    totals[0]["modes"] = len(slots)
    for number, of_mode in ((0, slots[0]), (1, slots[-1])):
        totals[0][f"rules{number}"], totals[0][f"chains{number}"] = of_mode.rules, of_mode.chains

    def numbers(size: int) -> npt.NDArray[np.int64]:
        return np.zeros(size, dtype=np.int64)

    return Counted(
        totals=totals,
        cells=numbers(EVIDENCE_ROWS * counting.CELLS),
        hits0=numbers(slots[0].count * 2 * VERDICTS),
        hits1=numbers(slots[-1].count * 2 * VERDICTS),
        let_in=numbers(EVIDENCE_ROWS * slots[-1].count),
        unseen=numbers(REASONS),
        unchained=numbers(HOOKS),
        changes=empty(CHANGE, KINDS),
        differ=empty(EXAMPLE, EVIDENCE_ROWS),
        admitted=empty(EXAMPLE, EVIDENCE_ROWS),
        waiting=numbers(PENDING * WAITING),
    )


def hashed(changes: npt.NDArray[np.void], size: int) -> npt.NDArray[np.void]:
    """A table of changes of this size, a power of two, that holds these (`fwsim.engine.counting.differ`)."""
    table = empty(CHANGE, size)
    for change in changes:
        key = int(change["key"])
        at = (key ^ (key >> 7) ^ (key >> 15)) & (size - 1)
        while table[at]["count"]:
            at = (at + 1) & (size - 1)
        table[at] = change
    return table


def _counts(numbers: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    """The places that are not 0, with what stands there."""
    places = np.flatnonzero(numbers)
    return list(zip(places.tolist(), numbers[places].tolist(), strict=True))


def _examples(rows: npt.NDArray[np.void]) -> dict[int, Example]:
    """The examples there are, by evidence row."""
    return {row: Example(*rows[row].item()) for row in np.flatnonzero(rows["number"]).tolist()}


def _explanation(key: int) -> tuple[int, ...]:
    """The fields of a change (`fwsim.engine.counting.change_key`)."""
    fields = []
    for bits, less in ((1, 0), (3, 0), (3, 2), (8, 2), (8, 0), (3, 0), (3, 0)):
        fields.append((key & ((1 << bits) - 1)) - less)
        key >>= bits
    return tuple(reversed(fields))
