"""Packets to try: an ordinary one of a region, such as a reader has seen, rather than the first that there is.

Read first: `traffic` (shapes, which every packet fits).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from ipaddress import ip_address

from fwsim.lower.boundaries import V6_START
from fwsim.space.fields import CT_STATE, DST, FAMILY, IIF, MARK, NAMES, OIF, PROTO, SRC, TTL, domain
from fwsim.space.intervals import Set, holds, meet
from fwsim.terms import ABSENT, CtState

from .confirming import LIKED as ORDINARY_VALUES
from .confirming import NAMES as CALLED
from .confirming import Region
from .traffic import FAMILIES, FLAGS, ICMP_TYPE, Shape, broken_shapes, later_fragments, shapes_of

STATES = tuple(map(int, (CtState.NEW, CtState.ESTABLISHED, CtState.RELATED, CtState.INVALID, CtState.UNTRACKED)))
SEVENTH = 7
"""The host that examples take of a network."""
ACK_FIRST, RST_FIRST = (16, 4, 2), (4, 18, 1)
SIDES = {
    side: (int(ip_address(v4)), V6_START + int(ip_address(v6)))
    for side, v4, v6 in ((SRC, "198.51.100.7", "2001:db8:7::7"), (DST, "203.0.113.7", "2001:db8:9::9"))
}
"""Addresses for examples (RFC 5737, RFC 3849), where any will do."""
ORDINARY = ("proto", "sport", "dport", "ttl", "icmp_type", "tcp_flags")
LIKED: dict[int, tuple[int, ...]] = {
    **{CALLED[name]: tuple(ORDINARY_VALUES[name]) for name in ORDINARY}, CT_STATE: STATES, FAMILY: (4,), **SIDES,
}  # fmt: skip
"""What an ordinary packet has."""


class Ordinary:
    """Ordinary packets, as the rules of a program see them."""

    def __init__(self, fields: Sequence[int], interfaces: Sequence[str]) -> None:
        """Packets say something in these fields, and come and leave by these interfaces."""
        self.liked = {**LIKED, **_interfaces(interfaces)}
        self.shapes: dict[int, list[Shape]] = {
            family: [*shapes_of(family), *broken_shapes(), later_fragments()] for family in FAMILIES
        }
        self._fields = tuple(sorted({*fields, *self.shapes[4][0], FLAGS, ICMP_TYPE, TTL, MARK}))

    def samples(self, family: int, box: Mapping[int, Set]) -> Iterator[dict[int, int]]:
        """Some packets of a family that may meet a box: an ordinary one, and those of its lowest and highest values."""
        for shape, template in self._templates[family]:
            part = {field: _both(shape.get(field), wanted) for field, wanted in box.items()}
            if all(part.values()):
                yield self._fitted(
                    {**template, **{field: self._usual(field, values) for field, values in part.items()}}, part
                )
                for end in (0, -1):
                    yield {**template, **{field: values[end][end] for field, values in part.items()}}
                return

    @cached_property
    def _templates(self) -> dict[int, list[tuple[Mapping[int, Set], dict[int, int]]]]:
        """For each family the shapes of packets, each with an ordinary one."""
        return {
            family: [({**shape, **FAMILIES[family]}, self.usual({**shape, **FAMILIES[family]})) for shape in shapes]
            for family, shapes in self.shapes.items()
        }

    def usual(self, region: Region) -> dict[int, int]:
        """An ordinary packet of a region."""
        return self._fitted({field: self._usual(field, region.get(field)) for field in self._fields}, region)

    def _usual(self, field: int, values: Set | None) -> int:
        """One of the values of a field, a usual one if there is any."""
        liked = self.liked.get(field, ())
        if values is None:
            values = domain(field)
            if not liked and holds(values, ABSENT) and NAMES[field] not in _NOUGHT:
                return ABSENT
        if field in SIDES and values and not any(holds(values, value) for value in liked):
            return _host(values)
        return _first_of(liked, values)

    @staticmethod
    def _fitted(packet: dict[int, int], region: Region) -> dict[int, int]:
        """A packet of a region; of a known connection it is no SYN if it need not be one, and an invalid one no ACK."""
        if packet[CT_STATE] != CtState.NEW and packet[PROTO] == 6:
            liked = RST_FIRST if packet[CT_STATE] == CtState.INVALID else ACK_FIRST
            packet[FLAGS] = _first_of(liked, region.get(FLAGS) or domain(FLAGS))
        return packet


def _interfaces(names: Sequence[str]) -> dict[int, tuple[int, ...]]:
    """Where ordinary packets come in and leave: by two interfaces, of which none is the loopback interface."""
    numbers = [number for number, name in enumerate(names) if name not in ("lo", "lo0")]
    ways = (*numbers, len(names), len(names) + 1)
    return {IIF: ways, OIF: (*ways[1:], ways[0])}


def _both(one: Set | None, other: Set) -> Set:
    """The values in both; of the first, None stands for any."""
    return other if one is None else meet(one, other)


_NOUGHT = ("ct_direction", "ct_status", "ct_mark", "iif", "oif")
"""What is 0 rather than not there."""


def _first_of(liked: tuple[int, ...], values: Set) -> int:
    """The first of some values that is among others; else the lowest that is there at all."""
    for value in liked:
        if holds(values, value):
            return value
    low, high = next(((low, high) for low, high in values if high >= 0), (ABSENT, ABSENT))
    return max(low, 0) if high >= 0 else ABSENT


def _host(values: Set) -> int:
    """An address of a network, not its first one if there are others."""
    low, high = values[0]
    return low + min(SEVENTH, (high - low) // 2)
