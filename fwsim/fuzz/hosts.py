"""Who talks to whom in fuzzed traffic: a few hosts on either side, so that tuples are met again and again."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

Pair = tuple[str, str]
"""The host that begins, and the other."""


@dataclass(frozen=True)
class Hosts:
    """Hosts by side and family.

    `sides[0][0]` are the IPv4 hosts behind the first interface, `sides[1][1]` the IPv6 hosts behind the second.
    """

    sides: tuple[tuple[tuple[str, ...], tuple[str, ...]], tuple[tuple[str, ...], tuple[str, ...]]]

    def pair(self, chance: Random) -> tuple[int, Pair]:
        """The side that begins, mostly the first, and a host of each side, of the same family."""
        begins = int(chance.random() < 0.3)
        families = [family for family in (0, 1) if self.sides[0][family] and self.sides[1][family]]
        family = chance.choice(families)
        return begins, (chance.choice(self.sides[begins][family]), chance.choice(self.sides[1 - begins][family]))


USUAL = Hosts(
    (
        (("10.1.0.11", "10.1.0.12"), ("fd00:1::11", "fd00:1::12:3:4")),
        (("198.51.100.21", "198.51.100.22"), ("2001:db8:2::21", "2001:db8:2::ffff:22")),
    )
)
"""Hosts that fit the address plan of the project's rulesets."""
