"""Hosts whose traffic meets a ruleset: they lie behind two of its interfaces.

Read first: `fwsim.fuzz.hosts`, whose hosts take the place of those behind `any`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from itertools import combinations

from fwsim.fuzz.hosts import USUAL, Hosts
from fwsim.ruleset import Interface, Ruleset
from fwsim.ruleset.values import Addresses, Network

PLACES = {4: (11, 12, 1, 2, 3, 0), 6: (0x11, 0x12_0003_0004, 1, 2, 3, 0)}
"""Where in a network its hosts are looked for."""
A_SIDE = 2
"""Hosts of each family on a side."""

Side = tuple[tuple[str, ...], tuple[str, ...]]
"""Hosts of IPv4, and of IPv6."""


@dataclass(frozen=True)
class Meeting:
    """Two interfaces, and the hosts behind them."""

    interfaces: tuple[str, str] = ("lan", "wan")
    hosts: Hosts = USUAL


def meeting(ruleset: Ruleset) -> Meeting:
    """The first two interfaces with networks of both families, else of one; the usual ones if there are none."""
    sides = {name: side(behind, ruleset.local) for name, behind in ruleset.interfaces.items() if behind.networks}
    common: list[Meeting] = []
    for one, other in combinations(sides, 2):
        here, there = sides[one], sides[other]
        if here == there:
            there = USUAL.sides[0]  # `any` on both
        families = sum(bool(here[family] and there[family]) for family in (0, 1))
        if families == 2:
            return Meeting((one, other), Hosts((here, there)))
        if families:
            common.append(Meeting((one, other), Hosts((here, there))))
    return common[0] if common else Meeting()


def side(behind: Interface, local: Addresses) -> Side:
    """Some hosts behind an interface, none of them the firewall itself."""
    v4, v6 = (
        tuple(
            host
            for network in behind.networks
            if network.family == family
            for host in hosts_of(network, (behind.addresses, local))
        )[:A_SIDE]
        for family in (4, 6)
    )
    return v4, v6


def hosts_of(network: Network, own: tuple[Addresses, ...]) -> Iterator[str]:
    """Hosts of a network that are not among the firewall's `own` addresses."""
    if network.prefix == 0:
        yield from USUAL.sides[1][network.family == 6]
        return
    taken = [interval for one in own for interval in (one.v4 if network.family == 4 else one.v6)]
    for place in PLACES[network.family]:
        address = network.low + place
        if address <= network.high and not any(low <= address <= high for low, high in taken):
            yield str(IPv4Address(address) if network.family == 4 else IPv6Address(address))
