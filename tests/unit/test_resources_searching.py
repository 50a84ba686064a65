"""Searches of the connection table, told from outside: as many as the engine makes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fwsim.engine import conntrack, icmp
from fwsim.fuzz.captured import write_traffic
from fwsim.ruleset import Ruleset
from tests.keeping import POLICY
from tests.metered import OFFICE, ROOT, replayed

pytestmark = pytest.mark.uncompiled  # searches are counted by functions put in place of the engine's

AT_MOST = 1500
CAPTURES = sorted(path for path in (ROOT / "pcaps").iterdir() if ".pcap" in path.name)


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one with each search of a table that is not that of the ghosts."""
    found: list[int] = []

    def counted(module: Any, name: str) -> None:
        function = getattr(module, name)

        def search(tracker: Any, *given: Any) -> Any:
            if not tracker.counters[0]["evict_assured"]:
                found.append(1)
            return function(tracker, *given)

        monkeypatch.setattr(module, name, search)

    counted(conntrack, "find_by_hash")
    counted(icmp, "find")
    return found


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_each_capture_takes_as_many_searches_as_are_told(path: Path, searched: list[int]) -> None:
    measured = replayed([path], limit=AT_MOST).measured
    assert measured.searches == len(searched) > 0


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("rules", [OFFICE, Ruleset.model_validate(POLICY)], ids=["office", "policy"])
def test_fuzzed_traffic_takes_as_many_searches_as_are_told(
    tmp_path: Path, seed: int, rules: Any, searched: list[int]
) -> None:
    write_traffic(str(tmp_path / "fuzzed.pcapng"), seed, 1500, fragments=0.1, options=0.1)
    measured = replayed([tmp_path / "fuzzed.pcapng"], rules).measured
    assert measured.searches == len(searched) < measured.packets
