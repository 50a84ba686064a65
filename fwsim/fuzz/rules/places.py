"""A topology for rules that come with none: made of what they say, and always the same.

Read first: `places_of`. A network that a rule names together with `oif` lies behind that interface, one named together
with `iif` as a source too; an address that chains of the input hook name as a destination is the firewall's own. What
is said of nowhere lies behind an interface that no rule names, so that `! -i eth0` is met as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network, summarize_address_range
from itertools import islice

from fwsim.fuzz.rules.asking import Ask
from fwsim.fuzz.rules.conditions import Condition
from fwsim.netfilter import Netfilter
from fwsim.ruleset.values import Addresses, Names
from fwsim.terms import Hook

Network = IPv4Network | IPv6Network
Place = tuple[int, int]
"""Family and address as a number."""

LOOPBACK = "lo"
ELSEWHERE = "elsewhere0"
LONGEST_NAME = 15
MADE_UP = {4: "198.18.{}.0/24", 6: "2001:db8:f18:{:x}::/64"}
"""The network of our own behind interface number n."""
OWN = 254
"""Where in it the firewall's address is."""
MOST_OWN, MOST_NETWORKS, MOST_MADE_UP = 40, 400, 200
MOST_PARTS = 6
"""Networks that an interval is cut into; the rest of it is left."""
FAR_AWAY = {
    4: tuple(int(IPv4Address(text)) for text in ("203.0.113.7", "198.51.100.9")),
    6: tuple(int(IPv6Address(text)) for text in ("2001:db8:ffff::7", "2001:db8:ffff:1::9")),
}  # fmt: skip
"""Hosts behind the interface to all else."""
BITS = {4: 32, 6: 128}
GROUPS = (ip_network("224.0.0.0/3"), ip_network("ff00::/8"), ip_network("0.0.0.0/8"), ip_network("127.0.0.0/8"),
          ip_network("::/127"), ip_network("fe80::/10"))  # fmt: skip
"""Where no network lies that anybody is sent to."""


@dataclass
class Places:
    """Networks by interface, and the firewall's own addresses."""

    interfaces: dict[str, list[str]]
    local: list[str]
    home: str = ELSEWHERE
    """The interface behind which all else lies."""
    routes: dict[tuple[int, int], dict[int, str]] = field(default_factory=dict)
    """By family and prefix length, network numbers and their interfaces."""
    own: set[Place] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Lay out the routes."""
        for name, networks in self.interfaces.items():
            for network in map(ip_network, (text for text in networks if text != "any")):
                key = network.version, network.prefixlen
                shift = BITS[network.version] - network.prefixlen
                self.routes.setdefault(key, {}).setdefault(int(network.network_address) >> shift, name)
        self.routes = dict(sorted(self.routes.items(), reverse=True))  # the narrowest network of a family first
        for text in self.local:
            address = ip_network(text).network_address
            self.own.add((address.version, int(address)))

    def behind(self, family: int, address: int) -> str:
        """The interface that an address lies behind."""
        for (version, prefix), networks in self.routes.items():
            if version == family and (found := networks.get(address >> (BITS[family] - prefix))):
                return found
        return self.home

    def hosts(self, family: int, name: str) -> list[int]:
        """Some addresses behind an interface."""
        networks = [ip_network(text) for text in self.interfaces[name] if text != "any"]
        found = [
            int(network.network_address) + place
            for network in networks
            if network.version == family
            for place in ((1, 2, network.num_addresses // 2) if network.num_addresses > 4 else (0,))
        ]
        if name == self.home:
            found += [host for host in FAR_AWAY[family] if self.behind(family, host) == name]
        return found

    @classmethod
    def given(cls, interfaces: Mapping[str, Sequence[Network]], local: Iterable[Network]) -> Places:
        """A topology that is known."""
        home = next((name for name, networks in interfaces.items() if any(n.prefixlen == 0 for n in networks)), "")
        named = {name: [str(n) if n.prefixlen else "any" for n in networks] for name, networks in interfaces.items()}
        own = [str(network.network_address) for network in local]
        return cls(named, own, home or next(iter(named)))

    def locals(self, family: int) -> list[int]:
        """The firewall's own addresses."""
        return sorted(address for version, address in self.own if version == family)


