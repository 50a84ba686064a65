"""What a packet is asked for: fields of headers and their options, meta, ct, fib, routes and the rest.

Read first: `tokens`, `tree`, `words`. Each function stands at the first keyword and leaves the reader behind the
selector. Selectors that hold other expressions (`jhash`) are in `expressions`.
"""

from __future__ import annotations

from collections.abc import Callable

from .tokens import Reader
from .tree import (
    Ct,
    Expression,
    ExtensionHeader,
    Fib,
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
)  # fmt: skip
from .words import (
    AFTER_CT,
    AFTER_META,
    AFTER_MODULUS,
    AFTER_OPTION,
    CHUNKS,
    CT_DIRECTED,
    CT_DIRECTIONAL,
    CT_KEYS,
    EXTENSION,
    FIB_FLAGS,
    FIB_RESULTS,
    INDEXED,
    IP_OPTION_FIELDS,
    IP_OPTIONS,
    META_ALONE,
    META_NAMED,
    META_QUALIFIED,
    PAYLOAD,
    ROUTE_KEYS,
    TCP_OPTION_FIELDS,
    TCP_OPTIONS,
    TUNNELS,
)  # fmt: skip

LENGTH_ONLY = frozenset(["length"])
RAW_BASES = frozenset(["ll", "nh", "th", "ih"])
ADDRESSES = frozenset(["saddr", "daddr"])


def payload(reader: Reader) -> Expression:
    """`tcp dport`, `ip option ra value`, `sctp chunk data tsn`."""
    source, start, header = reader.source, reader.start, reader.text
    reader.advance()
    field = reader.one_of(PAYLOAD[header], f"a field of {header}")
    if field == "option":
        return OPTIONS[header](reader, start)
    if field == "chunk":
        return _chunk(reader, start)
    if header == "arp" and field in ADDRESSES:
        field += " " + reader.one_of(frozenset(["ether", "ip"]), "'ether' or 'ip'")
    return Header(source, start, reader.last, header, field)


def _ip_option(reader: Reader, start: int) -> Expression:
    """Behind `ip option`."""
    option = reader.one_of(IP_OPTIONS, "an option of ip: lsrr, rr, ssrr or ra")
    field = _field_of(reader, "ip", IP_OPTION_FIELDS)
    return HeaderOption(reader.source, start, reader.last, "ip", option, field)


def _tcp_option(reader: Reader, start: int) -> Expression:
    """Behind `tcp option`."""
    if reader.take("@"):
        option = tcp_option_kind(reader)
        reader.expect(",")
        offset = reader.number("an offset in bits")
        reader.expect(",")
        raw = offset, reader.number("a length in bits")
        return HeaderOption(reader.source, start, reader.last, "tcp", option, None, raw)
    option = tcp_option_kind(reader)
    fields = TCP_OPTION_FIELDS.get(option, LENGTH_ONLY) if isinstance(option, str) else LENGTH_ONLY
    field = _field_of(reader, "tcp", fields)
    return HeaderOption(reader.source, start, reader.last, "tcp", option, field)


def tcp_option_kind(reader: Reader) -> str | int:
    """The name of a TCP option, or its number."""
    if reader.at_number():
        start = reader.start
        number = reader.number("an option of tcp")
        if number > 255:
            reader.refuse(start, f"the option {number} is too large, expected at most 255")
        return number
    name = TCP_OPTIONS.get(reader.text)
    if name is None:
        reader.fail("an option of tcp")
    reader.advance()
    return name


def _dccp_option(reader: Reader, start: int) -> Expression:
    """Behind `dccp option`."""
    place = reader.start
    number = reader.number("the number of an option")
    if number > 255:
        reader.refuse(place, f"the option {number} is too large, expected at most 255")
    return HeaderOption(reader.source, start, reader.last, "dccp", number)


OPTIONS = {"ip": _ip_option, "tcp": _tcp_option, "dccp": _dccp_option}


def _chunk(reader: Reader, start: int) -> Expression:
    """Behind `sctp chunk`."""
    chunk = reader.text
    if chunk not in CHUNKS:
        reader.fail("a chunk of sctp")
    reader.advance()
    field = _field_of(reader, "sctp", CHUNKS[chunk])
    return HeaderOption(reader.source, start, reader.last, "sctp", chunk, field)


