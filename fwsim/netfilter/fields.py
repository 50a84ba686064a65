"""What a step of a rule can look at: fields by name, and what else has a value.

Read first: PACKET in `fwsim.tables`. A field that a packet does not have makes a step false, also a negated one
(NFT_BREAK in `net/netfilter/nf_tables_core.c`). Dependencies are not implied: a rule that asks for `dport` of TCP asks
for `proto` first, one that asks for an address in an `inet` table for `family`; importers write both.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from fwsim.frozen import dataclass


class Kind(NamedTuple):
    """What a field holds: `number` of so many `bits`, `bits` (flags, states, marks), `address` or `name`."""

    kind: str
    bits: int = 0


NUMBER8 = Kind("number", 8)
NUMBER16 = Kind("number", 16)
NUMBER32 = Kind("number", 32)
MASK32 = Kind("bits", 32)
ADDRESS = Kind("address")
NAME = Kind("name")

FIELDS: dict[str, Kind] = {
    # of the packet, as PACKET has them
    "family": NUMBER8, "proto": NUMBER8, "src": ADDRESS, "dst": ADDRESS, "sport": NUMBER16, "dport": NUMBER16,
    "tcp_flags": Kind("bits", 8), "tcp_seq": NUMBER32, "tcp_ack": NUMBER32, "tcp_window": NUMBER16,
    "icmp_type": NUMBER8, "icmp_code": NUMBER8, "icmp_id": NUMBER16,
    "dscp": Kind("number", 6), "ttl": NUMBER8, "length": NUMBER16, "ip_id": NUMBER16, "fragment": NUMBER8,
    "vlan": Kind("number", 12),
    # where it is
    "iif": NAME, "oif": NAME, "pkttype": NUMBER8, "src_mac": Kind("number", 48), "dst_mac": Kind("number", 48),
    # of its connection
    "ct_state": Kind("bits", 7), "ct_direction": NUMBER8, "ct_status": MASK32, "ct_mark": MASK32,
    "ct_proto": NUMBER8, "ct_family": NUMBER8, "ct_helper": NAME,
    "ct_original_src": ADDRESS, "ct_original_dst": ADDRESS, "ct_reply_src": ADDRESS, "ct_reply_dst": ADDRESS,
    "ct_original_sport": NUMBER16, "ct_original_dport": NUMBER16,
    "ct_reply_sport": NUMBER16, "ct_reply_dport": NUMBER16,
    "ct_expiration": NUMBER32, "ct_packets": Kind("number", 63), "ct_bytes": Kind("number", 63),
    # what the way through the rules has left on it
    "mark": MASK32,
    # time, UTC: seconds since midnight, day of the week (0 is Sunday); ns since the epoch; day of the month, and that
    # of the day before
    "hour": NUMBER32, "day": NUMBER8, "time": Kind("number", 63), "monthday": NUMBER8, "monthday_before": NUMBER8,
}  # fmt: skip
"""The fields by name. `family` is 4 or 6; `fragment` 0 of a whole packet, 1 of a first fragment, 2 of a later one;
`length` the bytes of the IP packet; `icmp_type` of ICMP and ICMPv6 alike; `pkttype` a PACKET_* of linux/if_packet.h.
Numbers of `ct_state` are those of `fwsim.terms.CtState`, of `ct_direction` 0 original and 1 reply, of `ct_status` those
of `CtStatus` (IPS_*). Those that `fwsim.lower` cannot find in a packet are not simulated: what hangs on them is
unknown."""


@dataclass(frozen=True, slots=True)
class Raw:
    """Bits of a header as they stand in the packet: `base` `ll`, `nh`, `th` or `ih`, as nft's `@th,16,16`."""

    base: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Option:
    """A number in a TCP option, IP option or IPv6 extension header; `field` None asks whether it is there (1 or 0)."""

    header: str
    option: str | int
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Fib:
    """What the routes say (nft's `fib`): `flags` of saddr daddr mark iif oif, `result` one of type, oif, oifname.

    `type` has the numbers of RTN_* (unicast 1, local 2, broadcast 3, anycast 4, multicast 5, blackhole 6,
    unreachable 7, prohibit 8); `oif` compares as interface names do; `exists` is 1 or 0.

    Of xtables: `addrtype` is compared with the numbers of all its types at once, since for IPv6 they are not asked for
    as in nft; `rpfilter` (with the flags saddr, iif, and loose, accept_local) is 1 or 0.
    """

    flags: frozenset[str]
    result: str


@dataclass(frozen=True, slots=True)
class Numgen:
    """The next of 0 .. modulus-1, plus offset: `inc` one after the other, `random` by the seed of the run.

    `number` tells the counters of a ruleset apart: equal ones are the same counter.
    """

    mode: str
    modulus: int
    offset: int
    number: int


@dataclass(frozen=True, slots=True)
class NotSimulated:
    """Something that cannot be known from a capture (a socket's owner, a hash): what it was written as."""

    construct: str


Selector: TypeAlias = "str | Raw | Option | Fib | Numgen | NotSimulated"
"""Something that has a value: the name of a field, or one of these."""
