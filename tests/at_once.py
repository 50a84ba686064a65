"""A Dask client without Dask: each task runs when it is submitted, and what it is given and gives is pickled.

So tests of the plan see whether tasks can travel, and whether one changes what another was given.
"""

from __future__ import annotations

import pickle
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fwsim.cluster.running import ClusterResult
from fwsim.cluster.setup import Setup
from fwsim.ruleset import Ruleset
from fwsim.simulator import Simulator
from fwsim.tables import DECISION, FRAME, PACKET
from tests.replaying import Outcome, joined, listing


class Done:
    """What a task has given."""

    def __init__(self, value: Any) -> None:
        self.content = pickle.dumps(value)

    def result(self) -> Any:
        return pickle.loads(self.content)


def value_of(given: Any) -> Any:
    """Results in the place of futures."""
    if isinstance(given, list):
        return [value_of(one) for one in given]
    return given.result() if isinstance(given, Done) else given


class AtOnce:
    """What `fwsim.cluster` asks of a client."""

    def submit(self, function: Any, *given: Any, pure: bool, priority: int, **options: Any) -> Done:
        function = pickle.loads(pickle.dumps(function))
        return Done(function(*map(value_of, given), **options))

    def scatter(self, value: Any, broadcast: bool) -> Done:
        return Done(value)

    def gather(self, futures: Sequence[Done]) -> list[Any]:
        return [one.result() for one in futures]


def clustered(
    paths: Sequence[Path | str], ruleset: Ruleset, *, shards: int, client: Any = None, checksum: str = "auto"
) -> tuple[Outcome, ClusterResult]:
    """Captures, one after the other, as a cluster replays them; the ghosts and their table are left out."""
    simulator = Simulator(ruleset)
    setup = Setup(ruleset, {}, None, checksum, False, secrets.randbits(28), shards, 0)
    result = ClusterResult(client or AtOnce(), setup, [str(path) for path in paths], simulator, table=True)
    batches = list(result)
    outcome = Outcome(
        frames=joined(FRAME, [batch.frames for batch in batches]),
        packets=joined(PACKET, [batch.packets for batch in batches]),
        stateless=joined(DECISION, [batch.stateless for batch in batches]),
        stateful=joined(DECISION, [batch.stateful for batch in batches]),
        connections=listing(simulator.stateful.tracker),
        ghosts=[],
        counters=result.statistics,
        simulator=simulator,
    )
    return outcome, result


ELSEWHERE = ("offset", "quote")
"""Fields that say where in a chunk something lies."""


def assert_same(one: Outcome, other: Outcome, layout: Sequence[str], counters: Sequence[str]) -> None:
    """All that came of two runs but for the ghosts left, and `layout`, where connections lie in a table."""
    for name in ("frames", "packets", "stateless", "stateful"):
        ours, theirs = getattr(one, name), getattr(other, name)
        for field in ours.dtype.names:
            if field not in ELSEWHERE:
                np.testing.assert_array_equal(ours[field], theirs[field], f"{name} {field}")
    listed = [
        [{name: value for name, value in connection.items() if name not in layout} for connection in who.connections]
        for who in (one, other)
    ]
    assert listed[0] == listed[1]
    assert {name: one.counters[name] for name in counters} == {name: other.counters[name] for name in counters}
    topologies = [who.simulator.topology for who in (one, other)]
    assert topologies[0].notes() == topologies[1].notes()
    assert topologies[0].advice() == topologies[1].advice()
    assert topologies[0].places.counts.tolist() == topologies[1].places.counts.tolist()
