"""What nft calls the selectors of rules, and how it spells their values.

Read first: `nft(8)`, EXPRESSIONS; `fwsim.netfilter.fields`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from fwsim.convert.comparing import address_elements, bit_elements, bit_names, clipped
from fwsim.netfilter.fields import FIELDS, Fib, NotSimulated, Numgen, Option, Raw, Selector
from fwsim.ruleset import words
from fwsim.ruleset.values import Addresses, Masked, MatchValue, Names

from .saying import CannotSay

PORT_WORDS = {number: name for name, number in words.PORT_PROTOCOLS.items()}
PROTOCOL_WORDS = {**PORT_WORDS, 1: "icmp", 58: "icmpv6", 47: "gre", 50: "esp", 51: "ah"}
STATE_WORDS = words.CT_STATES
FLAG_WORDS = {name: bit for name, bit in words.TCP_FLAGS.items() if name not in ("ecn", "ece", "none", "all")}
FLAG_WORDS["ecn"] = words.TCP_FLAGS["ece"]
BIT_WORDS = {"ct_state": STATE_WORDS, "ct_status": words.CT_STATUS, "tcp_flags": FLAG_WORDS}
NAMED = {
    "proto": PROTOCOL_WORDS, "ct_proto": PROTOCOL_WORDS,
    "ct_direction": {0: "original", 1: "reply"}, "pkttype": {0: "host", 1: "broadcast", 2: "multicast", 3: "other"},
    "family": {4: "ipv4", 6: "ipv6"}, "ct_family": {4: "ipv4", 6: "ipv6"},
}  # fmt: skip

PLAIN = {
    "family": "meta nfproto", "proto": "meta l4proto", "length": "meta length", "vlan": "vlan id", "mark": "meta mark",
    "iif": "iifname", "oif": "oifname", "pkttype": "meta pkttype", "src_mac": "ether saddr", "dst_mac": "ether daddr",
    "tcp_flags": "tcp flags", "tcp_seq": "tcp sequence", "tcp_ack": "tcp ackseq", "tcp_window": "tcp window",
    "ct_state": "ct state", "ct_direction": "ct direction", "ct_status": "ct status", "ct_mark": "ct mark",
    "ct_proto": "ct protocol", "ct_family": "ct l3proto", "ct_helper": "ct helper", "ct_expiration": "ct expiration",
    "ct_packets": "ct packets", "ct_bytes": "ct bytes", "ct_original_sport": "ct original proto-src",
    "ct_original_dport": "ct original proto-dst", "ct_reply_sport": "ct reply proto-src",
    "ct_reply_dport": "ct reply proto-dst", "hour": "meta hour", "day": "meta day", "time": "meta time",
}  # fmt: skip
"""Selectors that are called the same whatever the packet is."""

BY_FAMILY = {
    "src": {4: "ip saddr", 6: "ip6 saddr"}, "dst": {4: "ip daddr", 6: "ip6 daddr"},
    "dscp": {4: "ip dscp", 6: "ip6 dscp"}, "ttl": {4: "ip ttl", 6: "ip6 hoplimit"}, "ip_id": {4: "ip id"},
    "icmp_type": {4: "icmp type", 6: "icmpv6 type"}, "icmp_code": {4: "icmp code", 6: "icmpv6 code"},
    "icmp_id": {4: "icmp id", 6: "icmpv6 id"},
    "ct_original_src": {4: "ct original ip saddr", 6: "ct original ip6 saddr"},
    "ct_original_dst": {4: "ct original ip daddr", 6: "ct original ip6 daddr"},
    "ct_reply_src": {4: "ct reply ip saddr", 6: "ct reply ip6 saddr"},
    "ct_reply_dst": {4: "ct reply ip daddr", 6: "ct reply ip6 daddr"},
}  # fmt: skip
"""Selectors with a name for each family; a family without one has no such field."""

FIB_FLAGS = ("saddr", "daddr", "mark", "iif", "oif")
ROUTE_TYPES = {
    "unicast": 1, "local": 2, "broadcast": 3, "anycast": 4, "multicast": 5, "blackhole": 6, "unreachable": 7,
    "prohibit": 8,
}  # fmt: skip
ROUTE_WORDS = {number: name for name, number in ROUTE_TYPES.items()}
SECOND = 1_000_000_000


class Known(NamedTuple):
    """What is known of every packet that gets to a place of a rule: its family and protocol, None if it may be any."""

    family: int | None = None
    proto: int | None = None
    ports: bool = False
    """Whether its header has ports for sure."""
    headed: bool = False
    """Whether it is no later fragment for sure, in whose data nft would look for a transport header."""


def by_family(selector: Selector) -> bool:
    """Whether nft has a name for the selector only where the family is known."""
    return isinstance(selector, str) and selector in BY_FAMILY


def is_port(selector: Selector) -> bool:
    """Whether it is a port of the transport header."""
    return selector in ("sport", "dport")


def selector_text(selector: Selector, known: Known) -> str:
    """A selector in nft's words. One `by_family` needs the family, a port goes without the protocol as `th`."""
    if not isinstance(selector, str):
        return _other_text(selector, known)
    if selector in ("sport", "dport"):
        return f"{PORT_WORDS.get(known.proto or 0, 'th')} {selector}"
    if selector in PLAIN:
        return PLAIN[selector]
    names = BY_FAMILY.get(selector, {})
    if known.family not in names:
        raise CannotSay(f"{selector!r} has no name in nft")
    return names[known.family]


