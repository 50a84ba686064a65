"""What a meter has measured so far, in a checkpoint.

Read first: `fwsim.resources.meter`, `fwsim.checkpoint.saved`. At rest every bucket that has ended has been looked at.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from fwsim.checkpoint.saved import ANY_COUNT, Saved
from fwsim.resources.meter import MeteredSimulator
from fwsim.resources.timeline import LEAST_WIDTH, MOST, Point
from fwsim.simulator import Simulator

COUNTS = (0, ANY_COUNT)
WIDTHS = (LEAST_WIDTH, LEAST_WIDTH << 42)


def save_meter(simulator: Simulator) -> dict[str, Any] | None:
    """What is saved of a simulator's meter; None if it has none."""
    if not isinstance(simulator, MeteredSimulator):
        return None
    meter = simulator.meter
    points = [point.numbers() for point in meter.timeline.points]
    return {
        "begin": meter.clock.begin,
        "last": meter.clock.last,
        "width": meter.clock.width,
        "points": np.array(points, dtype=np.int64).reshape(-1, len(fields(Point))),
        "packets": meter.packets,
        "searches": meter.searches,
        "times": [[mode, compiled, *spent] for (mode, compiled), spent in meter.stopwatch.times.items()],
    }


def restore_meter(simulator: Simulator, whole: Saved, name: str) -> None:
    """Put it back, if the simulator has one."""
    if not isinstance(simulator, MeteredSimulator):
        return
    meter, saved = simulator.meter, whole.part(name)
    meter.clock.begin = saved.number_or_none("begin")
    meter.clock.last = saved.number("last")
    saved.must(meter.clock.begin is None or meter.clock.begin <= meter.clock.last, "last")
    meter.clock.width = meter.timeline.width = saved.number("width", *WIDTHS)
    points = saved.numbers("points", len(fields(Point)))
    saved.must(len(points) <= MOST and (not len(points) or int(points[:, 1:].min()) >= 0), "points")
    saved.must(bool((np.diff(points[:, 0]) > 0).all()), "points")
    meter.timeline.points = [Point(*numbers) for numbers in points.tolist()]
    meter.packets, meter.searches = saved.number("packets", *COUNTS), saved.number("searches", *COUNTS)
    for one in saved.list("times"):
        saved.must(isinstance(one, list) and [type(part) for part in one] == [str, bool, int, int], "times")
        meter.stopwatch.times[one[0], one[1]] = (one[2], one[3])
