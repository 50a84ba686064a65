from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from fwsim.cluster.reading import read
from fwsim.errors import CaptureError
from fwsim.ruleset import load_ruleset
from fwsim.sharding import FULL, LIMIT
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
