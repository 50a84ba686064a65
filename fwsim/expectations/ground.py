"""Where hosts live: behind which interface of the firewall, and from which hardware address their frames come.

Read first: `fwsim.topology`, which knows that of a ruleset.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

from fwsim.capture.crafting import mac_of
from fwsim.topology import Topology
from fwsim.topology.address_plan import IPNetwork

OWN_MAC = b"\x02\x00\x5e\x00\x00"
"""The first five bytes of the firewall's own MACs where they are not declared; the last counts the interfaces."""
UPSTREAM_MAC = b"\x02\x00\x5e\x00\x01\xfe"
"""That of the router beyond which everybody else is."""


@dataclass(frozen=True)
class Ground:
    """The surroundings of a firewall. Of several networks that hold an address, the longest prefix counts."""

    networks: Mapping[str, Sequence[IPNetwork]] = field(default_factory=dict)
    """Behind each interface."""
    own: Sequence[IPNetwork] = ()
    """The firewall's own addresses."""
    macs: Mapping[str, bytes] = field(default_factory=dict)
    """The firewall's own MAC on each interface."""
    ends: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    """The usual client and server, by family, where a script names none."""

    def behind(self, address: str) -> str:
        """The interface behind which a host lives; empty if it is the firewall itself, or if nobody knows."""
        host = ip_address(address)
        if any(host in network for network in self.own):
            return ""
        found = [(net.prefixlen, name) for name, nets in self.networks.items() for net in nets if host in net]
        return max(found, key=lambda one: one[0])[1] if found else ""

    def is_own(self, address: str) -> bool:
        """Whether the address is the firewall's."""
        host = ip_address(address)
        return any(host in network for network in self.own)

    def mac_behind(self, interface: str, address: str) -> bytes:
        """From which hardware address a host's frames come: its own, or where everybody is, that of the router."""
        everybody = any(not network.prefixlen for network in self.networks.get(interface, ()))
        return UPSTREAM_MAC if everybody else mac_of(address)

    def own_mac(self, interface: str) -> bytes:
        """The firewall's own MAC on an interface."""
        return self.macs.get(interface, OWN_MAC + b"\0")


def ground_of(topology: Topology) -> Ground:
    """The surroundings that a ruleset and the options declare."""
    networks = {name: behind.networks for name, behind in topology.interfaces.items()}
    macs = {
        name: behind.own_macs[0].to_bytes(6, "big") if behind.own_macs else OWN_MAC + bytes([number & 0xFF])
        for number, (name, behind) in enumerate(topology.interfaces.items(), 1)
    }
    return Ground(networks, topology.local, macs)


def office(networks: Mapping[str, Sequence[str]], ends: Mapping[int, tuple[str, str]]) -> Ground:
    """Surroundings from texts; all that is in none of the networks is behind the interface that has `any` of them."""
    everywhere = ("0.0.0.0/0", "::/0")
    texts = {name: everywhere if "any" in found else found for name, found in networks.items()}
    macs = {name: OWN_MAC + bytes([number]) for number, name in enumerate(networks, 1)}
    return Ground({name: [ip_network(text) for text in found] for name, found in texts.items()}, (), macs, ends)