def _other_text(selector: Raw | Option | Fib | Numgen | NotSimulated, known: Known) -> str:
    """A selector that is no field."""
    match selector:
        case Raw(base, offset, length):
            return f"@{base},{offset},{length}"
        case Fib(flags, result):
            return f"fib {' . '.join(flag for flag in FIB_FLAGS if flag in flags)} {fib_result(result, known)}"
        case Numgen(mode, modulus, offset, _):
            return f"numgen {mode} mod {modulus}" + (f" offset {offset}" if offset else "")
        case Option():
            return option_text(selector)
        case NotSimulated(construct):
            return construct


def fib_result(result: str, known: Known) -> str:
    """What nft asks for: `exists` is asked of `oif`, and the types of xtables are those of nft for IPv4."""
    if result == "rpfilter" or (result == "addrtype" and known.family != 4):
        raise CannotSay(f"-m {result}: it asks the routes otherwise than nft's fib")
    return {"exists": "oif", "addrtype": "type"}.get(result, result)


def option_text(option: Option) -> str:
    """A TCP or IP option, or an extension header."""
    field = f" {option.field}" if option.field is not None else ""
    if option.header in ("tcp", "ip"):
        return f"{option.header} option {option.option}{field}"
    if option.field is None:
        return f"exthdr {option.option}"
    return f"{option.option}{field}"


def asks_presence(selector: Selector) -> bool:
    """Whether the value is `exists` or `missing`."""
    return (isinstance(selector, Option) and selector.field is None) or (
        isinstance(selector, Fib) and selector.result == "exists"
    )


def number_text(selector: Selector, number: int) -> str:
    """One number as a value of the selector."""
    if isinstance(selector, Fib):
        return ROUTE_WORDS.get(number, str(number))
    if selector in ("src_mac", "dst_mac"):
        return number.to_bytes(6, "big").hex(":")
    if selector == "time":
        if number % SECOND:
            raise CannotSay("'meta time' is in whole seconds")
        return str(number // SECOND)
    if selector in ("mark", "ct_mark") or isinstance(selector, Raw):
        return f"{number:#x}"
    if isinstance(selector, str) and selector in BIT_WORDS:
        return bit_names(number, BIT_WORDS[selector])
    named = NAMED.get(selector, {}) if isinstance(selector, str) else {}
    return named.get(number, str(number))


def highest(selector: Selector) -> int:
    """The highest number that the selector can have."""
    if isinstance(selector, Raw):
        return (1 << selector.length) - 1
    if isinstance(selector, str):
        return (1 << (FIELDS[selector].bits or 32)) - 1
    return 0xFFFFFFFF


def number_elements(selector: Selector, intervals: Iterable[tuple[int, int]]) -> list[str]:
    """Numbers and ranges of them."""
    inside = clipped(tuple(intervals), highest(selector))
    if isinstance(selector, str) and selector in BIT_WORDS:
        return bit_elements(inside, BIT_WORDS[selector])
    found = []
    for low, high in inside:
        first = number_text(selector, low)
        plain = low == high or (selector == "time" and high < low + SECOND)
        found.append(first if plain else f"{first}-{number_text(selector, high)}")
    return found


def quoted_name(name: str) -> str:
    """The name of an interface or helper; nft has no escapes."""
    if '"' in name or "\n" in name or not name:
        raise CannotSay(f"the name {name!r}")
    escaped = name[:-1] + "\\*" if name.endswith("*") else name
    return f'"{escaped}"'


def name_elements(value: Names) -> list[str]:
    """Names, and beginnings of names."""
    return [quoted_name(name) for name in value.names] + [f'"{_beginning(prefix)}*"' for prefix in value.prefixes]


def _beginning(prefix: str) -> str:
    """The beginning of a name, which must be some letters."""
    if not prefix or '"' in prefix:
        raise CannotSay(f"the interface '{prefix}*'")
    return prefix


def elements_of(selector: Selector, value: MatchValue, family: int | None) -> list[str]:
    """All values that a selector is compared with, as elements of an anonymous set; those of one family only."""
    if isinstance(value, Addresses):
        assert family is not None
        return address_elements(value.v4 if family == 4 else value.v6, family)
    if isinstance(value, Names):
        return name_elements(value)
    if isinstance(value, Masked):
        bits = highest(selector)
        if any(choice.mask & bits != bits for choice in value.choices):
            raise CannotSay("a mask within a set")
        return number_elements(selector, ((choice.low, choice.high) for choice in value.choices))
    return number_elements(selector, value.intervals)
