"""What a rule looks at: fields of headers, meta, ct, fib and the rest, as selectors of `fwsim.netfilter`.

Read first: `reading`, `protocols`, `fwsim.netfilter.fields`. The tables of meta and ct are in `keys`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from fwsim.netfilter.fields import Fib as FibSelector
from fwsim.netfilter.fields import NotSimulated, Option, Raw, Selector
from fwsim.netfilter.fields import Numgen as NumgenSelector
from fwsim.nft.tree import (
    Binary,
    Concatenation,
    Ct,
    Expression,
    ExtensionHeader,
    Fib,
    Hash,
    Header,
    HeaderOption,
    Inner,
    Ipsec,
    Meta,
    Numgen,
    Osf,
    RawPayload,
    Route,
    Socket,
    Variable,
)  # fmt: skip
from fwsim.terms import Hook

from .headers import EXTENSION_FIELDS, FIELDS, LAYERS, NAMED, NETWORK, OPTION_BITS, TRANSPORT
from .keys import CT, CT_ADDRESSES, META, PROTOCOL_KEYS, Key
from .protocols import ask_header
from .reading import FAMILY, Reading, conflict
from .types import TYPES, DataType
from .values import Wanted, refuse

EVERYWHERE = frozenset(Hook)


class Operand(NamedTuple):
    """Something that has a value: its selector, its type and width, and what is done to it before it is compared."""

    selector: Selector
    type: DataType
    bits: int
    most: int = 0
    absent: bool = False
    """Where the packet has none the value is 0 or empty, rather than the rule false."""
    numbers: str = ""
    """Whose numbers nft compares: `nfproto` or `ethertype`, which are families to us."""
    tells: str = ""
    """The layer whose header the value tells, if it is equal to something."""
    hooks: frozenset[Hook] = EVERYWHERE
    """Of what is not simulated: where it is unknown; elsewhere the rule is false."""
    operations: tuple[tuple[str, int], ...] = ()

    @property
    def wanted(self) -> Wanted:
        """What it can be compared with."""
        return Wanted(self.type, self.bits, self.most)


def operands(reading: Reading, node: Expression) -> tuple[Operand, ...]:
    """All parts of a concatenation, or the one operand."""
    if not isinstance(node, Concatenation):
        return (operand(reading, node),)
    found = tuple(operand(reading, part) for part in node.parts)
    for each, part in zip(found, node.parts, strict=True):
        if not each.bits:
            raise refuse(part, "a value of no certain width cannot be part of a concatenation")
    return found


def operand(reading: Reading, node: Expression) -> Operand:
    """What a single expression looks at; what nft asks before is asked."""
    read = OPERANDS.get(type(node))
    if read is None:
        raise refuse(node, f"'{node.text[:60]}' is a constant here, expected something of the packet")
    return read(reading, node)


def unknown(node: Expression, kind: str, bits: int = 0, hooks: frozenset[Hook] = EVERYWHERE, most: int = 0) -> Operand:
    """Something that no capture tells."""
    return Operand(NotSimulated(node.text), TYPES[kind], bits or TYPES[kind].bits, most, hooks=hooks)


def _header(reading: Reading, node: Header) -> Operand:
    """A field of a header."""
    if (node.header, node.field) in EXTENSION_FIELDS:
        if node.header == "rt2":
            raise refuse(node, "nft has no type for rt2 addr")
        return _extension(reading, node, node.header, node.field, node.index)
    fields = FIELDS.get(node.header)
    if fields is None:
        return unknown(node, "integer", 32)
    found = fields[node.field]
    kind = TYPES[found.type]
    if node.header == "th":
        reading.any_ports = not reading.has_ports
        selector: Selector = node.field if reading.has_ports else Raw("th", found.offset, 16)
        return Operand(selector, kind, 16)
    before = ask_header(reading, node, node.header, node.field)
    if (node.header, node.field) == ("ether", "type") and reading.family in ("ip", "ip6", "inet"):
        return Operand("family", kind, 16, numbers="ethertype", tells="ethertype")
    return _field(node.header, node.field, before)


@cache
def _field(header: str, field: str, before: int) -> Operand:
    """A field of a header that has so many bits of others before it at its layer."""
    found = FIELDS[header][field]
    name = NAMED.get((header, field))
    base = "th" if header not in LAYERS else "nh" if LAYERS[header] == NETWORK else "ll"
    tells = PROTOCOL_KEYS.get((header, field), "")
    return Operand(name or Raw(base, found.offset + before, found.bits), TYPES[found.type], found.bits, tells=tells)


def _extension(reading: Reading, node: Expression, header: str, name: str | None, index: int | None = None) -> Operand:
    """A field of an IPv6 extension header, or whether there is such a header."""
    _ask_network(reading, node, "ip6")
    option: str = header if index is None else f"{header}[{index}]"
    if name is None:
        return Operand(Option("ip6", option), TYPES["boolean"], 8)
    found = EXTENSION_FIELDS[header, name]
    return Operand(Option("ip6", option, name), TYPES[found.type], found.bits)


def _ask_network(reading: Reading, node: Expression, wanted: str) -> None:
    """Ask for the family first of all, as nft does for extension headers and IP options."""
    known = reading.header(NETWORK)
    if known == wanted:
        return
    if known is not None:
        raise conflict(node, known, wanted)
    reading.ask_first(FAMILY[4 if wanted == "ip" else 6])
    reading.learn(wanted)


def _extension_header(reading: Reading, node: ExtensionHeader) -> Operand:
    """`exthdr frag`."""
    return _extension(reading, node, node.header, None)


def _option(reading: Reading, node: HeaderOption) -> Operand:
    """An option of TCP or IP, or a chunk of SCTP."""
    if node.header == "ip":
        _ask_network(reading, node, "ip")
    if node.raw is not None:
        offset, bits = node.raw
        if offset + bits > 320:
            raise refuse(node, "options of tcp end at 320 bits")
        return Operand(Option(node.header, node.option, f"{offset},{bits}"), TYPES["integer"], bits)
    if node.field is None:
        return Operand(Option(node.header, node.option), TYPES["boolean"], 8)
    bits = OPTION_BITS.get((node.header, node.field), 8)
    return Operand(Option(node.header, node.option, node.field), TYPES["integer"], bits)


def _raw(reading: Reading, node: RawPayload) -> Operand:
    """`@th,16,16`."""
    if not 0 < node.length <= 128:
        raise refuse(node, "expected a length of 1 to 128 bits")
    kind = "integer"
    if node.base == "th" and node.length == 16 and node.offset in (0, 16):
        kind = "inet_service"
        if reading.has_ports:
            return Operand("dport" if node.offset else "sport", TYPES[kind], 16)
    return Operand(Raw(node.base, node.offset, node.length), TYPES[kind], node.length)


def _meta(reading: Reading, node: Meta) -> Operand:
    """`meta KEY`."""
    key = META.get(node.key)
    if key is None:
        return unknown(node, "integer", 32)
    if node.key in BRIDGE_ONLY and reading.family != "bridge":
        raise refuse(node, f"'meta {node.key}' is known in tables of bridge only")
    if node.key == "nfproto" and reading.family != "inet":
        raise refuse(node, "'meta nfproto' is useful in tables of inet only")
    if node.key == "nftrace":
        raise refuse(node, "'meta nftrace' can be set only")
    return _of_key(node, key, key.name)


BRIDGE_ONLY = frozenset(["ibrname", "obrname", "ibriport", "obriport", "ibrpvid", "ibrvproto", "broute"])


def _of_key(node: Expression, key: Key, name: str | None) -> Operand:
    """The operand that a table tells; without a field it is not simulated."""
    selector: Selector = NotSimulated(node.text) if name is None else name
    kind = TYPES[key.type]
    bits = key.bits or kind.bits
    return Operand(selector, kind, bits, key.most, key.absent, key.numbers, key.tells, key.hooks)


def _ct(reading: Reading, node: Ct) -> Operand:
    """`ct KEY`, `ct original ip saddr`."""
    if node.key in ("saddr", "daddr"):
        return _ct_address(reading, node)
    key = CT.get(node.key)
    if key is None:
        return unknown(node, "integer", 32)
    name = key.name
    if node.key in ("proto-src", "proto-dst"):
        if node.direction is None:
            raise refuse(node, f"'ct {node.key}' needs 'original' or 'reply' before it")
        if reading.header(TRANSPORT) is None:
            return Operand(CT_ADDRESSES[node.direction, node.key], TYPES["invalid"], 0)
        name = CT_ADDRESSES[node.direction, node.key]
    elif node.direction is not None and node.key not in ("l3proto", "protocol"):
        name = None
    if node.key == "event":
        raise refuse(node, "'ct event' can be set only")
    return _of_key(node, key, name)


def _ct_address(reading: Reading, node: Ct) -> Operand:
    """An address of a connection; its family is told, or that of the packet."""
    known = reading.header(NETWORK)
    family = node.family or known
    if node.direction is None:
        raise refuse(node, f"'ct {node.key}' needs 'original' or 'reply' before it")
    if family not in ("ip", "ip6"):
        raise refuse(node, f"the family is not known here, expected 'ip {node.key}' or 'ip6 {node.key}'")
    if known in ("ip", "ip6") and known != family:
        raise conflict(node, known, family)
    kind = TYPES["ipv4_addr" if family == "ip" else "ipv6_addr"]
    return Operand(CT_ADDRESSES[node.direction, node.key], kind, kind.bits)


def _fib(reading: Reading, node: Fib) -> Operand:
    """`fib saddr . iif oif`."""
    kind = TYPES[{"type": "fib_addrtype", "oif": "iface_index", "oifname": "string"}[node.result]]
    selector = FibSelector(frozenset(node.flags), node.result)
    of = "type" if node.result == "type" else "oif"
    by = "iif" if "iif" in node.flags else "oif" if "oif" in node.flags else "none"
    reading.bound.append((node, f"fib {of} by {by}"))
    return Operand(selector, kind, kind.bits or 128, absent=node.result != "type")


def _route(reading: Reading, node: Route) -> Operand:
    """`rt mtu`."""
    if node.key == "mtu":
        reading.bound.append((node, "rt mtu"))
    if node.key != "nexthop":
        kind = {"classid": "realm", "ipsec": "boolean"}.get(node.key, "integer")
        return unknown(node, kind, {"mtu": 16, "ipsec": 8}.get(node.key, 0))
    known = reading.header(NETWORK)
    family = node.family or known
    if family not in ("ip", "ip6"):
        raise refuse(node, "the family is not known here, expected 'rt ip nexthop' or 'rt ip6 nexthop'")
    if reading.family in ("ip", "ip6") and family != reading.family:
        raise refuse(node, f"'rt {family} nexthop' never matches in a table of {reading.family}")
    return unknown(node, "ipv4_addr" if family == "ip" else "ipv6_addr")


def _socket(reading: Reading, node: Socket) -> Operand:
    """`socket transparent`."""
    reading.bound.append((node, "socket"))
    kind = {"mark": "mark", "cgroupv2": "cgroupsv2"}.get(node.key, "integer")
    return unknown(node, kind, 8 if kind == "integer" else 0, most=1 if kind == "integer" else 0)


def _osf(reading: Reading, node: Osf) -> Operand:
    """`osf name`."""
    reading.bound.append((node, "osf"))
    return unknown(node, "string", 128)


def _ipsec(reading: Reading, node: Ipsec) -> Operand:
    """`ipsec in reqid`."""
    reading.bound.append((node, f"ipsec {node.direction}"))
    if reading.family not in ("ip", "ip6", "inet"):
        raise refuse(node, "ipsec is known in tables of ip, ip6 and inet only")
    if node.family is None:
        return unknown(node, "integer", 32)
    return unknown(node, "ipv4_addr" if node.family == "ip" else "ipv6_addr")


def _numgen(reading: Reading, node: Numgen) -> Operand:
    """`numgen inc mod 2`."""
    _modulus(node, node.modulus, node.offset)
    selector = NumgenSelector(node.mode, node.modulus, node.offset, reading.ruleset.next_number())
    return Operand(selector, TYPES["integer"], 32, node.modulus + node.offset - 1)


def _modulus(node: Expression, modulus: int, offset: int) -> None:
    """What the kernel takes for a modulus."""
    if not 0 < modulus <= 0xFFFFFFFF or modulus + offset > 1 << 32:
        raise refuse(node, "expected a modulus of 1 to 4294967295, with the offset 32 bits")


def _hash(reading: Reading, node: Hash) -> Operand:
    """`jhash ip saddr mod 2`, `symhash mod 2`."""
    _modulus(node, node.modulus, node.offset)
    if node.argument is not None:
        operands(reading, node.argument)
    return unknown(node, "integer", 32, most=node.modulus + node.offset - 1)


def _binary(reading: Reading, node: Binary) -> Operand:
    """`meta mark & 0xff`."""
    left = operand(reading, node.left)
    shift = node.operator in ("<<", ">>")
    right = reading.constants.number(
        node.right, Wanted(TYPES["integer"], 32) if shift else left.wanted._replace(most=0)
    )
    if shift and right >= left.bits:
        raise refuse(node.right, f"a shift of {right} bits is undefined for {left.bits} bits")
    return left._replace(operations=(*left.operations, (node.operator, right)), tells="", most=0)


def _inner(reading: Reading, node: Inner) -> Operand:
    """What a tunnel carries."""
    inside = operand(reading, node.field)
    return inside._replace(selector=NotSimulated(node.text), tells="")


def _variable(reading: Reading, node: Variable) -> Operand:
    """What the variable stands for."""
    return operand(reading, node.value)


OPERANDS: dict[type, Callable[..., Operand]] = {
    Header: _header, ExtensionHeader: _extension_header, HeaderOption: _option, RawPayload: _raw, Meta: _meta,
    Ct: _ct, Fib: _fib, Route: _route, Socket: _socket, Osf: _osf, Ipsec: _ipsec, Numgen: _numgen, Hash: _hash,
    Binary: _binary, Inner: _inner, Variable: _variable,
}  # fmt: skip
"""How each kind of expression is looked at; all others are constants."""


def is_constant(node: Expression) -> bool:
    """Whether an expression says nothing of the packet."""
    if isinstance(node, Variable):
        return is_constant(node.value)
    if isinstance(node, Binary):
        return is_constant(node.left)
    if isinstance(node, Concatenation):
        return all(is_constant(part) for part in node.parts)
    return type(node) not in OPERANDS