def places_of(netfilter: Netfilter, found: Iterable[Condition]) -> Places:
    """The topology for these rules."""
    found = list(found)
    names = names_of(netfilter, found)
    own = own_addresses(found)
    interfaces: dict[str, list[str]] = {name: [] for name in names}
    for number, name in enumerate(names[:MOST_MADE_UP]):
        for text in MADE_UP.values():
            network = ip_network(text.format(number))
            interfaces[name].append(str(network))
            own.setdefault(str(network.network_address + OWN))
    for network, name in claims(found, names):
        if (name != ELSEWHERE and network.num_addresses > 1) or str(network.network_address) not in own:
            interfaces[name].append(str(network))
    interfaces[ELSEWHERE].append("any")
    return Places(interfaces, list(own))


def names_of(netfilter: Netfilter, found: Iterable[Condition]) -> list[str]:
    """The interfaces: those that rules name, one for each beginning of a name, and one that none names."""
    spoken = list(netfilter.interfaces)
    for value in (value for condition in found for ask in condition.asks for value in of_names(ask)):
        spoken += [*value.names, *(f"{prefix}*" for prefix in value.prefixes)]
    whole = dict.fromkeys(name for name in spoken if name and not name.endswith("*") and len(name) <= LONGEST_NAME)
    for beginning in (name.rstrip("*") for name in spoken if name.endswith("*")):
        if not any(name.startswith(beginning) for name in whole):
            whole[(beginning + "0")[:LONGEST_NAME]] = None
    whole.pop(LOOPBACK, None)
    return [*whole, ELSEWHERE] if len(whole) > 1 else [*whole, "inside0", ELSEWHERE]


def of_names(ask: Ask) -> Iterator[Names]:
    """The names of interfaces that an Ask speaks of."""
    return (value for one in ask.alternatives for _, value in one if isinstance(value, Names))


def said(condition: Condition, field: str) -> Iterator[object]:
    """The values that a condition asks for, not against, in a field."""
    for ask in condition.asks:
        if not ask.negated:
            for one in ask.alternatives:
                yield from (value for name, value in one if name == field and not value.negated)


def claims(found: Iterable[Condition], names: list[str]) -> list[tuple[Network, str]]:
    """The networks that rules name together with an interface, each behind the one that they name most."""
    votes: dict[Network, Counter[str]] = {}
    for condition in found:
        for side, address in (("oif", "dst"), ("iif", "src")):
            behind = [name for value in said(condition, side) for name in meant(value, names)]
            for network in networks(said(condition, address)) if behind else ():
                if network in votes or len(votes) < MOST_NETWORKS:
                    votes.setdefault(network, Counter()).update(behind)
    return [(network, counter.most_common(1)[0][0]) for network, counter in votes.items()]


def meant(value: object, names: list[str]) -> Iterator[str]:
    """The interfaces that a value means."""
    return (name for name in names if isinstance(value, Names) and value.matches(name))


def networks(values: Iterable[object]) -> Iterator[Network]:
    """The networks that some addresses are, but everything and groups."""
    for value in values:
        if isinstance(value, Addresses):
            for low, high in value.v4:
                yield from sensible(summarize_address_range(IPv4Address(low), IPv4Address(high)))
            for low, high in value.v6:
                yield from sensible(summarize_address_range(IPv6Address(low), IPv6Address(high)))


def sensible(parts: Iterable[Network]) -> Iterator[Network]:
    """The networks of an interval, the first ones of many, where hosts can be."""
    for network in islice(parts, MOST_PARTS):
        groups = (group for group in GROUPS if group.version == network.version)
        if network.prefixlen and not any(network.overlaps(group) for group in groups):
            yield network


def own_addresses(found: Iterable[Condition]) -> dict[str, None]:
    """The addresses that are the firewall's own, as rules speak of them."""
    votes: Counter[str] = Counter()
    for condition in found:
        input, output = condition.hook == Hook.INPUT, condition.hook == Hook.OUTPUT
        for network in networks(said(condition, "dst")):
            votes[own_in(network)] += 1 if input else -1 if condition.hook == Hook.FORWARD else 0
        for network in networks(said(condition, "src")) if output else ():
            votes[own_in(network)] += 1
    return dict.fromkeys(address for address, count in votes.most_common(MOST_OWN) if count > 0)


def own_in(network: Network) -> str:
    """The firewall's address in a network: of more than one the first behind the network's own."""
    return str(network.network_address + (1 if network.num_addresses > 2 else 0))
