"""What follows from the description of a machine: which networks lie behind which interface, what is its own.

Read first: `fwsim.ruleset.host.model`; `fib_add_ifaddr` (net/ipv4/fib_frontend.c), since routes that were not listed
follow from the addresses as the kernel adds them. Among routes to one network the kernel takes that with the lowest
metric. Only the tables local and main are looked at: rules of policy routing make `unlike` not empty.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from fwsim.ruleset.host import Address, Host, Link, Route
from fwsim.ruleset.host.model import LOCAL, MAIN
from fwsim.topology.address_plan import ANY, IPNetwork
from fwsim.topology.declared import Behind, behind_of, in_networks, ip_network

BITS = {4: 32, 6: 128}
PORTS_OF = ("bridge", "bond", "team")
"""Kinds of devices whose ports pass their packets on to them: IP sees the device only."""
NOT_FOR_NETWORKS = tuple(ipaddress.ip_network(text) for text in ("fe80::/10", "ff00::/8"))
"""Every link has these of its own."""
LOOPBACK_NETWORKS = tuple(ipaddress.ip_network(text) for text in ("127.0.0.0/8", "::1/128"))
LARGEST_BROADCAST = 0xFFFFFFFF


class Special(NamedTuple):
    """A route that says something else than behind which interface a network lies."""

    network: IPNetwork
    kind: str
    interfaces: tuple[str, ...] = ()
    table: int = MAIN


@dataclass(frozen=True)
class Learned:
    """What is known of the surroundings of a machine.

    `interfaces` are in the order of the listing. `complete` are the families whose routes are all known: what none of
    them holds cannot be reached. `knows_local` are those whose own addresses are all known. `ports` are names of ports
    with that of their bridge. `unlike` names what routes here do not do as on the machine, one sentence each.
    """

    interfaces: Mapping[str, Behind] = field(default_factory=dict)
    local: tuple[IPNetwork, ...] = ()
    special: tuple[Special, ...] = ()
    complete: frozenset[int] = frozenset()
    knows_local: frozenset[int] = frozenset()
    addressed: frozenset[str] | None = None
    """The interfaces that have an IPv4 address; None if that is not known."""
    hops: Mapping[IPNetwork, tuple[str, ...]] = field(default_factory=dict)
    """The interfaces of the next hops, in order, where there are several."""
    direct: frozenset[IPNetwork] = frozenset()
    """The networks that are reached without a gateway."""
    primary: Mapping[str, tuple[IPNetwork, ...]] = field(default_factory=dict)
    """The addresses that each interface has which are not secondary, where all of it are known."""
    ports: Mapping[str, str] = field(default_factory=dict)
    unlike: tuple[str, ...] = ()


NOTHING = Learned()


def learned(host: Host) -> Learned:
    """What follows from a description."""
    routes = _used([*host.routes, *_implied(host)])
    ports = {link.name: link.master for link in host.links.values() if link.master and _is_port(link, host)}
    special = tuple(sorted({one for route in routes for one in _special(route)}, key=_order))
    # to an anycast address (in IPv6 a router has that of each of its networks) packets are delivered as well
    own = [_network_of(route) for route in routes if route.kind in ("local", "anycast")]
    declared = {name: behind_of(interface) for name, interface in host.interfaces.items()}
    for interface in host.interfaces.values():
        own += in_networks(interface.addresses)
    local = [*in_networks(host.local), *own]
    families = {route.family for route in routes if route.kind == "local"}
    return Learned(
        interfaces=_interfaces(host, routes, ports, declared),
        local=tuple(dict.fromkeys(network for network in local if not _is_loopback(network))),
        special=special,
        complete=frozenset(route.family for route in host.routes if route.table == MAIN),
        knows_local=frozenset(families | {network.version for network in local}),
        addressed=frozenset(one.interface for one in host.addresses if one.family == 4) if host.addresses else None,
        hops={_network_of(route): route.interfaces for route in routes if len(route.interfaces) > 1},
        direct=frozenset(_network_of(route) for route in routes if route.kind == "unicast" and not route.gateway),
        primary=_primary(host),
        ports=ports,
        unlike=_unlike(host),
    )


def _primary(host: Host) -> dict[str, tuple[IPNetwork, ...]]:
    """The addresses of each interface that are not secondary, in no order."""
    found: dict[str, tuple[IPNetwork, ...]] = {one.interface: () for one in host.addresses}
    for one in sorted((one for one in host.addresses if not one.secondary), key=lambda one: (one.family, one.number)):
        found[one.interface] += (ip_network(one.family, one.number, BITS[one.family]),)
    return found


def _is_port(link: Link, host: Host) -> bool:
    """Whether a device with a master is a port; of a master of unknown kind it is taken for one unless it routes."""
    master = host.links.get(link.master or "")
    if master is not None and master.kind is not None:
        return master.kind in PORTS_OF
    return not any(address.interface == link.name and address.family == 4 for address in host.addresses)


def _interfaces(
    host: Host, routes: Iterable[Route], ports: Mapping[str, str], declared: Mapping[str, Behind]
) -> dict[str, Behind]:
    """The interfaces with what lies behind each."""
    found: dict[str, Behind] = dict(declared)
    names = [link.name for link in host.links.values() if not link.loopback and link.name not in ports]
    networks: dict[str, list[IPNetwork]] = {name: [] for name in names}
    broadcasts: dict[str, list[IPNetwork]] = {}
    for route in routes:
        network = _network_of(route)
        for name in route.interfaces:
            if route.kind == "unicast" and _is_of_networks(network):
                networks.setdefault(name, []).append(network)
            elif route.kind == "broadcast" and not _is_loopback(network):
                broadcasts.setdefault(name, []).append(network)
    for name in dict.fromkeys([*networks, *broadcasts]):
        link = host.links.get(name, Link(name))
        if link.loopback:
            continue
        behind = found.get(name, Behind())
        known = tuple(dict.fromkeys([*behind.networks, *sorted(networks.get(name, ()), key=_place)]))
        found[name] = replace(
            behind,
            networks=known,
            own_macs=tuple(dict.fromkeys((*behind.own_macs, *((link.mac,) if link.mac is not None else ())))),
            broadcasts=tuple(sorted(broadcasts.get(name, ()), key=_place)) if networks.get(name) else behind.broadcasts,
            vlan=(link.parent, link.vlan) if link.parent is not None and link.vlan is not None else behind.vlan,
        )
    return found


def _network_of(route: Route) -> IPNetwork:
    """The network of a route."""
    return ip_network(route.family, route.number, route.prefix)


def _place(network: IPNetwork) -> tuple[int, int, int]:
    """Where a network stands in a list."""
    return network.version, int(network.network_address), network.prefixlen


def _order(special: Special) -> tuple[object, ...]:
    """Where a special route stands in a list."""
    return (*_place(special.network), special.kind, special.interfaces)


def _is_of_networks(network: IPNetwork) -> bool:
    """Whether a network lies behind an interface rather than on every link."""
    return not any(network.version == own.version and network.subnet_of(own) for own in NOT_FOR_NETWORKS)  # type: ignore[arg-type]


def _is_loopback(network: IPNetwork) -> bool:
    """Whether these are addresses that every machine has."""
    return any(network.version == own.version and network.subnet_of(own) for own in LOOPBACK_NETWORKS)  # type: ignore[arg-type]


def _special(route: Route) -> Iterable[Special]:
    """The route if it says something else than behind which interface a network lies."""
    network = _network_of(route)
    if route.kind != "unicast" or not _is_of_networks(network):
        yield Special(network, route.kind, route.interfaces, route.table)


def _used(routes: Sequence[Route]) -> list[Route]:
    """The routes of the tables local and main that can be taken: those with the lowest metric to their network.

    In IPv6 every link has its own routes to link-local and multicast addresses, all alike.
    """
    best: dict[tuple[int, int, int, int], list[Route]] = {}
    for route in sorted(routes, key=lambda route: (route.metric, route.interfaces, route.kind)):
        if route.table in (LOCAL, MAIN):
            best.setdefault((route.family, route.table, route.number, route.prefix), []).append(route)
    return [
        route for alike in best.values() for route in alike
        if route.metric == alike[0].metric or not _is_of_networks(_network_of(route))
    ]  # fmt: skip


def _implied(host: Host) -> list[Route]:
    """The routes that come with the addresses, in the families and tables that were not listed."""
    listed = {(route.family, route.table) for route in host.routes}
    found: list[Route] = []
    for address in host.addresses:
        loopback = address.interface in host.links and host.links[address.interface].loopback
        if (address.family, LOCAL) not in listed:
            found += _local_routes(address, loopback)
        if (address.family, MAIN) not in listed and address.connected and not loopback:
            number = _first(
                address.family, address.peer if address.peer is not None else address.number, address.prefix
            )
            found.append(Route(address.family, number, address.prefix, "unicast", (address.interface,)))
    for route in host.routes:
        if route.source is not None and (route.family, LOCAL) not in listed and route.link:
            for name in route.interfaces:
                found += _local_routes(Address(name, route.family, route.source, route.prefix), False)
    return found


def _local_routes(address: Address, loopback: bool) -> list[Route]:
    """What an address puts into the table local."""
    where = (address.interface,)
    bits = BITS[address.family]
    found = [Route(address.family, address.number, bits, "local", where, LOCAL)]
    if address.family == 6:
        return found
    first = _first(4, address.peer if address.peer is not None else address.number, address.prefix)
    ends = {address.broadcast} - {None, LARGEST_BROADCAST}
    if address.prefix < 31 and address.connected:
        ends.add(first | ((1 << (bits - address.prefix)) - 1))
    if loopback:
        found.append(Route(4, first, address.prefix, "local", where, LOCAL))
    return found + [Route(4, end, bits, "broadcast", where, LOCAL) for end in ends if end is not None]


def _first(family: int, number: int, prefix: int) -> int:
    """The first address of a network."""
    rest = BITS[family] - prefix
    return number >> rest << rest


def _unlike(host: Host) -> tuple[str, ...]:
    """What of the machine's routing is not looked at."""
    found = []
    if host.rules:
        found.append(f"policy routing is not simulated, only the main table is used: {'; '.join(sorted(host.rules))}")
    vrfs = [link.name for link in host.links.values() if link.kind == "vrf"]
    if vrfs:
        found.append(f"VRFs are not simulated, only the main table is used: {', '.join(vrfs)}")
    return tuple(found)


def unreachable(special: Iterable[Special], complete: Iterable[int]) -> list[tuple[IPNetwork, int]]:
    """The networks that routes refuse, each with its prefix length; -1 is that of all that no route holds."""
    refused = ("unreachable", "blackhole", "prohibit", "throw")
    found = [(one.network, one.network.prefixlen) for one in special if one.kind in refused]
    return found + [(network, -1) for network in ANY if network.version in complete]
