"""A measured run whose report tests read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fwsim.resources.meter import Measured
from fwsim.resources.stopwatch import Speed
from fwsim.resources.timeline import Point

SECOND = 10**9
BEGIN = 1_772_438_403 * SECOND
POINTS = (
    Point(BEGIN + SECOND, live=4, opened=5, expired=1, peak=5),
    Point(BEGIN + 2 * SECOND, live=10, opened=20, expired=6, evicted=3, refused=1, peak=12),
    Point(BEGIN + 3 * SECOND, live=0, opened=20, expired=13, evicted=3, refused=1, peak=12),
    Point(BEGIN + 3 * SECOND + 5, live=1, opened=21, expired=13, evicted=3, refused=1, peak=12),
)


def measured(**given: Any) -> Measured:
    """Three seconds and a bit; 21 connections, of which three were evicted, and four closed."""
    usual = Measured(
        begin=BEGIN,
        width=SECOND,
        points=POINTS,
        packets=5,
        searches=4,
        speeds={"stateless": Speed(True, 1_234_567, SECOND), "stateful": None},
        shards=1,
        limit=12,
        held=7_000,
        ghosts=900,
    )
    return replace(usual, **given)
