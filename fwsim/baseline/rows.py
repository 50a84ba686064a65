"""What a baseline keeps of each frame, from the batches of a run.

Read first: `fwsim.baseline.kinds`. Of a translation only a digest is kept: enough to see that it is another one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fwsim.baseline.deciders import deciders_of
from fwsim.baseline.kinds import Kinds, Numbers
from fwsim.baseline.stored import Columns
from fwsim.simulator import Mode, Simulator
from fwsim.tables import DEPARTURE

MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
SHIFT = np.uint64(29)


class Rows:
    """The columns of one mode of a run."""

    def __init__(self, mode: Mode, simulator: Simulator, kinds: Kinds | None = None) -> None:
        """`kinds` are those of the ruleset, unless others are known."""
        self.mode: Mode = mode
        self.kinds = Kinds(deciders_of(simulator.lowered[mode])) if kinds is None else kinds
        self.translates = simulator.lowered[mode].translates

    def columns(self, batch: Any) -> Columns:
        """Those of all rows of a batch."""
        kinds = self.kinds.numbers(getattr(batch, self.mode))
        return kinds, np.maximum(batch.frames["connection"], 0), translations(batch, self.mode)


def translations(batch: Any, mode: str) -> Numbers:
    """A digest of how each packet left; 0 if as it came, or not at all."""
    table = batch.departures.get(mode)
    if table is None:
        return np.zeros(len(batch.frames), np.int64)
    digest = np.zeros(len(table), np.uint64)
    for name in DEPARTURE.names or ():
        digest = (digest ^ table[name].astype(np.uint64)) * MULTIPLIER
        digest ^= digest >> SHIFT
    return np.where(table["left"] != 0, digest.view(np.int64), 0)
