"""The connections that a firewall remembers, to be looked through from Python.

Read first: `fwsim.simulator.Simulator.connections`. Each has the fields of `fwsim conntrack --format json`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, overload

from fwsim.shown import Shown

Record = dict[str, Any]


class Connections(Shown, Sequence[Record]):
    """Connections in the order in which they were opened, as they were when they were asked for."""

    def __init__(self, records: Sequence[Record], lines: Sequence[str], now: int, *, tracking: bool) -> None:
        """`lines` are those of `conntrack -L`; `now` is the time (ns); without `tracking` there are none."""
        self.records = records
        self.lines = lines
        self.now = now
        self.tracking = tracking

    def __len__(self) -> int:
        """How many."""
        return len(self.records)

    @overload
    def __getitem__(self, number: int) -> Record: ...

    @overload
    def __getitem__(self, number: slice) -> Sequence[Record]: ...

    def __getitem__(self, number: int | slice) -> Record | Sequence[Record]:
        """One, or some of them."""
        return self.records[number]

    def __iter__(self) -> Iterator[Record]:
        """One after the other."""
        return iter(self.records)

    def __str__(self) -> str:
        """As `conntrack -L` lists them."""
        return "\n".join(self.lines)
