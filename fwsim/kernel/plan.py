"""A ruleset and its topology as the firewall that a worker is to build.

Read first: `fwsim.kernel.orders.Plan`, `fwsim.topology`. Devices stand for interfaces in the same order. Three more are
added: for packets of which nobody knows where they came from, for those of which nobody knows where they go (they do
not come back on the link they came from), and for the end mark.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fwsim.convert import Observe, behind_confirmation, sysctls, to_nft
from fwsim.kernel.observers import GROUP, stack
from fwsim.kernel.orders import Plan, Route, RouteKind
from fwsim.kernel.sources import loads_of
from fwsim.kernel.watching import watching
from fwsim.netfilter import Netfilter
from fwsim.ruleset import Ruleset
from fwsim.topology import LOOPBACK, Topology
from fwsim.topology.address_plan import ANY, IPNetwork
from fwsim.topology.declared import broadcasts_on
from fwsim.topology.homes import homes
from fwsim.topology.learned import unreachable

UNKNOWN = "fwsim-unknown"
"""The device by which comes what came in nobody knows where."""
OTHER = "fwsim-other"
"""The device behind which lies what no declared network holds."""
LAST = "fwsim-last"
"""The device of the end mark."""

LONGEST_NAME = 15
"""IFNAMSIZ - 1."""
NOT_FOR_DEVICES = {".", "..", "all", "default", "lo", UNKNOWN, OTHER, LAST}
"""Names that Linux refuses, or uses for other things."""

OBSERVE = Observe(decisions=GROUP, tracking=GROUP, hooks=None, ends=GROUP)

GLOBAL_SETTING = "net.netfilter.nf_conntrack_max"
"""The same for all network namespaces, and only the host's owner may set it."""


ANSWERING = (("net/ipv4/icmp_ratemask", 0), ("net/ipv6/icmp/ratemask", 255))
"""ICMP types that are sent at a limited rate: none, so that every REJECT is heard of. (In IPv6 type 255, which nobody
sends: the list cannot be empty.)"""


class Devices:
    """The TAP devices: `names` by their number, and which interface number has which."""

    def __init__(self, interfaces: Iterable[str], others: Iterable[str] = ()) -> None:
        """A device for each interface but the loopback one, under its own name where Linux allows it.

        `others` are devices that must be there too, since rules speak of them: nothing comes by these.
        """
        self.names: list[str] = []
        self.of_interface: dict[int, int] = {}
        self.by_name: dict[str, str] = {}
        for number, name in enumerate(interfaces):
            if name != LOOPBACK:
                self.of_interface[number] = len(self.names)
                self.names.append(self._safe(name, number))
                self.by_name[name] = self.names[-1]
        self.names += [name for name in dict.fromkeys(others) if name not in (LOOPBACK, *self.names)]
        self.unknown = len(self.names)
        self.other = self.unknown + 1
        self.names += [UNKNOWN, OTHER, LAST]

    def _safe(self, name: str, number: int) -> str:
        """A name that Linux takes (`dev_valid_name`) and no other device has."""
        plain = name.isascii() and name.isprintable() and len(name) <= LONGEST_NAME
        wrong = any(letter in name for letter in '/:%"\\*') or any(letter.isspace() for letter in name)
        if plain and not wrong and name not in NOT_FOR_DEVICES and name not in self.names:
            return name
        return f"fwsim-if{number}"

    def numbered(self, name: str) -> int:
        """The device of an interface by its name; that of nobody for the loopback one."""
        return self.names.index(self.by_name[name]) if name in self.by_name else self.other

    def number(self, interface: int) -> int:
        """The device of an interface by which a packet came; that of the unknown for one that is not known."""
        return self.of_interface.get(interface, self.unknown)


def plan_of(ruleset: Ruleset, topology: Topology, devices: Devices, *, tracking: bool, judged: bool) -> Plan:
    """The whole firewall. With `judged` False no checksum of a transport header is looked at."""
    return Plan(
        devices=tuple(devices.names),
        routes=(*routes_of(topology, devices),),
        rules=(
            stack(LAST),  # first: no observer is to hear of what the stack sends when the devices come up
            behind_confirmation(OBSERVE),
            to_nft(ruleset, devices=named(ruleset, devices.by_name), observe=OBSERVE),
        ),
        sysctls=(*sysctls_of(ruleset, tracking=tracking, judged=judged), *stack_settings(topology, devices)),
        log_invalid=tracking,
    )


