"""Which networks and addresses a capture is about: what options to propose when the ruleset names others.

Read first: DESIGN section 3, the end of "Where a packet came from". Only the first packets are looked at, so that the
memory is bounded and long captures cost nothing. Nothing here decides a verdict.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fwsim.engine import places
from fwsim.engine.seen import GOES_OUT
from fwsim.tables import V6
from fwsim.topology.address_plan import IPNetwork, common_number, special_blocks

SAMPLE = 10_000
"""Packets looked at."""

INSIDE_SHARE = 0.05
"""Of the packets: a private network with a smaller share of them is not proposed as inside."""

LOCAL_SHARE = 0.8
"""Of the packets of its family: an address in so many is that of the machine the capture was taken on."""

PROPOSED_MAX = 4
"""Networks, and addresses, proposed at most."""

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Words = tuple[int, int, int, int]

_OF_HOSTS_NEVER = places.NEVER | places.LINK_LOCAL | places.MULTICAST
_HIDDEN = tuple(block for block in special_blocks() if block.classes & _OF_HOSTS_NEVER)
_PRIVATE = tuple(block for block in special_blocks() if block.classes & places.PRIVATE)


@dataclass(frozen=True)
class Proposal:
    """What seems to lie inside, the largest share first, and which addresses seem to be the machine's own."""

    inside: tuple[IPNetwork, ...]
    local: tuple[IPAddress, ...]

    def options(self, interface: str | None, has_local: bool) -> list[str]:
        """The options that fit, as typed: networks for the named interface, and addresses if there are local ones.

        A ruleset that names no networks but has local addresses is that of a host.
        """
        result = []
        if self.inside and (interface or not has_local):
            networks = ",".join(str(network) for network in self.inside)
            result.append(f"--interface {interface or 'lan'}={networks}")
        if has_local:
            result += [f"--local {address}" for address in self.local]
        return result


class Surroundings:
    """How many of the first packets each address took part in."""

    def __init__(self) -> None:
        """Nothing seen yet."""
        self.packets = {4: 0, 6: 0}
        self.addresses_seen: Counter[Words] = Counter()
        self.senders_seen: Counter[Words] = Counter()

    def observe(self, frames: npt.NDArray[np.void], packets: npt.NDArray[np.void]) -> None:
        """Count the addresses of a chunk, until the sample is full. Egress copies count as well."""
        room = SAMPLE - sum(self.packets.values())
        if room <= 0:
            return
        frames, packets = frames[:room], packets[:room]
        is_ip = packets["family"] != 0
        frames, packets = frames[is_ip], packets[is_ip]
        for family in (4, 6):
            self.packets[family] += int((packets["family"] == family).sum())
        self.addresses_seen.update(_addresses_of(packets, "src"))
        self.addresses_seen.update(_addresses_of(packets, "dst"))
        self.senders_seen.update(_addresses_of(packets[frames["sent_or_received"] == GOES_OUT], "src"))

    def addresses(self) -> Counter[IPAddress]:
        """How many packets each host address was in."""
        return _hosts(self.addresses_seen)

    def networks(self) -> Counter[IPNetwork]:
        """The same by network: /24, and /64 for IPv6."""
        result: Counter[IPNetwork] = Counter()
        for address, times in self.addresses().items():
            result[_network_of(address)] += times
        return result

    def propose(self) -> Proposal:
        """What seems to be inside: private networks, else those of the machine the capture was taken on."""
        local = self.local_addresses()
        least = max(1.0, INSIDE_SHARE * sum(self.packets.values()))
        ranked = self.networks().most_common()
        inside = [network for network, times in ranked if times >= least and _is_private(network.network_address)]
        if not inside:
            inside = list(dict.fromkeys(_network_of(address) for address in local))
        return Proposal(tuple(inside[:PROPOSED_MAX]), local)

    def local_addresses(self) -> tuple[IPAddress, ...]:
        """The machine's own: who sends what goes out; else, by family, the address in nearly all packets."""
        if self.senders_seen:
            return tuple(address for address, _ in _hosts(self.senders_seen).most_common(PROPOSED_MAX))
        addresses = self.addresses()
        found = []
        for family, packets in self.packets.items():
            ranked = [address for address in addresses if address.version == family]
            ranked.sort(key=lambda address: (-addresses[address], not _is_private(address)))
            if ranked and addresses[ranked[0]] >= LOCAL_SHARE * packets:
                found.append(ranked[0])
        return tuple(found)


def _addresses_of(packets: npt.NDArray[np.void], side: str) -> zip[Words]:
    """The `src` or `dst` addresses of packets, four words each."""
    return zip(*(packets[f"{side}{position}"].tolist() for position in range(4)), strict=True)


def _hosts(counter: Counter[Words]) -> Counter[IPAddress]:
    """Counts by address, without those that no host has for itself."""
    result: Counter[IPAddress] = Counter()
    for words, times in counter.items():
        address = _address(words)
        number = common_number(address)
        if not any(block.low <= number <= block.high for block in _HIDDEN):
            result[address] = times
    return result


def _address(words: Words) -> IPAddress:
    """An address from its four words (`fwsim.tables`)."""
    if words[0] < V6:
        return ipaddress.IPv4Address(words[0])
    return ipaddress.IPv6Address((words[0] - V6) << 96 | words[1] << 64 | words[2] << 32 | words[3])


def _network_of(address: IPAddress) -> IPNetwork:
    """The network an address is counted in."""
    return ipaddress.ip_network((address, 24 if address.version == 4 else 64), strict=False)


def _is_private(address: IPAddress) -> bool:
    """Whether an address is for use within a site (RFC 1918, RFC 4193, RFC 6598)."""
    number = common_number(address)
    return any(block.low <= number <= block.high for block in _PRIVATE)
