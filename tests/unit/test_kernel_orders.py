"""What the two processes say to each other."""

from __future__ import annotations

import pickle
import subprocess
import sys

from fwsim.kernel.orders import Heard, Injection, Play, Played, Refused, Route, RouteKind, Way
from fwsim.kernel.process import surroundings


def test_a_route_knows_its_family() -> None:
    assert (Route("10.0.0.0/8", 0).version, Route("::/0", 0, RouteKind.LOCAL).version) == (4, 6)


def test_everything_survives_the_pipe() -> None:
    play = Play([Injection(1, Way.SENT, -1, b"\x45", 5)], 2.0)
    played = Played([Heard(1, 2, "R0")], {1: "bad"}, {}, {})
    for thing in (play, played, Refused("no", True)):
        assert pickle.loads(pickle.dumps(thing)) == thing


def test_the_worker_starts_without_threads_or_heavy_modules() -> None:
    code = (
        "import sys, fwsim.kernel.worker; "
        "print(*(name for name in ('numpy', 'pyroute2', 'pydantic', 'scapy') if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], env=surroundings(), capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
