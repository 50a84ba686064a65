"""What rules see of packets on a way, where that is not what the packets came with.

Read first: `fwsim.space.ways`. A region speaks of packets as they come. A rule may see them otherwise: with a mark that
a rule before has set, with a hop less, before they are tracked, or before it is known where they go. So what a rule
asks tells of packets as they come only where nothing of that can be.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from fwsim.space.fields import CT_DIRECTION, CT_MARK, CT_STATE, CT_STATUS, MARK, SLOT_FIELDS, TTL
from fwsim.space.intervals import Set, touches, union
from fwsim.space.ways import Hide, Pass, Stop, Translate

from .sides import Region, Side

OUTSIDE_HEADERS = frozenset((MARK, CT_STATE, CT_DIRECTION, CT_STATUS, CT_MARK))
"""Fields that no header holds."""


class Seen:
    """What the rules of one ruleset see on one way; all by the common numbers of fields."""

    def __init__(self, side: Side, way: Sequence[Stop]) -> None:
        """Find out what may change on the way."""
        slots = {field for field in side.model.fields if field in SLOT_FIELDS}
        changing = set(side.model.altered)
        if changing - OUTSIDE_HEADERS:
            changing |= slots  # what is read of headers anew may be another part of what was altered
        for stop in way:
            if isinstance(stop, Pass):
                changing |= {TTL, *slots}
            elif isinstance(stop, Translate):
                changing |= {*stop.fields, *slots}
        self.changing = frozenset(side.common_field(field) for field in changing)
        """Fields of which a rule may see any value."""
        hides = [side.in_common(stop.fields) for stop in way if isinstance(stop, Hide)]
        self.instead: dict[int, Set] = {}
        """What rules may see of a field instead of what it is."""
        for field, values in (item for hidden in hides for item in hidden.items()):
            if values is None:
                self.changing |= {field}
            else:
                self.instead[field] = union((self.instead.get(field, ()), values))

    def of(self, packets: Region) -> dict[int, Set | None]:
        """What rules may see of packets that come so."""
        found: dict[int, Set | None] = {}
        for field, values in packets.items():
            instead = self.instead.get(field)
            if field in self.changing or values is None:
                found[field] = None
            else:
                found[field] = values if instead is None else union((values, instead))
        return found

    def as_come(self, box: Region) -> dict[int, Set | None]:
        """What is certain of packets, as they come, that a rule sees in a box."""
        return {
            field: wanted
            for field, wanted in box.items()
            if field not in self.changing and wanted and not touches(wanted, self.instead.get(field, ()))
        }

    def is_constant(self, box: Region) -> bool:
        """Whether a packet that is seen in a box once is so by every rule that it meets."""
        return self.changing.isdisjoint(box) and self.instead.keys().isdisjoint(box)


def seen_by_any(sides: Sequence[Seen], packets: Region) -> dict[int, Set | None]:
    """What rules of any of some rulesets may see of packets that come so."""
    return reduce(_either, (one.of(packets) for one in sides))


def _either(one: dict[int, Set | None], other: dict[int, Set | None]) -> dict[int, Set | None]:
    """Packets of one region or the other, which speak of the same fields."""
    found: dict[int, Set | None] = {}
    for field, values in one.items():
        others = other[field]
        found[field] = None if values is None or others is None else union((values, others))
    return found
