"""What a packet is asked for: payload, extension headers and options, meta, ct, rt, fib and the rest.

Read first: `members`, `fwsim.nft.tree`, `fwsim.nft.words`. Each function takes what stands behind the key.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from fwsim.nft.selectors import LENGTH_ONLY, RAW_BASES
from fwsim.nft.tree import (
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
from fwsim.nft.words import (
    CHUNKS,
    CT_DIRECTED,
    CT_KEYS,
    EXTENSION,
    FIB_FLAGS,
    FIB_RESULTS,
    INDEXED,
    IP_OPTION_FIELDS,
    IP_OPTIONS,
    META_NAMED,
    META_QUALIFIED,
    PAYLOAD,
    ROUTE_KEYS,
    TCP_OPTION_FIELDS,
    TCP_OPTIONS,
    TUNNELS,
)  # fmt: skip

from .located import Json
from .members import Members, flags, integer, members, needed, one_of, word

ARP_FIELDS = {"saddr", "daddr"}
PRINTED_OTHERWISE = {("icmpv6", "parameter-problem"): "param-problem"}
"""Fields that nft prints with another word than its text takes."""

FIELDS = {header: set(fields) - {"option", "chunk"} for header, fields in PAYLOAD.items()}
FIELDS["arp"] = (FIELDS["arp"] - ARP_FIELDS) | {f"{field} {of}" for field in ARP_FIELDS for of in ("ether", "ip")}
FIELDS |= {tunnel: set(fields) for tunnel, fields in TUNNELS.items()}

META_KEYS = META_QUALIFIED | META_NAMED
META_FORMERLY = {"ibridgename": "ibrname", "obridgename": "obrname"}
CT_ADDRESSES = {f"{family} {key}": (family, key) for family in ("ip", "ip6") for key in ("saddr", "daddr")}
FIELD_INDEX = re.compile(r"(addr|sid)\[([0-9]{1,3})\]")
NAMED_TCP_OPTIONS = {**{name: name for name in TCP_OPTIONS.values()}, "sack0": "sack"}
FAMILIES = ("ip", "ip6")


def payload(found: Json) -> Expression:
    """`{"protocol": "tcp", "field": "dport"}`, `{"base": "th", "offset": 16, "len": 16}`."""
    held = members(found, ("protocol", "field", "base", "offset", "len", "tunnel"), "protocol and field")
    if "base" in held:
        base = one_of(held["base"], RAW_BASES, "a base: ll, nh, th or ih")
        offset, length = (integer(needed(found, held, key)) for key in ("offset", "len"))
        return RawPayload(found.source, found.start, found.end, base, offset, length)
    header = one_of(needed(found, held, "protocol"), FIELDS, "a header such as tcp")
    place = needed(found, held, "field")
    field = PRINTED_OTHERWISE.get((header, word(place)), word(place))
    if field not in FIELDS[header]:
        place.fail(f"a field of {header}")
    inner = Header(found.source, found.start, found.end, header, field)
    if "tunnel" not in held or header in TUNNELS:
        return inner
    tunnel = one_of(held["tunnel"], TUNNELS, "a tunnel such as vxlan")
    return Inner(found.source, found.start, found.end, tunnel, inner)


def exthdr(found: Json) -> Expression:
    """`{"name": "frag", "field": "id"}`; without a field the question is whether it is there."""
    held = members(found, ("name", "field", "offset"), "name")
    header = one_of(needed(found, held, "name"), EXTENSION, "an extension header such as frag")
    if "field" not in held:
        return ExtensionHeader(found.source, found.start, found.end, header)
    field, index = word(held["field"]), None
    indexed = FIELD_INDEX.fullmatch(field)
    if indexed is not None:
        field, index = indexed[1], int(indexed[2])
    elif (header, field) in INDEXED:
        index = integer(held["offset"]) if "offset" in held else 0
    if field not in EXTENSION[header] or ((header, field) in INDEXED) != (index is not None):
        held["field"].fail(f"a field of {header}")
    return Header(found.source, found.start, found.end, header, field, index)


def tcp_option(found: Json) -> Expression:
    """`{"name": "maxseg", "field": "size"}`, `{"base": 42, "offset": 16, "len": 4}`."""
    held = members(found, ("name", "field", "base", "offset", "len"), "name")
    if "base" in held:
        kind = integer(held["base"], "the number of an option", 255)
        offset, length = (integer(needed(found, held, key)) for key in ("offset", "len"))
        return HeaderOption(found.source, found.start, found.end, "tcp", kind, None, (offset, length))
    option = NAMED_TCP_OPTIONS[one_of(needed(found, held, "name"), NAMED_TCP_OPTIONS, "an option of tcp")]
    return _option(found, held, "tcp", option, TCP_OPTION_FIELDS.get(option, LENGTH_ONLY))


def ip_option(found: Json) -> Expression:
    """`{"name": "rr", "field": "ptr"}`."""
    held = members(found, ("name", "field"), "name")
    option = one_of(needed(found, held, "name"), IP_OPTIONS, "an option of ip: lsrr, rr, ssrr or ra")
    return _option(found, held, "ip", option, IP_OPTION_FIELDS)


def sctp_chunk(found: Json) -> Expression:
    """`{"name": "data", "field": "tsn"}`."""
    held = members(found, ("name", "field"), "name")
    chunk = one_of(needed(found, held, "name"), CHUNKS, "a chunk of sctp")
    return _option(found, held, "sctp", chunk, CHUNKS[chunk])


def dccp_option(found: Json) -> Expression:
    """`{"type": 40}`."""
    held = members(found, ("type",), "type")
    kind = integer(needed(found, held, "type"), "the number of an option", 255)
    return HeaderOption(found.source, found.start, found.end, "dccp", kind)


def _option(found: Json, held: Members, header: str, option: str, fields: frozenset[str]) -> HeaderOption:
    """An option, or one of its fields."""
    field = one_of(held["field"], fields, f"a field of {option}") if "field" in held else None
    return HeaderOption(found.source, found.start, found.end, header, option, field)


def meta(found: Json) -> Expression:
    """`{"key": "mark"}`."""
    held = members(found, ("key",), "key")
    place = needed(found, held, "key")
    key = META_FORMERLY.get(word(place), word(place))
    if key not in META_KEYS:
        place.fail("a key of meta")
    return Meta(found.source, found.start, found.end, key)


def ct(found: Json) -> Expression:
    """`{"key": "state"}`, `{"key": "ip saddr", "dir": "original"}`."""
    held = members(found, ("key", "dir", "family"), "key")
    place = needed(found, held, "key")
    direction = one_of(held["dir"], ("original", "reply"), "original or reply") if "dir" in held else None
    family = one_of(held["family"], FAMILIES, "ip or ip6") if "family" in held else None
    key = word(place)
    family, key = CT_ADDRESSES.get(key, (family, key))
    if key not in CT_KEYS:
        place.fail("a key of ct")
    if direction and key not in CT_DIRECTED:
        place.refuse(f"'{key}' of ct takes no direction")
    if family and not direction:
        place.refuse(f"'{word(place)}' of ct takes a direction")
    return Ct(found.source, found.start, found.end, key, direction, family)


def rt(found: Json) -> Expression:
    """`{"key": "nexthop", "family": "ip"}`."""
    held = members(found, ("key", "family"), "key")
    key = one_of(needed(found, held, "key"), ROUTE_KEYS, "classid, nexthop, mtu or ipsec")
    family = one_of(held["family"], FAMILIES, "ip or ip6") if "family" in held else None
    return Route(found.source, found.start, found.end, key, family)


def fib(found: Json) -> Expression:
    """`{"result": "oif", "flags": ["saddr", "iif"]}`."""
    held = members(found, ("result", "flags"), "result and flags")
    result = one_of(needed(found, held, "result"), FIB_RESULTS, "oif, oifname or type")
    asked = flags(held.get("flags"), FIB_FLAGS)
    if ("saddr" in asked) == ("daddr" in asked):
        found.refuse("fib needs one of saddr and daddr")
    if "iif" in asked and "oif" in asked:
        found.refuse("fib takes only one of iif and oif")
    return Fib(found.source, found.start, found.end, asked, result)


def socket(found: Json) -> Expression:
    """`{"key": "transparent"}`; nft 1.0.6 does not print the level of a cgroup."""
    held = members(found, ("key", "level"), "key")
    key = one_of(needed(found, held, "key"), ("transparent", "mark", "wildcard", "cgroupv2"), "a key of socket")
    level = integer(held["level"], "a level", 255) if "level" in held else None
    return Socket(found.source, found.start, found.end, key, level)


def osf(found: Json) -> Expression:
    """`{"key": "name", "ttl": "loose"}`."""
    held = members(found, ("key", "ttl"), "key")
    key = one_of(needed(found, held, "key"), ("name", "version"), "name or version")
    ttl = one_of(held["ttl"], ("loose", "skip"), "loose or skip") if "ttl" in held else None
    return Osf(found.source, found.start, found.end, key, ttl)


def ipsec(found: Json) -> Expression:
    """`{"key": "reqid", "dir": "in", "spnum": 0}`."""
    held = members(found, ("key", "dir", "spnum", "family"), "key and dir")
    direction = one_of(needed(found, held, "dir"), ("in", "out"), "in or out")
    family = one_of(held["family"], FAMILIES, "ip or ip6") if "family" in held else None
    known = ("saddr", "daddr") if family else ("spi", "reqid")
    key = one_of(needed(found, held, "key"), known, " or ".join(known))
    spnum = integer(held["spnum"], "the number of a policy", 255) if "spnum" in held else 0
    return Ipsec(found.source, found.start, found.end, direction, key, spnum or None, family)


def numgen(found: Json) -> Expression:
    """`{"mode": "inc", "mod": 2, "offset": 0}`."""
    held = members(found, ("mode", "mod", "offset"), "mode and mod")
    mode = one_of(needed(found, held, "mode"), ("inc", "random"), "inc or random")
    modulus = integer(needed(found, held, "mod"))
    offset = integer(held["offset"]) if "offset" in held else 0
    return Numgen(found.source, found.start, found.end, mode, modulus, offset)


SELECTORS: dict[str, Callable[[Json], Expression]] = {
    "payload": payload, "exthdr": exthdr, "tcp option": tcp_option, "ip option": ip_option, "sctp chunk": sctp_chunk,
    "dccp option": dccp_option, "meta": meta, "ct": ct, "rt": rt, "fib": fib, "socket": socket, "osf": osf,
    "ipsec": ipsec, "numgen": numgen,
}  # fmt: skip
"""What a packet is asked for, by its key."""
