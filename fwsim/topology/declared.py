"""What a ruleset and the options declare of the surroundings of a firewall: interfaces, networks, own addresses.

Read first: `fwsim.ruleset.values` (Network, Addresses). Here these become networks of the standard library, as
`fwsim.topology.address_plan` takes them. Nothing here is about packets.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from fwsim.errors import UsageError
from fwsim.ruleset.addresses import parse_address_list, parse_interface_name, parse_networks
from fwsim.ruleset.mistakes import Mistakes
from fwsim.ruleset.values import Addresses, Network
from fwsim.topology.address_plan import IPNetwork, broadcasts_of


class Declared(Protocol):
    """What is asked of an interface of a ruleset."""

    @property
    def networks(self) -> Sequence[Network]:
        """The networks behind it; prefix length 0 is `any`."""

    @property
    def macs(self) -> Sequence[int]:
        """The MACs of stations behind it."""

    @property
    def own_macs(self) -> Sequence[int]:
        """The firewall's own MACs on it."""

    @property
    def addresses(self) -> Addresses:
        """The firewall's own addresses on it."""

    @property
    def rp_filter(self) -> str:
        """Its reverse-path filter."""


class DeclaringRuleset(Protocol):
    """What is asked of a ruleset."""

    @property
    def interfaces(self) -> Mapping[str, Declared]:
        """Its interfaces by name, in their order."""

    @property
    def local(self) -> Addresses:
        """The firewall's own addresses."""

    @property
    def rp_filter(self) -> str:
        """The reverse-path filter of all interfaces."""


@dataclass(frozen=True)
class Behind:
    """One declared interface: the networks and stations behind it, and the firewall's own MACs on it.

    `broadcasts` None means that every network ends in its broadcast address. `vlan` is the parent and id of a VLAN;
    `addresses` are the firewall's own ones on it, as far as they were declared.
    """

    networks: tuple[IPNetwork, ...] = ()
    macs: tuple[int, ...] = ()
    own_macs: tuple[int, ...] = ()
    broadcasts: tuple[IPNetwork, ...] | None = None
    vlan: tuple[str, int] | None = None
    addresses: tuple[IPNetwork, ...] = ()


def declared_interfaces(
    ruleset: DeclaringRuleset, options: Mapping[str, Sequence[str]], known: Mapping[str, Behind] | None = None
) -> dict[str, Behind]:
    """The interfaces of a ruleset in their order, then those that are `known`, then new ones of the `options`.

    What is known of a declared interface replaces its networks, if it has any, and an option (name to networks) those
    of any. Raises UsageError for what cannot be read.
    """
    behind = {name: behind_of(interface) for name, interface in ruleset.interfaces.items()}
    for name, learned in (known or {}).items():
        behind[name] = _joined(behind[name], learned) if name in behind else learned
    for name, networks in options.items():
        before = behind.get(name, Behind())
        behind[name] = replace(before, networks=_networks_of_option(name, networks), broadcasts=None)
    return behind


def _joined(declared: Behind, learned: Behind) -> Behind:
    """An interface that a ruleset declares and a description of the machine knows."""
    return Behind(
        learned.networks or declared.networks,
        tuple(dict.fromkeys(declared.macs + learned.macs)),
        tuple(dict.fromkeys(declared.own_macs + learned.own_macs)),
        learned.broadcasts if learned.networks else declared.broadcasts,
        learned.vlan,
        tuple(dict.fromkeys(declared.addresses + learned.addresses)),
    )


def declared_local(ruleset: DeclaringRuleset, options: Sequence[str]) -> tuple[IPNetwork, ...]:
    """The firewall's own addresses: those of the ruleset, of its interfaces, and of the options, each once."""
    own = in_networks(ruleset.local)
    for interface in ruleset.interfaces.values():
        own += in_networks(interface.addresses)
    return tuple(dict.fromkeys(own + _addresses_of_option(options)))


def behind_of(interface: Declared) -> Behind:
    """An interface of a ruleset."""
    networks = tuple(ip_network(network.family, network.low, network.prefix) for network in interface.networks)
    own = tuple(in_networks(interface.addresses))
    return Behind(networks, tuple(interface.macs), tuple(interface.own_macs), addresses=own)


def broadcasts_on(behind: Behind) -> Sequence[IPNetwork]:
    """The broadcast addresses of an interface: those that are known, else the ends of its networks."""
    return broadcasts_of(behind.networks) if behind.broadcasts is None else behind.broadcasts


def ip_network(family: int, low: int, prefix: int) -> IPNetwork:
    """A network from its numbers."""
    return ipaddress.IPv4Network((low, prefix)) if family == 4 else ipaddress.IPv6Network((low, prefix))


def in_networks(addresses: Addresses) -> list[IPNetwork]:
    """Intervals of addresses as the networks that make them up."""
    found: list[IPNetwork] = []
    for low, high in addresses.v4:
        found += ipaddress.summarize_address_range(ipaddress.IPv4Address(low), ipaddress.IPv4Address(high))
    for low, high in addresses.v6:
        found += ipaddress.summarize_address_range(ipaddress.IPv6Address(low), ipaddress.IPv6Address(high))
    return found


def _networks_of_option(name: str, networks: Sequence[str]) -> tuple[IPNetwork, ...]:
    """The networks of one `--interface`."""
    try:
        parse_interface_name(name)
        found = parse_networks(list(networks))
    except Mistakes as mistakes:
        raise UsageError(f"--interface {name}={','.join(networks)}: {mistakes}") from None
    return tuple(ip_network(network.family, network.low, network.prefix) for network in found)


def _addresses_of_option(addresses: Sequence[str]) -> list[IPNetwork]:
    """The addresses of all `--local`."""
    found: list[IPNetwork] = []
    for text in addresses:
        try:
            found += in_networks(parse_address_list(text))
        except Mistakes as mistakes:
            raise UsageError(f"--local {text}: {mistakes}") from None
    return found
