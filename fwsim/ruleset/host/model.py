"""What a machine says of itself, as plain data: links, addresses, routes, settings; what `ip` shows and `--live` reads.

Read first: ip-address(8), ip-route(8). Nothing is concluded here: what follows for a firewall is the business of
`fwsim.topology.learned`. Two machines with the same description are equal, wherever it was read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields

from fwsim.ruleset.model import Interface
from fwsim.ruleset.values import Addresses, merged

MAIN = 254
LOCAL = 255
"""RT_TABLE_MAIN and RT_TABLE_LOCAL (linux/rtnetlink.h)."""

ROUTE_KINDS = {
    "unicast": 1, "local": 2, "broadcast": 3, "anycast": 4, "multicast": 5, "blackhole": 6, "unreachable": 7,
    "prohibit": 8, "throw": 9, "nat": 10,
}  # fmt: skip
"""RTN_* by the words of `ip route`."""


NO_ADDRESSES = Addresses()


@dataclass(frozen=True, slots=True)
class Link:
    """A network device: its MAC (48-bit, None without one), and what it is a part of.

    `vlan` is the VLAN id of a device on top of `parent`; `master` the bridge, bond or VRF that it is a port of.
    """

    name: str
    mac: int | None = None
    loopback: bool = False
    kind: str | None = None
    vlan: int | None = None
    parent: str | None = None
    master: str | None = None

    def completed(self, other: Link) -> Link:
        """With what another listing knows of it besides."""
        known = {one.name: getattr(self, one.name) or getattr(other, one.name) for one in fields(self)}
        return Link(**known)


@dataclass(frozen=True, slots=True)
class Address:
    """An address of the machine, with its prefix length; `peer` is the far end of a point-to-point link.

    `connected` is False where no route to its network comes with it (`noprefixroute`); a `secondary` one is never that
    which the machine chooses for itself.
    """

    interface: str
    family: int
    number: int
    prefix: int
    peer: int | None = None
    broadcast: int | None = None
    connected: bool = True
    secondary: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """A route: its network, its `kind` (a key of ROUTE_KINDS), and the interfaces of its next hops, in order.

    `source` is the own address that packets sent this way get; `link` is True where the network is the link's own,
    `gateway` where a router comes in between.
    """

    family: int
    number: int
    prefix: int
    kind: str = "unicast"
    interfaces: tuple[str, ...] = ()
    table: int = MAIN
    metric: int = 0
    source: int | None = None
    link: bool = False
    gateway: bool = False


@dataclass(frozen=True)
class Host:
    """All that is known of a machine.

    `rules` are those of policy routing beyond the three that every machine has, as text. `interfaces` and `local` are
    what a file in our own format declares. `sysctls` are settings by their names, with dots; a dot in the name of an
    interface is a slash, as `sysctl -a` prints it.
    """

    links: Mapping[str, Link] = field(default_factory=dict)
    addresses: frozenset[Address] = frozenset()
    routes: frozenset[Route] = frozenset()
    rules: frozenset[str] = frozenset()
    interfaces: Mapping[str, Interface] = field(default_factory=dict)
    local: Addresses = NO_ADDRESSES
    sysctls: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether anything is known."""
        return any(getattr(self, one.name) for one in fields(self) if one.name != "local") or self.local != NO_ADDRESSES


def united(hosts: Iterable[Host]) -> Host:
    """What several listings say together; of a setting the last one counts."""
    links: dict[str, Link] = {}
    whole = Host()
    for host in hosts:
        for name, link in host.links.items():
            links[name] = link.completed(links[name]) if name in links else link
        interfaces = dict(whole.interfaces)
        for name, interface in host.interfaces.items():
            interfaces[name] = _joined(interfaces[name], interface) if name in interfaces else interface
        whole = Host(
            links=links,
            addresses=whole.addresses | host.addresses,
            routes=whole.routes | host.routes,
            rules=whole.rules | host.rules,
            interfaces=interfaces,
            local=_both(whole.local, host.local),
            sysctls={**whole.sysctls, **host.sysctls},
        )
    return whole


def _both(one: Addresses, other: Addresses) -> Addresses:
    """The addresses of two lists."""
    return Addresses(merged(one.v4 + other.v4), merged(one.v6 + other.v6))


def _joined(one: Interface, other: Interface) -> Interface:
    """What two files declare of an interface."""
    return Interface(
        networks=tuple(dict.fromkeys(one.networks + other.networks)),
        macs=tuple(dict.fromkeys(one.macs + other.macs)),
        own_macs=tuple(dict.fromkeys(one.own_macs + other.own_macs)),
        addresses=_both(one.addresses, other.addresses),
    )
