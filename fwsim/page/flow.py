"""What each mode admitted and blocked over time, on the capture's clock: a bounded number of spans of equal length.

Read first: `fwsim.resources.timeline`, which does the same for connections.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fwsim.terms import Verdict

SPANS = 128
"""At the most; with more they become twice as long."""
LEAST_WIDTH = 1_000_000
"""Nanoseconds of a span at first."""

ADMITTED, BLOCKED, OTHERWISE = range(3)
KINDS = np.array([{Verdict.ACCEPT: ADMITTED, Verdict.DROP: BLOCKED, Verdict.REJECT: BLOCKED}.get(verdict, OTHERWISE)
                  for verdict in Verdict])  # fmt: skip
"""What becomes of a packet, by `Verdict`: what is not evaluated, or not known, is neither admitted nor blocked."""


class Flow:
    """The counts so far: `counts[span, mode, kind]`, the stateless mode first."""

    def __init__(self) -> None:
        """No packet has come yet."""
        self.begin: int | None = None
        self.width = LEAST_WIDTH
        self.counts = np.zeros((SPANS, 2, 3), dtype=np.int64)
        self.used = 0

    def add(self, batch: Any) -> None:
        """Count a batch."""
        nows = batch.packets["now"]
        if not len(nows):
            return
        if self.begin is None:
            self.begin = int(nows[0])
        while (int(nows[-1]) - self.begin) // self.width >= SPANS:
            self._widen()
        spans = (nows - self.begin) // self.width
        for mode, decisions in enumerate((batch.stateless, batch.stateful)):
            np.add.at(self.counts, (spans, mode, KINDS[decisions["verdict"]]), 1)
        self.used = int(spans[-1]) + 1

    def _widen(self) -> None:
        """Make the spans twice as long."""
        halves = self.counts.reshape(SPANS // 2, 2, 2, 3).sum(axis=1)
        self.counts = np.concatenate([halves, np.zeros_like(halves)])
        self.width *= 2

    def told(self) -> dict[str, Any]:
        """For the page: the length of a span in ms, and the counts of each."""
        return {"width": self.width / 1_000_000, "spans": self.counts[: self.used].reshape(-1, 6).tolist()}
