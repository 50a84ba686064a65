"""Of which packet another is the copy: the second sighting of what was judged when it came in.

Read first: `fwsim.engine.sightings`, whose rules these are. There it matters only that there was one, here which; so
the packets of the last moments are kept, with all that `SIGHTING` holds, and their numbers.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fwsim.capture.model import Chunk, Table
from fwsim.engine.places import SIGHTING
from fwsim.engine.sightings import FORWARDING_NS
from fwsim.tables import PACKET

Mask = npt.NDArray[np.bool_]

FIELDS = SIGHTING.names or ()
OF_PACKET = [name for name in FIELDS if name in (PACKET.names or ())]
SAME = [name for name in OF_PACKET if name not in ("vlan", "ttl")]
"""What forwarding leaves as it is."""
KEPT = np.dtype([(name, np.int64) for name in dict.fromkeys((*FIELDS, "number"))])


class Sightings:
    """The packets of the last moments that were evaluated."""

    def __init__(self) -> None:
        """None yet."""
        self._kept = np.zeros(0, KEPT)

    def note(self, chunk: Chunk) -> None:
        """Look at a chunk of which it is known where its packets were seen."""
        rows = np.zeros(len(chunk), KEPT)
        for name in KEPT.names or ():
            rows[name] = (chunk.packets if name in OF_PACKET else chunk.frames)[name]
        evaluated = rows[chunk.frames["reason"] == 0]
        if len(rows):
            lately = self._kept["ts"] >= rows["ts"].min() - FORWARDING_NS
            self._kept = np.concatenate([self._kept[lately], evaluated])

    def original(self, frame: dict[str, int], packet: dict[str, int]) -> tuple[int, int] | None:
        """The file and number of the packet of which this one is a copy: the last that was seen elsewhere before it."""
        near = self._kept[self._is_before(frame) & (abs(frame["ts"] - self._kept["ts"]) <= FORWARDING_NS)]
        same = np.ones(len(near), bool)
        for name in SAME:
            same &= near[name] == packet[name]
        hops = near["ttl"] - packet["ttl"]
        found = near[same & (hops >= 0) & (hops <= 1) & is_elsewhere(near, frame, packet["vlan"])]
        return (int(found[-1]["file"]), int(found[-1]["number"])) if len(found) else None

    def _is_before(self, frame: dict[str, int]) -> Mask:
        """Those ahead of a frame, where they are of its file; captures that are merged stand in the order of time."""
        own = self._kept["file"] == frame["file"]
        before: Mask = np.where(own, self._kept["number"] < frame["number"], self._kept["ts"] <= frame["ts"])
        return before


def is_elsewhere(seen: Table, frame: dict[str, int], vlan: int) -> Mask:
    """Which were seen at another place than a frame: other interface, VLAN or direction (as in the engine)."""
    turned = seen["sent_or_received"] != frame["sent_or_received"]
    own = seen["file"] == frame["file"]
    declared = (seen["interface"] >= 0) & (frame["interface"] >= 0)
    moved = turned | (seen["vlan"] != vlan)
    for name in ("capture_interface", "ifindex"):
        moved |= seen[name] != frame[name]
    elsewhere: Mask = np.where(declared, (seen["interface"] != frame["interface"]) | (turned & own), own & moved)
    return elsewhere
