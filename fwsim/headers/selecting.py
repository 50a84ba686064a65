"""Which selectors are read of a packet's bytes and of its time, how wide they are, and where in the packet they lie.

Read first: `fwsim.netfilter.fields`. TCP options have the names and fields of nft (`src/tcpopt.c` of nftables), IPv6
extension headers too (`src/exthdr.c`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from fwsim.netfilter.fields import FIELDS, Option, Raw, Selector

MOST_BITS = 63
"""What a field holds: it is not negative."""


@dataclass(frozen=True, slots=True)
class There:
    """Whether the packet is so long that it has these bits: 1, or the field is absent."""

    raw: Raw


Readable: TypeAlias = "Selector | There"
Parts: TypeAlias = tuple[tuple[int, int], ...]
"""Bits of a header, from the first to behind the last."""


class Bits(NamedTuple):
    """Where a field of an option begins in it, and how long it is; None if it is asked whether the option is there."""

    offset: int
    length: int


LENGTH = Bits(8, 8)
SACKS = {
    ("sack" + suffix, end): Bits(place + 64 * number, 32)
    for number, suffix in enumerate(("", "1", "2", "3"))
    for end, place in (("left", 16), ("right", 48))
}
TCP_FIELDS: dict[tuple[str, str], Bits] = {
    ("maxseg", "size"): Bits(16, 16), ("window", "count"): Bits(16, 8), ("timestamp", "tsval"): Bits(16, 32),
    ("timestamp", "tsecr"): Bits(48, 32), ("mptcp", "subtype"): Bits(16, 4), **SACKS,
}  # fmt: skip
TCP_KINDS = {
    "eol": 0, "nop": 1, "maxseg": 2, "window": 3, "sack-perm": 4, "sack": 5, "sack1": 5, "sack2": 5, "sack3": 5,
    "echo": 8, "timestamp": 8, "md5sig": 19, "mptcp": 30, "fastopen": 34,
}  # fmt: skip
"""The numbers of TCP options (IANA). `echo` is that of nft, which gives it the number of timestamps."""

IP_KINDS = {"rr": 7, "lsrr": 131, "ssrr": 137, "ra": 148}
"""The numbers of those IP options that nft knows (RFC 791, 2113)."""

EXTENSION_KINDS = {"hbh": 0, "rt": 43, "frag": 44, "ah": 51, "dst": 60, "mh": 135}
"""The numbers of IPv6 extension headers (IANA)."""
NEXT, HEADER_LENGTH = Bits(0, 8), Bits(8, 8)
EXTENSION_FIELDS: dict[tuple[str, str], Bits] = {
    **{(header, "nexthdr"): NEXT for header in EXTENSION_KINDS},
    **{(header, "hdrlength"): HEADER_LENGTH for header in ("hbh", "rt", "dst", "mh")},
    ("rt", "type"): Bits(16, 8), ("rt", "seg-left"): Bits(24, 8),
    ("frag", "reserved"): Bits(8, 8), ("frag", "frag-off"): Bits(16, 13), ("frag", "reserved2"): Bits(29, 2),
    ("frag", "more-fragments"): Bits(31, 1), ("frag", "id"): Bits(32, 32),
    ("mh", "type"): Bits(16, 8), ("mh", "reserved"): Bits(24, 8), ("mh", "checksum"): Bits(32, 16),
}  # fmt: skip

XTABLES = "xtables"
"""The header of an Option of TCP that xtables looks for, which finds some otherwise than nft."""
XTABLES_FIELDS = {("maxseg", "size"): TCP_FIELDS["maxseg", "size"]}

CLOCK = ("hour", "day", "monthday", "monthday_before")
"""Fields that the time of a packet tells."""
DESTINATION_MAC = Raw("ll", 0, 48)
TRANSLATED: dict[str, Parts] = {"nh": ((64, 320),), "th": ((0, 64), (128, 144))}
"""What the translation of addresses and ports, and of the ids of ICMP, may change: with IPv6 addresses from bit 64."""
BASES = ("ll", "nh", "th", "ih")


KINDS = {"tcp": TCP_KINDS, XTABLES: TCP_KINDS, "ip": IP_KINDS, "ip6": EXTENSION_KINDS, "exthdr": EXTENSION_KINDS}


def is_readable(selector: Readable) -> bool:
    """Whether it is read."""
    return width(selector) is not None


def width(selector: Readable) -> int | None:
    """How many bits it has; None if it is not read."""
    if isinstance(selector, There):
        return 1
    if isinstance(selector, Raw):
        return selector.length if selector.base in BASES and 0 < selector.length <= MOST_BITS else None
    if isinstance(selector, Option):
        return _width_of(selector)
    return FIELDS[selector].bits if selector in CLOCK or selector == "dst_mac" else None


def _width_of(option: Option) -> int | None:
    """The width of a field of an option or extension header."""
    if option.field is None:
        return 8 if kind_of(option) is not None else None
    bits = bits_of(option)
    return bits.length if bits is not None and bits.length <= MOST_BITS else None


def kind_of(option: Option) -> int | None:
    """The number of an option or extension header."""
    if isinstance(option.option, int):
        return option.option if option.header in ("tcp", XTABLES) else None
    return KINDS.get(option.header, {}).get(option.option)


def bits_of(option: Option) -> Bits | None:
    """Where a field of an option lies in it; None if that is not known, or none is asked for."""
    if kind_of(option) is None or option.field is None or option.header == "ip":
        return None
    if option.header == XTABLES:
        return XTABLES_FIELDS.get((str(option.option), option.field))
    if option.header != "tcp":
        return EXTENSION_FIELDS.get((str(option.option), option.field))
    if option.field == "length":
        return LENGTH
    if "," in option.field:
        offset, length = option.field.split(",")
        return Bits(int(offset), int(length))
    return TCP_FIELDS.get((str(option.option), option.field))


# --- what else changes it --------------------------------------------------------------------------------------------


def is_mirrored(selector: Readable) -> bool:
    """Whether the packet that this one would answer has the same."""
    return isinstance(selector, There) or selector in CLOCK or selector == "dst_mac"


def is_translated(selector: Readable) -> bool:
    """Whether translating addresses and ports may change it."""
    own = ((selector.offset, selector.offset + selector.length),) if isinstance(selector, Raw) else ()
    return isinstance(selector, Raw) and _meet(own, TRANSLATED.get(selector.base, ()))


NAMED: dict[str, tuple[str, Parts]] = {
    "dscp": ("nh", ((4, 16),)), "ttl": ("nh", ((56, 72),)), "length": ("nh", ((16, 48),)),
    "ip_id": ("nh", ((32, 48),)), "proto": ("nh", ((48, 56), (72, 80))),
    "src": ("nh", ((64, 192),)), "dst": ("nh", ((128, 320),)),
    "sport": ("th", ((0, 16),)), "dport": ("th", ((16, 32),)), "tcp_seq": ("th", ((32, 64),)),
    "tcp_ack": ("th", ((64, 96),)), "tcp_flags": ("th", ((100, 112),)), "tcp_window": ("th", ((112, 128),)),
    "icmp_type": ("th", ((0, 8),)), "icmp_code": ("th", ((8, 16),)), "icmp_id": ("th", ((32, 48),)),
    "src_mac": ("ll", ((48, 96),)), "dst_mac": ("ll", ((0, 48),)),
}  # fmt: skip
"""Where fields that have a name lie, in bits, of IPv4 and of IPv6."""
CHECKSUMS: dict[str, Parts] = {"nh": ((80, 96),), "th": ((16, 32), (48, 64), (128, 144))}
"""Where checksums lie: that of IPv4; those of ICMP, of UDP and of TCP, which sum up addresses too."""
ADDRESSES = ((64, 320),)
HEADER_SIZE = ((96, 100),)
OPTIONS = ((160, 480),)
"""In the header of TCP: how long it is, and its options."""


def is_changed_by(selector: Readable, altered: Selector) -> bool:
    """Whether a change of some part of the packet may change this one too."""
    if isinstance(altered, Option):
        return _is_changed_by_option(selector, altered)
    base, parts = _place(altered)
    if isinstance(selector, Option):
        return selector.header in ("tcp", XTABLES) and base == "th" and _meet(parts, (*HEADER_SIZE, *OPTIONS))
    raw = DESTINATION_MAC if selector == "dst_mac" else selector
    if not isinstance(raw, Raw):
        return False
    own = ((raw.offset, raw.offset + raw.length),)
    if raw.base == base:
        return _meet(own, (*parts, *CHECKSUMS.get(base, ())))
    return raw.base == "th" and base == "nh" and _meet(parts, ADDRESSES) and _meet(own, CHECKSUMS["th"])


def _place(altered: Selector) -> tuple[str, Parts]:
    """Where the bits of a selector lie."""
    if isinstance(altered, Raw):
        return altered.base, ((altered.offset, altered.offset + altered.length),)
    return NAMED.get(str(altered), ("", ()))


def _is_changed_by_option(selector: Readable, altered: Option) -> bool:
    """Whether a change of an option does: of the same one, of what is put in its place; the header may grow by it."""
    if not isinstance(selector, Option):
        return isinstance(selector, Raw) and selector.base != "ll"
    if selector.header != altered.header:
        return False
    return kind_of(selector) in (kind_of(altered), TCP_KINDS["nop"])


def _meet(some: Parts, others: Parts) -> bool:
    """Whether they have a bit in common."""
    return any(first < end and begin < last for first, last in some for begin, end in others)
