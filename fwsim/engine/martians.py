"""Packets with impossible addresses: what Linux discards, and what speaks of forgery whatever Linux does.

Read first: `ip_route_input_slow` and `ip_route_input_mc` (net/ipv4/route.c), `ip_forward`, `ip6_rcv_core`
(net/ipv6/ip6_input.c), `ip6_forward`. Every case was measured on kernel 6.18; where it departs from what the RFCs say
(it routes 0.1.2.3 and 240.0.0.1), this follows the kernel, and only the evidence follows the RFCs.
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot
from fwsim.engine.places import (
    BROADCAST,
    DECLARED,
    LIMITED,
    LINK_LOCAL,
    LINK_MULTICAST,
    LOCAL,
    LOOPBACK,
    MULTICAST,
    NEVER,
    NODE_MULTICAST,
    PRIVATE,
    UNSPECIFIED,
    Places,
)
from fwsim.engine.routes import is_behind, is_bound_to_link, is_claimed
from fwsim.terms import Evidence, Reason

Row = Any

R_TTL_EXPIRED = int(Reason.TTL_EXPIRED)
R_MARTIAN_SOURCE = int(Reason.MARTIAN_SOURCE)
R_MARTIAN_DESTINATION = int(Reason.MARTIAN_DESTINATION)
R_MULTICAST = int(Reason.MULTICAST_NOT_FORWARDED)

SPOOFED_SOURCE = int(Evidence.SPOOFED_SOURCE)
BOGON_SOURCE = int(Evidence.BOGON_SOURCE)


@hot
def fault_before_hooks(family: int, source: int, destination: int, options: int) -> int:
    """Why IPv6 discards a received packet before any hook, given the classes of its addresses; or 0.

    `options` is the fault of its hop-by-hop options, which come last (`ip6_rcv_core`).
    """
    if family != 6:
        return 0
    if source & (LOOPBACK | MULTICAST):
        return R_MARTIAN_SOURCE
    if destination & (LOOPBACK | NODE_MULTICAST):
        return R_MARTIAN_DESTINATION
    return options


@hot
def route_fault_v4(source: int, destination: int, delivered: int, options: int, expired: int, routed: int) -> int:
    """Why routing discards an IPv4 packet behind PREROUTING, given the classes of its addresses; or 0.

    `routed` is what its routes say against it; `options` is the fault of its header's options: they are read when its
    route is known (`ip_rcv_finish_core`).
    Unlike Linux: whether a link-scope group has members here is not known; its packets count as `delivered`.
    Unlike Linux: 127.0.0.2 and its like are martians to 255.255.255.255 too (there only 127.0.0.1 is).
    """
    if source & (MULTICAST | LIMITED | LOCAL):
        return R_MARTIAN_SOURCE
    if source & LOOPBACK:
        return R_MARTIAN_DESTINATION if destination & LOOPBACK else R_MARTIAN_SOURCE
    if destination & MULTICAST and not destination & LINK_MULTICAST:
        return R_MULTICAST
    if source & UNSPECIFIED and not destination & (LINK_MULTICAST | LIMITED | UNSPECIFIED):
        return R_MARTIAN_SOURCE
    if destination & LOOPBACK or (destination & UNSPECIFIED and not source & UNSPECIFIED):
        return R_MARTIAN_DESTINATION
    if routed or options:
        return routed if routed else options
    return R_TTL_EXPIRED if expired and not delivered else 0


@hot
def route_fault_v6(source: int, destination: int, delivered: int, expired: int, same_link: int, routed: int) -> int:
    """Why routing discards an IPv6 packet behind PREROUTING, given the classes of its addresses; or 0.

    `routed` is what its routes say against it. `same_link`: it leaves by the interface it came in by; a link-local
    source may be passed on there.
    """
    if destination & MULTICAST and not destination & LINK_MULTICAST:
        return R_MULTICAST
    if delivered or routed:
        return 0 if delivered else routed
    if expired:
        return R_TTL_EXPIRED
    if source & (UNSPECIFIED | LINK_LOCAL) and not same_link:
        return R_MARTIAN_SOURCE
    return 0


@hot
def suspicion_of(places: Places, here: int, source: Row, destination: int) -> int:
    """The evidence against a source address, independent of what is done with the packet.

    `here` is the declared interface by which the packet was seen to come in, else negative.
    """
    classes = source["classes"]
    if classes & LOCAL:
        return SPOOFED_SOURCE
    if classes & NEVER and not classes & DECLARED:
        return 0 if is_excused(classes, destination) else BOGON_SOURCE
    if here < 0 or is_bound_to_link(source):
        return 0
    if not is_behind(places, source, here):
        known = is_claimed(source) or places.interfaces[here]["networks"] > 0
        return SPOOFED_SOURCE if known else 0
    return BOGON_SOURCE if classes & PRIVATE and not classes & DECLARED else 0


@hot
def is_excused(source: int, destination: int) -> bool:
    """Whether a source that no network has is in order here, within one link.

    Without an address yet: DHCP (RFC 2131), duplicate address detection (RFC 4862). With an IPv4 link-local one.
    """
    if source & (UNSPECIFIED | LINK_LOCAL) and destination & (LIMITED | LINK_MULTICAST):
        return True
    return source & LINK_LOCAL != 0 and destination & (LINK_LOCAL | BROADCAST) != 0
