"""The tables that say where addresses, interfaces and MACs lie; row types and their grouping only.

Read first: DESIGN section 3, "Where a packet came from". `fwsim.topology` fills these tables; `routes`, `seen`,
`sightings`, `martians` and `origin` read them. Nothing here computes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from fwsim.tables import row_type
from fwsim.terms import UNKNOWN_VALUE

Table = Any

UNCLAIMED = UNKNOWN_VALUE
"""The interface of an address that no declared network holds, or that two hold equally."""

ROUTE = row_type("interface group classes")
"""What holds for all addresses between two boundaries: the `interface` whose network is the narrowest that holds them
(else UNCLAIMED); the `group` of interfaces that claim them equally (else -1); the bits below in `classes`."""

DECLARED = 1 << 0
"""In a network narrower than `any`."""
LOCAL = 1 << 1
"""The firewall's own address."""
BROADCAST = 1 << 2
"""255.255.255.255, or the last address of a declared IPv4 network."""
LIMITED = 1 << 3
"""255.255.255.255 (RFC 919)."""
MULTICAST = 1 << 4
LINK_MULTICAST = 1 << 5
"""224.0.0.0/24 (RFC 5771), or scope 2 (RFC 4291 §2.7)."""
NODE_MULTICAST = 1 << 6
"""IPv6 scope 0 or 1: never on a wire."""
LOOPBACK = 1 << 7
UNSPECIFIED = 1 << 8
LINK_LOCAL = 1 << 9
"""169.254/16 (RFC 3927) or fe80::/10."""
NEVER = 1 << 10
"""No source address on any network."""
PRIVATE = 1 << 11
"""No source address on the public network (RFC 6890: not globally reachable)."""
UNROUTED = 1 << 12
"""Not held by `any`: what is never sent towards a default route."""
REFUSED = 1 << 13
"""No route leads there, or one that refuses packets (unreachable, blackhole, prohibit, throw)."""

LINK_BOUND = LOOPBACK | UNSPECIFIED | LINK_LOCAL | MULTICAST | LIMITED
"""Sources that no router passes on, so that they lie on the link where they are seen."""
NOT_UNICAST = BROADCAST | MULTICAST

SEEN_ON = row_type("interface vlans")
"""A capture interface: the declared `interface` of its name (or UNKNOWN_VALUE), and the row of its VLANs in
`Places.vlans` (or -1)."""

VLANS = 4096
"""How many numbers a row of `Places.vlans` has: the interface declared as `name.VID`, or -1."""

STATION = row_type("mac interface own")
"""A known MAC: the interface behind which it lies, or (`own` 1) which has it; UNKNOWN_VALUE if there are several."""

INTERFACE = row_type("captured networks own_mac rp_filter forwards addressed own4 own60 own61 own62 own63")
"""A declared interface: whether some capture interface is it, how many networks were declared behind it, and
whether the firewall's own MAC there is known. Settings of the stack, of IPv4 only: `rp_filter` (0 off, 1 strict,
2 loose), whether what comes in there is forwarded at all, and whether it may have an address.
`own4` and `own6`.. are the addresses to which translation gives it: ABSENT if there is none, UNKNOWN_VALUE if it is not
known which."""

SIGHTING = row_type(
    """
    ts file interface capture_interface ifindex sent_or_received vlan
    proto src0 src1 src2 src3 dst0 dst1 dst2 dst3 length ttl ip_id fragment sport dport seq icmp_type icmp_id
    number ack flags
    """
)
"""A packet that was evaluated lately, and where its frame was seen. `ts` in ns; `length` 0 is an empty row."""

SIGHTINGS = 4096
"""Rows of `Places.sightings` and of `Places.crossings`, a power of two: a copy is known while fewer packets than about
this lie between."""

LEARNED = row_type("dst0 dst1 dst2 dst3 interface known")
"""A destination that egress copies taught: its address and the interface by which its packets leave."""

LEARNED_ROWS = 256

COUNTS = row_type(
    """
    interfaces loopback capture_interfaces several stations captured forwards_v4 forwards_v6
    packets touching guessed copies captured_bits as_made
    """
)
"""One row. How many `interfaces` are declared, the number of the `loopback` interface, how many
`capture_interfaces` are known so far, whether `several` places can see a packet, how many `stations` have a known MAC,
how many declared interfaces are `captured`, whether IPv4 that came in nobody knows where, and IPv6, are forwarded.
Counted: `packets` evaluated, those `touching` a declared network or a local address, those whose ingress was
`guessed` from the source address, and egress `copies`. `captured_bits` has one for each interface that is captured (of
the first `MOST_BITS`). `as_made` 1: what goes out looks as it was made or came in, not as it left."""

MOST_BITS = 60


class Places(NamedTuple):
    """All that is known of where things lie, and what was lately seen where.

    `boundaries`: the first address of each row of `routes`, four words each, ascending from 0.
    `by_first_byte`: for each first byte of an address, IPv4 then IPv6, the row of `routes` that holds its first one.
    `members`: for each group of interfaces that claim the same network, one flag an interface.
    `vlans`: see VLANS. `crossings` are sightings of what came in, by what translation leaves as it is.
    The last four tables change while packets are read.
    """

    boundaries: Any
    by_first_byte: Any
    routes: Table
    members: Any
    seen_on: Table
    vlans: Any
    stations: Table
    interfaces: Table
    sightings: Table
    crossings: Table
    learned: Table
    counts: Table
