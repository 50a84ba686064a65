"""A meter in a checkpoint: it goes on where it was, and believes nothing that cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fwsim.checkpoint.saved import DamagedError
from fwsim.engine import is_compiled
from fwsim.resources.kept import restore_meter, save_meter
from fwsim.resources.meter import MeteredSimulator
from fwsim.resources.timeline import MOST
from fwsim.ruleset import load_ruleset
from fwsim.simulator import Simulator
from tests.deciding import EDGE, ruleset_of
from tests.keeping import through_a_file
from tests.metered import OFFICE, ROOT, replayed


def fresh() -> MeteredSimulator:
    return MeteredSimulator(load_ruleset(str(OFFICE)))


def put_back(folder: Path, kept: dict[str, Any] | None) -> MeteredSimulator:
    """What is saved, put back into another simulator."""
    other = fresh()
    with through_a_file(folder, {"meter": kept}) as saved:
        restore_meter(other, saved, "meter")
    return other


@pytest.fixture
def kept() -> dict[str, Any]:
    """That of some packets of the office."""
    found = save_meter(replayed([ROOT / "pcaps" / "office.pcapng"], limit=1_000).simulator)
    assert found is not None
    return found


def test_a_meter_comes_back(tmp_path: Path) -> None:
    simulator = replayed([ROOT / "pcaps" / "office.pcapng"], limit=1_000).simulator
    assert isinstance(simulator, MeteredSimulator)
    before, after = simulator.meter, put_back(tmp_path, save_meter(simulator)).meter
    assert after.timeline.points == before.timeline.points != []
    for name in ("begin", "last", "width"):
        assert getattr(after.clock, name) == getattr(before.clock, name)
    assert (after.packets, after.searches) == (before.packets, before.searches)
    assert after.stopwatch.times == before.stopwatch.times
    assert before.stopwatch.times or is_compiled(), "so few packets are too quick to be timed then"
    assert after.timeline.width == before.timeline.width


def test_one_that_has_seen_nothing_comes_back(tmp_path: Path) -> None:
    assert put_back(tmp_path, save_meter(fresh())).meter.clock.begin is None


def test_without_a_meter_nothing_is_saved_and_nothing_asked_for(tmp_path: Path) -> None:
    plain = Simulator(ruleset_of(EDGE))
    assert save_meter(plain) is None
    with through_a_file(tmp_path, {}) as saved:
        restore_meter(plain, saved, "meter")


@pytest.mark.parametrize(
    "wrong",
    [
        {"begin": 1 << 61},
        {"begin": "now"},
        {"width": 0},
        {"width": 1 << 62},
        {"packets": -1},
        {"searches": None},
        {"times": [["stateful", True, 1]]},
        {"times": [["stateful", 1, 1, 1]]},
        {"times": None},
    ],
)
def test_what_no_meter_saves_is_refused(tmp_path: Path, kept: dict[str, Any], wrong: dict[str, Any]) -> None:
    with pytest.raises(DamagedError):
        put_back(tmp_path, kept | wrong)


def test_points_that_cannot_be_are_refused(tmp_path: Path, kept: dict[str, Any]) -> None:
    points = kept["points"]
    negative = points.copy()
    negative[1, 2] = -1
    for wrong in (points[::-1].copy(), negative, points[:, :3].copy(), points[[0] * (MOST + 1)]):
        with pytest.raises(DamagedError):
            put_back(tmp_path, kept | {"points": wrong})