def plan_of_sources(
    texts: Netfilter, ruleset: Ruleset, topology: Topology, devices: Devices, *, tracking: bool, judged: bool
) -> Plan:
    """The firewall that somebody else's rules are, loaded as they stand, with the settings of the ruleset."""
    return Plan(
        devices=tuple(devices.names),
        routes=(*routes_of(topology, devices),),
        rules=(),
        sysctls=(
            *sysctls_of(ruleset, tracking=tracking, judged=judged),
            *stack_settings(topology, devices),
            *ANSWERING,
        ),
        log_invalid=tracking,
        watching=watching(LAST, tracked=tracking),
        loads=loads_of(texts),
        translates=translates(ruleset.netfilter) or translates(texts),
    )


def named(ruleset: Ruleset, by_name: Mapping[str, str]) -> dict[str, str]:
    """The devices of the interfaces that the rules may speak of."""
    return {name: device for name, device in by_name.items() if not ruleset.interfaces or name in ruleset.interfaces}


def sysctls_of(ruleset: Ruleset, *, tracking: bool, judged: bool) -> tuple[tuple[str, int], ...]:
    """What is written into the namespace; with `judged` False no checksum of a transport header is looked at."""
    settings = settings_of(ruleset, tracking)
    if tracking and not judged:
        settings["net.netfilter.nf_conntrack_checksum"] = "0"
    return tuple((name.replace(".", "/"), int(value)) for name, value in settings.items())


def settings_of(ruleset: Ruleset, tracking: bool) -> dict[str, str]:
    """The sysctls that a ruleset gives and a namespace can have; a fresh namespace has the kernel's defaults."""
    settings = sysctls(ruleset, only_given=True) if tracking else {}
    settings.pop(GLOBAL_SETTING, None)
    return settings


def stack_settings(topology: Topology, devices: Devices) -> Iterable[tuple[str, int]]:
    """Forwarding and reverse-path filtering, where the machine's settings say something else than they are here."""
    settings = topology.settings
    for name, device in (*devices.by_name.items(), (None, UNKNOWN)):
        if not settings.forwards_v4(name):
            yield f"net/ipv4/conf/{device}/forwarding", 0
        if name is not None and settings.rp_filter(name):
            yield f"net/ipv4/conf/{device}/rp_filter", settings.rp_filter(name)
    if not settings.forwards_v6():
        yield "net/ipv6/conf/all/forwarding", 0


def routes_of(topology: Topology, devices: Devices) -> Iterable[Route]:
    """Where each declared network lies; what two interfaces claim equally, and what none does, is nobody's.

    What no route leads to is refused if all routes are known.
    """
    claims: dict[IPNetwork, set[int]] = {network: set() for network in ANY}
    ends: dict[IPNetwork, set[int]] = {}
    for number, behind in enumerate(topology.interfaces.values()):
        for network in behind.networks:
            claims.setdefault(network, set()).add(number)
        for end in broadcasts_on(behind):
            ends.setdefault(end, set()).add(number)
    for wanted, kind in ((claims, RouteKind.FORWARD), (ends, RouteKind.BROADCAST)):
        for network, owners in wanted.items():
            refused = not owners and network.version in topology.complete
            device = devices.number(min(owners)) if len(owners) == 1 else devices.other
            yield Route(str(network), device, RouteKind.REFUSE if refused else kind)
    for network, prefix in unreachable(topology.known.special, ()):
        if prefix > 0 or not claims[network]:
            yield Route(str(network), devices.other, RouteKind.REFUSE)
    primary = {address for addresses in topology.known.primary.values() for address in addresses}
    own = sorted(homes(topology.interfaces, topology.local).items(), key=lambda one: one[0] not in primary)
    for network, home in own:  # a device's first address is the one that it gives
        device = devices.other if home is None else devices.numbered(home)
        yield Route(str(network), device, RouteKind.LOCAL)


def translates(netfilter: Netfilter) -> bool:
    """Whether there are chains for NAT: they bind every connection, even if no rule of theirs does."""
    return any(chain.kind == "nat" for table in netfilter.tables for chain in table.chains.values())
