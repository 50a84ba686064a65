from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fwsim.capture import Input, open_captures
from fwsim.cluster.reading import read
from fwsim.cluster.running import ClusterResult
from fwsim.cluster.setup import Setup
from fwsim.errors import CaptureError
from fwsim.result import Result
from fwsim.ruleset import load_ruleset
from fwsim.sharding import FULL, LIMIT, TRANSLATED
from fwsim.simulator import MODES, Batch, Simulator
from tests.at_once import AtOnce, Done, clustered
from tests.unit.test_cluster_setup import LIMITED

ROOT = Path(__file__).parent.parent.parent
PLAIN = "policy: accept\ntracking: on"


def because(text: str, shards: int = 2) -> str | None:
    paths = [ROOT / "pcaps" / name for name in ("handshake.pcapng", "tuple-reuse.pcapng", "midstream.pcapng")]
    return clustered(paths, load_ruleset(io.StringIO(text)), shards=shards)[1].one_because


def test_one_shard_is_told_with_its_reason() -> None:
    assert because(PLAIN) is None
    assert because(LIMITED) == LIMIT
    assert because(LIMITED, shards=1) is None
    assert because(f"{PLAIN}\nconntrack: {{max: 1}}") == FULL


TRANSLATING = """table ip t {
  chain pre { type nat hook prerouting priority -100; ip daddr 198.51.100.1 dnat to 10.2.0.2; }
  chain post { type nat hook postrouting priority 100; ip saddr 10.0.0.0/8 snat to 198.51.100.1; }
}
"""


def departures(batches: Iterable[Batch]) -> dict[str, list[Any]]:
    """How the packets of a run left, by mode."""
    every = list(batches)
    return {mode: np.concatenate([batch.departures[mode] for batch in every]).tolist() for mode in MODES}


def test_translated_packets_tell_how_they_left_as_those_of_one_process() -> None:
    recorded = ROOT / "tests" / "parity" / "nat" / "captures"
    paths = [str(recorded / name / "lan.pcapng.gz") for name in ("routed", "fragments")]
    ruleset = load_ruleset(io.StringIO(TRANSLATING))
    setup = Setup(ruleset, {}, None, "auto", False, 1, 3, 0)
    cluster = ClusterResult(AtOnce(), setup, paths, Simulator(ruleset))
    here = Result(open_captures([Input(path) for path in paths]), Simulator(ruleset))
    found = departures(cluster)
    assert found == departures(here)
    assert all(any(row[0] for row in rows) for rows in found.values())
    assert cluster.one_because == TRANSLATED


def test_a_file_that_cannot_be_read_is_named() -> None:
    with pytest.raises(CaptureError, match=r"README\.md: is text"):
        clustered([ROOT / "pcaps" / "host.pcap", ROOT / "README.md"], load_ruleset(io.StringIO(PLAIN)), shards=2)


def test_the_first_files_come_first() -> None:
    class Noting(AtOnce):
        def __init__(self) -> None:
            self.priorities: list[int] = []

        def submit(self, function: Any, *given: Any, pure: bool, priority: int, **options: Any) -> Done:
            if function is read:
                self.priorities.append(priority)
            return super().submit(function, *given, pure=pure, priority=priority, **options)

    client = Noting()
    paths = [ROOT / "pcaps" / "host.pcap"] * 3
    clustered(paths, load_ruleset(io.StringIO(PLAIN)), shards=1, client=client)
    assert client.priorities == sorted(client.priorities, reverse=True)
    assert len(set(client.priorities)) == 3