def _field_of(reader: Reader, header: str, fields: frozenset[str]) -> str | None:
    """The field of an option, or the option itself is meant."""
    field = _optional(reader, fields)
    if field is None:
        reader.not_before(AFTER_OPTION[header])
    return field


def _optional(reader: Reader, fields: frozenset[str]) -> str | None:
    """A field if one follows."""
    field = reader.text
    if field not in fields:
        return None
    reader.advance()
    return field


def extension(reader: Reader) -> Expression:
    """`frag id`, `srh sid[1]`, and `rt nexthop`, which is the packet's route."""
    source, start, header = reader.source, reader.start, reader.text
    reader.advance()
    if header == "rt" and reader.text not in EXTENSION["rt"]:
        return _route(reader, start)
    field = reader.one_of(EXTENSION[header], f"a field of {header}")
    index = None
    if (header, field) in INDEXED:
        reader.expect("[")
        index = reader.number("an index")
        reader.expect("]")
    return Header(source, start, reader.last, header, field, index)


def _route(reader: Reader, start: int) -> Expression:
    """Behind `rt`."""
    family = _family(reader)
    key = reader.one_of(ROUTE_KEYS, "classid, nexthop, mtu, ipsec, or a field of the routing header")
    return Route(reader.source, start, reader.last, key, family)


def _family(reader: Reader) -> str | None:
    """`ip` or `ip6` if it follows."""
    return _optional(reader, frozenset(["ip", "ip6"]))


def exthdr(reader: Reader) -> Expression:
    """`exthdr frag`."""
    start = reader.start
    reader.advance()
    header = reader.one_of(frozenset(["hbh", "rt", "frag", "dst", "mh"]), "hbh, rt, frag, dst or mh")
    return ExtensionHeader(reader.source, start, reader.last, header)


def meta(reader: Reader) -> Expression:
    """`meta KEY`."""
    start = reader.start
    reader.advance()
    key = reader.text
    if key in META_QUALIFIED:
        reader.advance()
    elif reader.at_string():
        if key not in META_NAMED:
            reader.fail("a key of meta")
        reader.advance()
    else:
        reader.fail("a key of meta")
    reader.not_before(AFTER_META)
    return Meta(reader.source, start, reader.last, key)


def meta_alone(reader: Reader) -> Expression:
    """`iifname`; also `ipsec in reqid`, which begins alike."""
    start, key = reader.start, reader.text
    reader.advance()
    if key == "ipsec" and reader.text in ("in", "out"):
        return _ipsec(reader, start)
    return Meta(reader.source, start, reader.last, key)


def _ipsec(reader: Reader, start: int) -> Expression:
    """Behind `ipsec`."""
    direction = reader.text
    reader.advance()
    spnum = None
    if reader.take("spnum"):
        place = reader.start
        spnum = reader.number("the number of a policy")
        if spnum > 255:
            reader.refuse(place, f"{spnum} is too large, expected at most 255")
    family = _family(reader)
    keys = ADDRESSES if family else frozenset(["spi", "reqid"])
    key = reader.one_of(keys, "saddr or daddr" if family else "spi, reqid, ip or ip6")
    return Ipsec(reader.source, start, reader.last, direction, key, spnum, family)


def ct(reader: Reader) -> Expression:
    """`ct KEY`, `ct original KEY`, `ct reply ip saddr`."""
    start = reader.start
    reader.advance()
    direction = _optional(reader, frozenset(["original", "reply"]))
    family = _family(reader) if direction else None
    if family:
        key = reader.one_of(ADDRESSES, "saddr or daddr")
    else:
        key = reader.one_of(CT_DIRECTED if direction else CT_KEYS, "a key of ct")
        reader.not_before(AFTER_CT)
    return Ct(reader.source, start, reader.last, key, direction, family)


def settable_ct(expression: Ct) -> bool:
    """Whether `set` may follow: the key stands alone, or is one that may be told with or without a direction."""
    return expression.direction is None or expression.key in CT_DIRECTIONAL


