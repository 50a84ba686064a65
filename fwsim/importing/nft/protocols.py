"""What nft asks before a field of a header: whether the packet has that header.

Read first: `reading`. As `payload_gen_dependency` of nft does it, from what the rule has asked already.
"""

from __future__ import annotations

from fwsim.netfilter.fields import Raw
from fwsim.netfilter.steps import Match
from fwsim.nft.tree import Node
from fwsim.ruleset.values import Numbers
from fwsim.ruleset.words import PROTOCOLS

from .headers import ICMP_TYPES, INSIDE, LAYERS, LINK, NETWORK, TRANSPORT
from .reading import ANY_INTERFACE, FAMILY, Reading, conflict
from .values import refuse

LOWEST = {"ip": NETWORK, "ip6": NETWORK, "arp": NETWORK, "inet": LINK, "bridge": LINK, "netdev": LINK}
"""The lowest layer that tables of a family know by themselves."""

LENGTHS = {"ether": 112, "vlan": 32}
NAMES = {"transport": "th", "inet": "inet"}
ONE_FAMILY = {"icmp": "ip", "igmp": "ip", "icmpv6": "ip6"}
"""Transport headers that tell the network header."""


def number_inside(outer: str, inner: str) -> int | None:
    """The number by which one header says that the other follows."""
    for number, name in INSIDE.get(outer, {}).items():
        if name == inner:
            return number
    return None


def ask_header(reading: Reading, node: Node, header: str, field: str) -> int:
    """Ask that the packet has a header; the answer is how many bits of outer headers stand before it."""
    layer = LAYERS.get(header, TRANSPORT)
    known = reading.header(layer)
    if known is None:
        _find(reading, node, header, layer)
        known = reading.header(layer)
        if known == header:
            return _of_icmp(reading, node, header, field)
        _inside_link(reading, node, known or "", header)
        return _before(reading)
    if layer == TRANSPORT and len(reading.transports) > 1:
        raise conflict(node, " and ".join(reading.transports), header)
    if known == header:
        return _before(reading) if layer == LINK else _of_icmp(reading, node, header, field)
    if layer != LINK:
        raise conflict(node, known, header)
    return _other_link(reading, node, known, header)


def _before(reading: Reading) -> int:
    """Bits of the link headers around the one that is looked at."""
    return sum(LENGTHS[name] for name in reading.outer)


def _other_link(reading: Reading, node: Node, known: str, header: str) -> int:
    """Another link header is asked for than the one that is known."""
    if known in ("inet", "netdev"):
        _ethernet(reading)
        if header == "ether":
            return 0
        known = "ether"
    elif header in reading.outer:
        return 0
    if reading.header(NETWORK) is not None:
        raise conflict(node, known, header)
    _inside_link(reading, node, known, header)
    return _before(reading)


def _inside_link(reading: Reading, node: Node, known: str, header: str) -> None:
    """Ask that one link header is inside the other."""
    if number_inside(known, header) is None:
        raise conflict(node, known, header)
    _ask_inside(reading, node, known, header)


def _ethernet(reading: Reading) -> None:
    """Ask for an Ethernet frame."""
    reading.add(ANY_INTERFACE)
    reading.learn("ether")


def _find(reading: Reading, node: Node, header: str, layer: int) -> None:
    """Ask for a header of a layer about which nothing is known."""
    if layer < LOWEST[reading.family]:
        if header not in ("ether", "vlan") or reading.family == "arp":
            raise refuse(node, f"{header} cannot be asked for in a table of {reading.family}")
        _ethernet(reading)
        return
    below = reading.header(layer - 1)
    if below is None:
        if layer != TRANSPORT:
            raise refuse(node, f"the rule does not say below what {header} stands")
        below = _network_of(reading, node, header)
    _ask_inside(reading, node, below, header)


def _network_of(reading: Reading, node: Node, header: str) -> str:
    """The network header that a transport header tells, which is asked for; or any."""
    network = ONE_FAMILY.get(header)
    if network is None:
        return "transport"
    _ask_inside(reading, node, reading.header(LINK) or "inet", network)
    return network


def _ask_inside(reading: Reading, node: Node, outer: str, inner: str) -> None:
    """Ask that `inner` is what follows `outer`."""
    number = number_inside(outer, inner)
    if number is None:
        raise conflict(node, outer, inner)
    ask_number(reading, outer, number)
    reading.learn(inner)


def ask_number(reading: Reading, outer: str, number: int) -> None:
    """Ask for the number by which a header tells what follows."""
    if outer in ("ip", "ip6", "transport"):
        reading.add(protocol(number))
        reading.only_protocols(frozenset([number]))
    elif outer == "inet":
        reading.add(FAMILY[4 if number == 2 else 6])
    elif number in (0x0800, 0x86DD):
        reading.add(FAMILY[4 if number == 0x0800 else 6])
    else:
        offset = _before(reading) + (16 if outer == "vlan" else 96)
        reading.add(Match(Raw("ll", offset, 16), Numbers(((number, number),)), text=f"{outer} type"))


def protocol(number: int) -> Match:
    """A protocol is asked for."""
    found = PROTOCOL.get(number)
    if found is None:
        found = PROTOCOL[number] = Match(
            "proto", Numbers(((number, number),)), text=PROTOCOL_WORDS.get(number, str(number))
        )
    return found


PROTOCOL: dict[int, Match] = {}
PROTOCOL_WORDS = {number: name for name, number in reversed(PROTOCOLS.items())}
"""What an explanation says is wanted where the rule asks for it without saying so."""


def _of_icmp(reading: Reading, node: Node, header: str, field: str) -> int:
    """Ask for the types of ICMP messages that have the field, unless the rule has."""
    types = ICMP_TYPES.get((header, field))
    if types is None:
        return 0
    if reading.icmp_type is not None:
        if reading.icmp_type not in types:
            raise refuse(node, f"messages of type {reading.icmp_type} have no {field}, expected type {types[0]}")
        return 0
    intervals = tuple(sorted((number, number) for number in types))
    reading.add(Match("icmp_type", Numbers(intervals), text=f"{header} type"))
    reading.icmp_type = types[0]
    return 0
