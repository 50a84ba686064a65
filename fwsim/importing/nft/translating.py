"""nat, tproxy and redirect.

Read first: `maps`, `reading`. As `stmt_evaluate_nat` of nft does it.
"""

from __future__ import annotations

from fwsim.netfilter.steps import Nat as NatStep
from fwsim.netfilter.steps import Step, Unknown
from fwsim.nft.rule_tree import Nat, Tproxy
from fwsim.nft.tree import Concatenation, Expression, Header, Map, SetLiteral, SetReference

from .headers import NETWORK, TRANSPORT
from .maps import mapped
from .operands import is_constant, operands
from .reading import Reading, conflict
from .types import TYPES
from .values import Evaluated, Everything, Span, Wanted, Word, element, refuse, unveiled

ADDRESS = {"ip": Wanted(TYPES["ipv4_addr"], 32), "ip6": Wanted(TYPES["ipv6_addr"], 128)}
PORT = Wanted(TYPES["inet_service"], 16)
FAMILIES = {"ip": 4, "ip6": 6}
TRANSPORT_HEADERS = ("tcp", "udp", "sctp", "dccp", "udplite", "icmp", "icmpv6")
PROTOCOL_FIELDS = (("ip", "protocol"), ("ip6", "nexthdr"))
Pair = tuple[int, int]


def nat(reading: Reading, node: Nat) -> None:
    """`snat`, `dnat`, `masquerade`, `redirect`."""
    if reading.family not in ("ip", "ip6", "inet"):
        raise refuse(node, "addresses are translated in tables of ip, ip6 and inet only")
    family = _family(reading, node, node.family, node.address)
    if node.address is not None and _with_port(reading, node.address, node.form):
        _pair(reading, node, family)
        return
    kind = "netmap" if node.form == "prefix" else node.kind
    _translate(reading, node, kind, family, node.address, node.port, node.flags)


def _family(reading: Reading, node: Nat | Tproxy, family: str | None, address: Expression | None) -> str | None:
    """Whose addresses are meant."""
    known = reading.header(NETWORK)
    if family is None and address is not None:
        family = reading.family if reading.family in FAMILIES else known
        if family not in FAMILIES:
            raise refuse(node, f"the family is not known here, expected '{node.text.split()[0]} ip to' or 'ip6 to'")
    if family is not None and known in FAMILIES and known != family:
        raise conflict(node, known or "", family)
    if family is not None and reading.family in FAMILIES and family != reading.family:
        raise conflict(node, reading.family, family)
    return family


def _check_transport(reading: Reading, node: Expression, address: Expression | None) -> None:
    """Ports are translated of packets whose protocol the rule has asked for."""
    if reading.header(TRANSPORT) is None and not _asks_transport(address):
        raise refuse(node, "a port stands behind a match on the protocol only, such as 'tcp dport' or 'meta l4proto'")


def _asks_transport(address: Expression | None) -> bool:
    """Whether the key of a map asks for a protocol: with a field of its header, or one part of several by its name."""
    if not isinstance(address, Map):
        return False
    if isinstance(address.key, Header):
        return address.key.header in TRANSPORT_HEADERS
    return isinstance(address.key, Concatenation) and any(map(_names_protocol, address.key.parts))


def _names_protocol(part: Expression) -> bool:
    """Whether a part of a key asks for a protocol."""
    if isinstance(part, Header):
        return part.header in TRANSPORT_HEADERS or (part.header, part.field) in PROTOCOL_FIELDS
    return getattr(part, "key", None) in ("l4proto", "nfproto", "protocol")


def _with_port(reading: Reading, address: Expression, form: str | None) -> bool:
    """Whether what is given is an address and a port in one."""
    if form == "addr . port":
        return True
    mapping = unveiled(address.mapping) if isinstance(address, Map) else None
    if isinstance(mapping, SetLiteral):
        return any(isinstance(unveiled(each.value), Concatenation) for each in mapping.elements if each.value)
    if isinstance(mapping, SetReference):
        return len(reading.table.set_named(mapping).values) > 1
    return False


