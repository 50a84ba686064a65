"""The routes of a topology as one looks them up: longest prefix first, as stretches of addresses between any two ends.

Read first: `fib_lookup` (net/ipv4), whose tables local and main are one tree unless there is policy routing, so that
the longest prefix of both counts; `fib6_rule_lookup` (net/ipv6), which asks the table local first. Here are also the
routes that every machine has, and in which points those of this one are not known.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from fwsim.ruleset.host.model import LOCAL, MAIN
from fwsim.topology.address_plan import IPNetwork
from fwsim.topology.learned import Learned

LOOPBACK = "lo"

LINK_LOCAL = ipaddress.IPv6Network("fe80::/64")
MULTICAST = ipaddress.ip_network("ff00::/8")

EVERYWHERE = (
    ("127.0.0.0/8", "local"),
    ("127.255.255.255/32", "broadcast"),
    ("::1/128", "local"),
)
"""What the loopback interface brings along."""


class Entry(NamedTuple):
    """A route: its network, what it does with packets, and the interfaces of its next hops.

    With `ordered` the first of these is the one that is looked up; else two declarations contradict each other, or
    (a local address) the interface is not known.
    """

    network: IPNetwork
    kind: str
    interfaces: tuple[str, ...]
    ordered: bool = True
    direct: bool | None = None
    """Whether the network is on the link, with no gateway; None if that is not known."""

    def towards(self, interface: str | None) -> Entry | None:
        """The same by one interface, None if it does not lead there; with no interface the route as it is."""
        if interface is None:
            return self
        if interface not in self.interfaces:
            return None
        return (
            self if self.kind == "local" and not self.ordered else self._replace(interfaces=(interface,), ordered=True)
        )


class Stretch(NamedTuple):
    """Consecutive addresses, as numbers, and the routes that hold them in the tables local and main."""

    low: int
    high: int
    local: Entry | None
    main: Entry | None


@dataclass(frozen=True)
class Routing:
    """All routes of a topology.

    `names` are its interfaces. `complete` are the families in which what no route holds is not reached; `knows_local`
    those whose own addresses are all known, `knows_links` whether that is so of IPv6 link-local ones too;
    `knows_networks` whether something is known to lie behind an interface. `unlike` says why nothing of this holds.
    """

    names: tuple[str, ...]
    local: Mapping[int, tuple[Entry, ...]]
    main: Mapping[int, tuple[Entry, ...]]
    complete: frozenset[int]
    knows_local: frozenset[int]
    knows_links: bool
    knows_networks: bool
    unlike: tuple[str, ...]
    _laid_out: dict[tuple[int, str | None], list[Stretch]] = field(default_factory=dict, compare=False)

    def stretches(self, family: int, cuts: Iterable[int], interface: str | None = None) -> list[Stretch]:
        """The routes of a family, cut at more places. With an interface only those that lead there."""
        if (family, interface) not in self._laid_out:
            self._laid_out[family, interface] = self._lay_out(family, cuts, interface)
        return self._laid_out[family, interface]

    def _lay_out(self, family: int, cuts: Iterable[int], interface: str | None) -> list[Stretch]:
        """The same, not yet known."""
        ends = {0, *cuts}
        tables = []
        for table in (self.local, self.main):
            entries = [way for one in table[family] if (way := one.towards(interface)) is not None]
            tables.append(entries)
            for one in entries:
                first, last = int(one.network.network_address), int(one.network.broadcast_address)
                ends |= {first, first + 1, last + 1}
        top = 1 << (32 if family == 4 else 128)
        starts = sorted(end for end in ends if end < top)
        local, main = (longest(entries, starts) for entries in tables)
        lasts = [start - 1 for start in starts[1:]] + [top - 1]
        found = []
        for low, high, own, other in zip(starts, lasts, local, main, strict=True):
            if family == 4 and own is not None and other is not None and _length(other) > _length(own):
                own = None  # one tree: the longer prefix
            found.append(Stretch(low, high, own, None if own is not None else other))
        return found


def _length(entry: Entry) -> int:
    """The prefix length of a route."""
    return entry.network.prefixlen


def longest(entries: Sequence[Entry], starts: Sequence[int]) -> list[Entry | None]:
    """For each of some ascending addresses the route with the longest prefix that holds it."""
    waiting = sorted(entries, key=lambda one: (int(one.network.network_address), one.network.prefixlen))
    found: list[Entry | None] = []
    stack: list[Entry] = []
    upcoming = 0
    for start in starts:
        while upcoming < len(waiting) and int(waiting[upcoming].network.network_address) <= start:
            first = int(waiting[upcoming].network.network_address)
            while stack and int(stack[-1].network.broadcast_address) < first:
                stack.pop()
            stack.append(waiting[upcoming])
            upcoming += 1
        while stack and int(stack[-1].network.broadcast_address) < start:
            stack.pop()
        found.append(stack[-1] if stack else None)
    return found


Networks = Mapping[str, tuple[Sequence[IPNetwork], Sequence[IPNetwork]]]
"""By interface the networks behind it, and the broadcast addresses among them."""


def routing_of(
    names: tuple[str, ...],
    networks: Networks,
    addresses: Mapping[str, Sequence[IPNetwork]],
    own: Sequence[IPNetwork],
    known: Learned,
) -> Routing:
    """The routes of a topology: its interfaces, what is behind each, own addresses on them and elsewhere, the rest."""
    others = tuple(name for name in names if name != LOOPBACK)
    local = {entry.network: entry for entry in _local_entries(others, networks, addresses, own, known)}
    main = {entry.network: entry for entry in _main_entries(others, networks, known)}
    return Routing(
        names=names,
        local={family: tuple(one for one in local.values() if one.network.version == family) for family in (4, 6)},
        main={family: tuple(one for one in main.values() if one.network.version == family) for family in (4, 6)},
        complete=known.complete,
        knows_local=known.knows_local | {network.version for network in own},
        knows_links=6 in known.complete or any(is_link_local(one) for one in local if one.prefixlen == 128),
        knows_networks=any(behind for behind, _ in networks.values()),
        unlike=known.unlike,
    )


def is_link_local(network: IPNetwork) -> bool:
    """Whether a network is a part of fe80::/64."""
    return isinstance(network, ipaddress.IPv6Network) and network.subnet_of(LINK_LOCAL)


def _local_entries(
    others: tuple[str, ...],
    networks: Networks,
    addresses: Mapping[str, Sequence[IPNetwork]],
    own: Sequence[IPNetwork],
    known: Learned,
) -> Iterable[Entry]:
    """The table local; what comes later goes before."""
    if not any(one.network == MULTICAST for one in known.special):
        yield Entry(MULTICAST, "multicast", others, ordered=False)
    for text, kind in EVERYWHERE:
        yield Entry(ipaddress.ip_network(text), kind, (LOOPBACK,))
    for name, (_, ends) in networks.items():
        for end in ends:
            yield Entry(end, "broadcast", (name,))
    for network in own:
        yield Entry(network, "local", others, ordered=False)
    for name, those in addresses.items():
        for network in those:
            yield Entry(network, "local", (name,))
    yield from _special(known, LOCAL)


def _main_entries(others: tuple[str, ...], networks: Networks, known: Learned) -> Iterable[Entry]:
    """The table main; what comes later goes before."""
    if not any(is_link_local(one.network) for one in known.special):
        yield Entry(LINK_LOCAL, "unicast", others, ordered=False, direct=True)
    claims: dict[IPNetwork, list[str]] = {}
    for name, (behind, _) in networks.items():
        for network in behind:
            claims.setdefault(network, []).append(name)
    for network, owners in claims.items():
        hops = known.hops.get(network, ())
        ordered = len(owners) == 1 or set(hops) == set(owners)
        direct = network in known.direct if network.version in known.complete else None
        yield Entry(network, "unicast", hops if ordered and hops else tuple(owners), ordered, direct)
    yield from _special(known, MAIN)


def _special(known: Learned, table: int) -> Iterable[Entry]:
    """The routes of a table that were listed and lead to no network of an interface; of one network together."""
    together: dict[tuple[IPNetwork, str], list[str]] = {}
    for one in known.special:
        if one.table == table:
            together.setdefault((one.network, one.kind), []).extend(one.interfaces)
    for (network, kind), interfaces in together.items():
        direct = network in known.direct
        yield Entry(network, kind, tuple(interfaces), len(interfaces) < 2, direct)
