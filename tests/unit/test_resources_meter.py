"""A measured run: its points add up, nothing that is decided changes, and the way it is cut up does not either."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from fwsim.compiling import Switch
from fwsim.engine import is_compiled
from fwsim.fuzz.captured import write_traffic
from fwsim.resources import stopwatch, timeline
from fwsim.resources.meter import Measured, MeteredSimulator, shards_of
from fwsim.resources.timeline import MOST
from fwsim.ruleset import Ruleset
from fwsim.sharding import LOOKED_AT
from tests.captures_by_hand import Pcapng, ether, ip4, udp
from tests.deciding import EDGE, ruleset_of
from tests.keeping import POLICY
from tests.metered import OFFICE, ROOT, replayed

OFFICE_PACKETS = ROOT / "pcaps" / "office.pcapng"
ROOMY = Ruleset.model_validate(POLICY | {"conntrack": {"max": 100_000}, "chains": {"forward": {
    "hook": "forward", "policy": "drop",
    "rules": [{"ct_state": ["established", "related"], "verdict": "accept"}, {"ct_state": "new", "verdict": "accept"}],
}}})  # fmt: skip
TIGHT = Ruleset.model_validate(POLICY)
"""At most 25 connections."""


@pytest.fixture
def fuzzed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """800 packets, a microsecond between two, in buckets of five."""
    monkeypatch.setattr(timeline, "LEAST_WIDTH", 5_000)
    path = tmp_path / "fuzzed.pcapng"
    write_traffic(str(path), 3, 800, fragments=0.1)
    return path


def assert_points_add_up(measured: Measured) -> None:
    for before, after in pairwise(measured.points):
        assert before.at < after.at or after is measured.end
        for name in ("opened", "expired", "evicted", "refused", "closed", "peak"):
            assert getattr(before, name) <= getattr(after, name)
    for point in measured.points:
        assert point.opened - point.closed - point.expired - point.evicted == point.live <= point.peak
        assert point.closed >= 0
    assert len(measured.points) <= MOST


@pytest.mark.parametrize("rules", [OFFICE, ROOMY, TIGHT], ids=["office", "roomy", "tight"])
def test_the_points_add_up(fuzzed: Path, rules: Any) -> None:
    measured = replayed([fuzzed], rules).measured
    assert_points_add_up(measured)
    assert len(measured.points) > 100
    assert measured.end.opened > measured.end.live > 0
    assert (measured.end.evicted > 0) == (rules is TIGHT)


def test_the_office_has_its_connections_over_time() -> None:
    found = replayed([OFFICE_PACKETS])
    measured, counters = found.measured, found.simulator.stateful.counters()
    assert_points_add_up(measured)
    end = measured.end
    assert (end.opened, end.live, end.peak) == (counters["created"], counters["live"], counters["peak"])
    assert measured.begin + len(measured.points[:-1]) * measured.width <= end.at
    assert len(measured.points) > MOST // 2
    assert measured.speeds["stateful"] is not None or is_compiled(), "so few packets are too quick to be timed then"
    assert measured.held > measured.end.peak * 400


def test_a_connection_is_gone_when_its_time_has_come_not_when_the_next_packet_has(tmp_path: Path) -> None:
    """UDP without an answer lives for 30 s (`nf_conntrack_udp_timeout`)."""
    path = tmp_path / "idle.pcapng"
    made = Pcapng().section().interface()
    for second in (0, 1, 100):
        made.packet(ether(ip4(udp(), 17)), second * 10**6)
    path.write_bytes(made.content)
    measured = replayed([path], ROOMY).measured
    lives = {(point.at - measured.begin) // 10**9: point.live for point in measured.points}
    assert [lives[second] for second in (2, 29, 33, 90, 100)] == [1, 1, 0, 0, 1]
    assert (measured.end.opened, measured.end.expired) == (2, 1)


@pytest.mark.parametrize("rules", [OFFICE, ROOMY, TIGHT], ids=["office", "roomy", "tight"])
def test_nothing_that_is_decided_changes(fuzzed: Path, rules: Any) -> None:
    plain, metered = (replayed([fuzzed], rules, metered=how) for how in (False, True))
    assert metered.batches > 10 * plain.batches
    for name in ("stateless", "stateful"):
        assert getattr(plain, name).tobytes() == getattr(metered, name).tobytes()
    for name in ("number", "evidence", "connection", "reason", "further"):
        assert plain.frames[name].tolist() == metered.frames[name].tolist()
    assert plain.simulator.stateful.counters() == metered.simulator.stateful.counters()


@pytest.mark.parametrize("rules", [ROOMY, TIGHT], ids=["roomy", "tight"])
def test_chunks_and_shards_change_nothing_that_is_measured(fuzzed: Path, rules: Any) -> None:
    one = replayed([fuzzed], rules).measured
    for other in (replayed([fuzzed], rules, rows=13), replayed([fuzzed], rules, jobs=2)):
        measured = other.measured
        for name in ("begin", "width", "points", "packets", "searches"):
            assert getattr(measured, name) == getattr(one, name), name


@pytest.mark.parametrize("jobs", [1, 3])
def test_stages_on_several_threads_change_nothing_either(
    fuzzed: Path, jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = replayed([fuzzed], ROOMY)
    monkeypatch.setattr(Switch, "compiled", lambda self, packets: True)
    monkeypatch.setattr(stopwatch, "LEAST_ROWS", {True: 1, False: 1})
    other = replayed([fuzzed], ROOMY, jobs=jobs)
    assert one.stateful.tobytes() == other.stateful.tobytes()
    assert (one.measured.points, one.measured.searches) == (other.measured.points, other.measured.searches)
    assert other.measured.shards == jobs
    speed = other.measured.speeds["stateful"]
    assert speed is not None
    assert len(other.stateful) - 500 < speed.packets <= len(other.stateful)


def test_shards_are_told_as_long_as_there_are_several() -> None:
    simulator = MeteredSimulator(ruleset_of(EDGE), jobs=3)
    assert shards_of(simulator.stateful) == 3
    simulator.stateful.unite(LOOKED_AT)  # type: ignore[union-attr]
    assert shards_of(simulator.stateful) == 1
    assert shards_of(MeteredSimulator(ruleset_of(EDGE)).stateful) == 1


def test_before_any_packet_there_is_one_point_of_nothing() -> None:
    simulator = MeteredSimulator(ruleset_of(EDGE))
    measured = simulator.meter.measured(simulator, ())
    assert [point.numbers() for point in measured.points] == [[0] * 7]