def _pair(reading: Reading, node: Nat, family: str | None) -> None:
    """`dnat ip to ip saddr map { 10.0.0.1 : 10.0.0.2 . 80 }`."""
    assert node.address is not None
    assert family is not None
    wanted = (ADDRESS[family], PORT)

    def build(value: Evaluated) -> tuple[Step, ...]:
        assert not isinstance(value, Span | Word | Everything)
        address, port = value
        return (_step(node, node.kind, family, span(address), span(port), node.flags),)

    if isinstance(node.address, Map):
        if not _asks_transport(node.address):
            _check_known(reading, node.address)
        reading.add(mapped(reading, node.address, wanted, build, f"{node.kind} {family} {node.flags}"))
        return
    _check_known(reading, node.address)
    if not is_constant(node.address):
        raise refuse(node.address, "expected an address and a port")
    for step in build(element(reading.constants, node.address, wanted)):
        reading.add(step)


def _check_known(reading: Reading, node: Expression) -> None:
    """The protocol must be known before."""
    if reading.header(TRANSPORT) is None:
        raise refuse(node, "a port stands behind a match on the protocol only, such as 'tcp dport' or 'meta l4proto'")


def _translate(
    reading: Reading,
    node: Nat | Tproxy,
    kind: str,
    family: str | None,
    address: Expression | None,
    port: Expression | None,
    flags: tuple[str, ...],
) -> None:
    """Addresses and ports that are constants, or one of which a map gives."""
    by_map = isinstance(address, Map)
    given = None if address is None or by_map else _constant(reading, address, ADDRESS[family or ""])
    if isinstance(address, Map):
        _by_address_map(reading, node, kind, family or "", address, port, flags)
        return
    if port is not None:
        _check_transport(reading, port, address)
    if isinstance(port, Map):

        def build(value: Evaluated) -> tuple[Step, ...]:
            return (_step(node, kind, family, given, span(value), flags),)

        reading.add(mapped(reading, port, (PORT,), build, f"{kind} {family} {given} {flags} port"))
        return
    ports = None if port is None else _constant(reading, port, PORT)
    if (address is not None and given is None) or (port is not None and ports is None):
        reading.add(Unknown(node.text))
    reading.add(_step(node, kind, family, given, ports, flags))


def _by_address_map(
    reading: Reading,
    node: Nat | Tproxy,
    kind: str,
    family: str,
    address: Map,
    port: Expression | None,
    flags: tuple[str, ...],
) -> None:
    """The address comes from a map; a port from another one is not simulated."""
    ports = None if port is None or isinstance(port, Map) else _constant(reading, port, PORT)

    def build(value: Evaluated) -> tuple[Step, ...]:
        return (_step(node, kind, family, span(value), ports, flags),)

    choice = mapped(reading, address, (ADDRESS[family],), build, f"{kind} {family} {ports} {flags}")
    if port is not None:
        _check_transport(reading, port, address)
    if port is not None and ports is None:
        operands(reading, port.key if isinstance(port, Map) else port)
        reading.add(Unknown(node.text))
    reading.add(choice)


def _constant(reading: Reading, node: Expression, wanted: Wanted) -> Pair | None:
    """Lowest and highest of a constant; None of what the packet tells."""
    if is_constant(node):
        return span(reading.constants.one(node, wanted))
    looked = operands(reading, node)[0]
    if looked.type.name not in (wanted.type.name, "integer"):
        raise refuse(node, f"expected {wanted.type.name}, not {looked.type.name}")
    return None


def span(value: object) -> Pair | None:
    """Lowest and highest."""
    assert not isinstance(value, Word)
    return (value.low, value.high) if isinstance(value, Span) else None


def _step(
    node: Nat | Tproxy, kind: str, family: str | None, address: Pair | None, ports: Pair | None, flags: tuple[str, ...]
) -> NatStep:
    """The translation."""
    return NatStep(kind, FAMILIES.get(family or ""), address, ports, frozenset(flags), node.text)


def tproxy(reading: Reading, node: Tproxy) -> None:
    """`tproxy to 127.0.0.1:3128`."""
    if reading.family not in ("ip", "ip6", "inet"):
        raise refuse(node, "tproxy stands in tables of ip, ip6 and inet only")
    if reading.header(TRANSPORT) is None:
        raise refuse(node, "tproxy stands behind a match on the protocol only, such as 'meta l4proto tcp'")
    if node.address is None and node.port is None:
        raise refuse(node, "tproxy needs an address or a port")
    family = _family(reading, node, node.family, node.address)
    if family is None and reading.family in FAMILIES:
        family = reading.family
    _translate(reading, node, "tproxy", family, node.address, node.port, ())
