"""A packet explained: the moment of its decision, and the text; for tests of `fwsim.explain`."""

from __future__ import annotations

import re
from typing import Any

from fwsim.explain import explain
from fwsim.explain.moment import Moment
from tests.deciding import EDGE, Rules, Wall
from tests.playbook_frames import Ip

RAW: Rules = {
    "raw": {
        "hook": "prerouting", "priority": "raw",
        "rules": [{"ttl": 9, "verdict": "drop"}, {"proto": "udp", "notrack": True}],
    },
    "f": {"hook": "forward", "rules": EDGE},
}  # fmt: skip
"""EDGE behind a raw chain that drops a TTL of 9 and exempts UDP from tracking."""


def moment_of(wall: Wall, packet: Ip, **how: Any) -> Moment:
    """A packet decided; `how` as in `Wall.bring`."""
    return Moment(wall.simulator, wall.bring(packet, **how), 0)


def told(wall: Wall, packet: Ip, **how: Any) -> str:
    """The explanation of a packet, single spaces."""
    wall.batch = wall.bring(packet, **how)
    return re.sub(r" +", " ", explain(wall.simulator, wall.batch, 0, wall.naming))
