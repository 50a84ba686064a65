"""Captures replayed through a simulator whose costs are measured, and what one finds that came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fwsim.capture import Input, open_captures
from fwsim.resources.meter import Measured, MeteredSimulator
from fwsim.result import Result
from fwsim.ruleset import load_ruleset
from fwsim.simulator import MODES, Simulator
from fwsim.tables import DECISION, FRAME
from tests.replayed import Case
from tests.replaying import joined, listing

ROOT = Path(__file__).parent.parent
OFFICE = ROOT / "rulesets" / "office.yaml"


@dataclass
class Replayed:
    """What came of it: rows of FRAME and DECISION, the simulator, and how many batches there were."""

    simulator: Simulator
    frames: Any
    stateless: Any
    stateful: Any
    batches: int

    @property
    def measured(self) -> Measured:
        """What was measured."""
        assert isinstance(self.simulator, MeteredSimulator)
        return self.simulator.meter.measured(self.simulator, MODES)


def replayed(
    paths: Sequence[Path], rules: Any = OFFICE, *, rows: int = 500, jobs: int = 1, limit: int | None = None,
    metered: bool = True,
) -> Replayed:  # fmt: skip
    """Replay captures, of which so many rows are read at a time."""
    captures = open_captures([Input(str(path)) for path in paths], chunk_rows=rows, limit=limit, digest=False)
    ruleset = load_ruleset(str(rules)) if isinstance(rules, Path) else rules
    simulator = (MeteredSimulator if metered else Simulator)(ruleset, key=5, jobs=jobs)
    batches = list(Result(captures, simulator))
    simulator.stateful.settle()
    return Replayed(
        simulator=simulator,
        frames=joined(FRAME, [batch.frames for batch in batches]),
        stateless=joined(DECISION, [batch.stateless for batch in batches]),
        stateful=joined(DECISION, [batch.stateful for batch in batches]),
        batches=len(batches),
    )


@dataclass(frozen=True)
class MeteredCase(Case):
    """A replay that is measured; what was measured stands among the counters."""

    def outcome(self) -> dict[str, Any]:
        """All that came of it, but for what hangs on the machine."""
        found = replayed(self.captures, self.rules, rows=self.chunk_rows, limit=self.limit, jobs=self.jobs)
        measured = found.measured
        tracker = found.simulator.stateful.tracker
        return {
            "frames": found.frames,
            "packets": np.zeros(0),
            "stateless": found.stateless,
            "stateful": found.stateful,
            "connections": listing(tracker),
            "ghosts": listing(found.simulator.stateful.ghosts),
            "counters": {"points": measured.points, "width": measured.width, "searches": measured.searches},
        }