def fib(reader: Reader) -> Expression:
    """`fib saddr . iif oif`."""
    start = reader.start
    reader.advance()
    place = reader.start
    flags = [reader.one_of(FIB_FLAGS, "saddr, daddr, mark, iif or oif")]
    while reader.take("."):
        flags.append(reader.one_of(FIB_FLAGS, "saddr, daddr, mark, iif or oif"))
    result = reader.one_of(FIB_RESULTS, "oif, oifname or type")
    if ("saddr" in flags) == ("daddr" in flags):
        reader.refuse(place, "fib needs one of saddr and daddr")
    if "iif" in flags and "oif" in flags:
        reader.refuse(place, "fib takes only one of iif and oif")
    return Fib(reader.source, start, reader.last, tuple(flags), result)


def socket(reader: Reader) -> Expression:
    """`socket transparent`, `socket cgroupv2 level 1`."""
    start = reader.start
    reader.advance()
    key = reader.one_of(frozenset(["transparent", "mark", "wildcard", "cgroupv2"]), "a key of socket")
    level = None
    if key == "cgroupv2":
        reader.expect("level")
        level = reader.number("a level")
    return Socket(reader.source, start, reader.last, key, level)


def osf(reader: Reader) -> Expression:
    """`osf name`, `osf ttl skip version`."""
    start = reader.start
    reader.advance()
    ttl = None
    if reader.take("ttl"):
        ttl = reader.one_of(frozenset(["loose", "skip"]), "loose or skip")
    key = reader.one_of(frozenset(["name", "version"]), "name or version")
    return Osf(reader.source, start, reader.last, key, ttl)


def numgen(reader: Reader) -> Expression:
    """`numgen inc mod 2 offset 100`."""
    start = reader.start
    reader.advance()
    mode = reader.one_of(frozenset(["inc", "random"]), "inc or random")
    reader.expect("mod")
    modulus = reader.number("a modulus")
    shift = offset(reader)
    return Numgen(reader.source, start, reader.last, mode, modulus, shift)


def offset(reader: Reader) -> int:
    """`offset N` if it follows."""
    if reader.take("offset"):
        return reader.number("an offset")
    reader.not_before(AFTER_MODULUS)
    return 0


def raw_payload(reader: Reader) -> Expression:
    """`@th,16,16`."""
    start = reader.start
    reader.advance()
    base = reader.one_of(RAW_BASES, "ll, nh, th or ih")
    reader.expect(",")
    where = reader.number("an offset in bits")
    reader.expect(",")
    length = reader.number("a length in bits")
    return RawPayload(reader.source, start, reader.last, base, where, length)


def tunnel(reader: Reader) -> Expression:
    """`vxlan vni`, `gre ip saddr` (nft 1.0.7 and later)."""
    start, name = reader.start, reader.text
    reader.advance()
    if reader.text in TUNNELS[name]:
        field = reader.text
        reader.advance()
        return Header(reader.source, start, reader.last, name, field)
    inside = payload(reader)
    return Inner(reader.source, start, reader.last, name, inside)


def at_tunnel(reader: Reader) -> bool:
    """Whether a tunnel's field stands here; to nft before 1.0.7 the word is a name like any other."""
    if reader.text not in TUNNELS:
        return False
    return reader.peek() in TUNNELS[reader.text] or (reader.peek() in PAYLOAD and reader.peek() != "th")


PAYLOADS: dict[str, Callable[[Reader], Expression]] = dict.fromkeys(PAYLOAD, payload)
SET_FROM: dict[str, Callable[[Reader], Expression]] = {
    **PAYLOADS, **dict.fromkeys(META_ALONE, meta_alone),
    "meta": meta, "ct": ct, "rt": extension, "socket": socket, "osf": osf, "numgen": numgen, "@": raw_payload,
}  # fmt: skip
"""What values that are set may be computed from (of the route: `rt nexthop`, not the header's fields)."""
SELECTORS: dict[str, Callable[[Reader], Expression]] = {
    **SET_FROM, **dict.fromkeys(EXTENSION, extension), "exthdr": exthdr, "fib": fib,
}  # fmt: skip
