"""What the kernel finds for one address: its type, the interface that leads to it, whether its way back is right.

Read first: the sources named in `fib`. A result is the set of all that it may be: more than one where something is not
known of the machine. Numbers are RTN_*, or 1 and 0 for yes and no; interfaces are names, "" is none.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from fwsim.netfilter.fields import Fib
from fwsim.ruleset.host.model import ROUTE_KINDS
from fwsim.ruleset.values import Addresses, Interval, MatchValue, Numbers
from fwsim.topology.routing import Entry, Routing, Stretch

Result: TypeAlias = "frozenset[int | str] | None"
ANYTHING: Result = None
"""It may be anything at all."""

UNSPEC, UNICAST, LOCAL, BROADCAST, ANYCAST, MULTICAST, BLACKHOLE, UNREACHABLE, PROHIBIT, THROW = range(10)
REFUSALS = ("blackhole", "unreachable", "prohibit", "throw")


class Asked(NamedTuple):
    """What is asked: the lookup, the device that it is restricted to (or None), what the answer is compared with."""

    fib: Fib
    device: str | None
    value: MatchValue


def _interval(text: str) -> Interval:
    """A network as numbers."""
    network = ipaddress.ip_network(text)
    return int(network.network_address), int(network.broadcast_address)


MULTICAST_V4 = _interval("224.0.0.0/4")
MULTICAST_V6 = _interval("ff00::/8")
MAPPED = _interval("::ffff:0:0/96")
LINK_LOCALS = Addresses(
    v6=tuple(sorted([_interval("fe80::/10"), *(_interval(f"ff{flags:x}2::/16") for flags in range(16))]))
)
"""What `ipv6_addr_type` calls link-local: such an address means nothing without its link."""

CUTS = {
    4: (0, 1, MULTICAST_V4[0], MULTICAST_V4[0] + 0x100, MULTICAST_V4[1] + 1, 0xFFFFFFFF),
    6: (
        0,
        1,
        MAPPED[0],
        MAPPED[1] + 1,
        MULTICAST_V6[0],
        *(end for low, high in LINK_LOCALS.v6 for end in (low, high + 1)),
    ),
}
"""Where addresses begin to mean something else, whatever the routes are; `fib.Lookup` tells packets apart there too."""


def cuts_of(family: int) -> tuple[int, ...]:
    """The places of a family."""
    return CUTS[family]


def result_of(routing: Routing, asked: Asked, family: int, stretch: Stretch) -> Result:
    """What may be found for the addresses of a stretch."""
    return ANSWERS[asked.fib.result, family](routing, asked, stretch)


def result(*found: int | str) -> Result:
    """A set of what may be found."""
    return frozenset(found)


# --- the type of an address ----------------------------------------------------------------------------------------


def type_v4(routing: Routing, asked: Asked, stretch: Stretch) -> Result:
    """`__inet_dev_addr_type`: a route that refuses packets counts as unicast; of several next hops the first counts."""
    if stretch.low in (0, 0xFFFFFFFF):
        return result(BROADCAST)
    if MULTICAST_V4[0] <= stretch.low <= MULTICAST_V4[1]:
        return result(MULTICAST)
    entry = stretch.local or stretch.main
    if stretch.local is None and 4 not in routing.knows_local:
        return result(UNICAST, LOCAL) if stretch.main is not None else result(UNICAST, LOCAL, BROADCAST)
    if entry is None and not routing.knows_networks:
        return result(UNICAST, BROADCAST)
    if entry is None or entry.kind in REFUSALS:
        return result(UNICAST)
    kind = ROUTE_KINDS[entry.kind]
    if asked.device is None:
        return result(kind)
    if not entry.ordered:
        return result(kind, UNICAST) if asked.device in entry.interfaces else result(UNICAST)
    return result(kind if entry.interfaces[:1] == (asked.device,) else UNICAST)


def type_v6(routing: Routing, asked: Asked, stretch: Stretch) -> Result:
    """`__nft_fib6_eval_type`: errors of the route first, then what stands behind it."""
    entry = stretch.local or stretch.main
    if entry is None and 6 in routing.complete:
        return result(UNREACHABLE)
    if entry is not None and entry.kind in REFUSALS:
        return result({"blackhole": BLACKHOLE, "prohibit": PROHIBIT}.get(entry.kind, UNREACHABLE))
    found = own_or_class(routing, asked, stretch, entry)
    return found if entry is not None else found | {UNREACHABLE, ANYCAST}


def own_or_class(routing: Routing, asked: Asked, stretch: Stretch, entry: Entry | None) -> frozenset[int | str]:
    """What an address is that can be reached: anycast, the firewall's own, or what its bits say."""
    plain = class_v6(stretch.low)
    if entry is None:
        return frozenset({plain} if 6 in routing.knows_local else {plain, LOCAL})
    if is_anycast(entry, stretch):
        return frozenset({ANYCAST})
    if entry.kind == "local":
        if asked.device is None:
            return frozenset({LOCAL})
        if not entry.ordered:
            return frozenset({LOCAL, plain} if asked.device in entry.interfaces else {plain})
        return frozenset({LOCAL if asked.device in entry.interfaces else plain})
    maybe = {ANYCAST} if entry.direct is None and stretch.low == int(entry.network.network_address) else set()
    unknown_own = 6 not in routing.knows_local or (is_link_local(stretch.low) and not routing.knows_links)
    return frozenset({plain, *maybe, *({LOCAL} if unknown_own and plain == UNICAST else ())})


def is_anycast(entry: Entry, stretch: Stretch) -> bool:
    """`ipv6_anycast_destination`: also the first address of a network on the link (RFC 4291, 2.6.1)."""
    if entry.kind == "anycast":
        return True
    first = stretch.low == stretch.high == int(entry.network.network_address)
    return bool(entry.kind in ("unicast", "multicast") and first and entry.direct and entry.network.prefixlen < 127)


def class_v6(number: int) -> int:
    """What the bits of an address say (`ipv6_addr_type`)."""
    if number >= MULTICAST_V6[0]:
        return MULTICAST
    return UNSPEC if number == 0 or MAPPED[0] <= number <= MAPPED[1] else UNICAST


def is_link_local(number: int) -> bool:
    """Whether an address means something on its link only."""
    return any(low <= number <= high for low, high in LINK_LOCALS.v6)


# --- the way to an address -----------------------------------------------------------------------------------------


def way_v4(routing: Routing, asked: Asked, stretch: Stretch) -> Result:
    """`nft_fib4_eval`: the interface of the route, or nothing for an own address."""
    return way(routing, asked, stretch, 4, ("local",))


def way_v6(routing: Routing, asked: Asked, stretch: Stretch) -> Result:
    """`nft_fib6_eval`."""
    return way(routing, asked, stretch, 6, ("local", "anycast"))


def way(routing: Routing, asked: Asked, stretch: Stretch, family: int, nowhere: tuple[str, ...]) -> Result:
    """The interface that leads to an address; with a device only whether that one does."""
    entry = stretch.local or stretch.main
    if entry is None:
        return result("") if family in routing.complete else result(asked.device, "") if asked.device else ANYTHING
    if entry.kind in (*REFUSALS, *nowhere):
        return result("")
    if asked.device is not None and (family == 4 or len(entry.interfaces) == 1):
        return result(asked.device if asked.device in entry.interfaces else "")
    if asked.device is not None:
        return result(asked.device, "") if asked.device in entry.interfaces else result("")
    # of several next hops IPv6 takes one by a hash that nobody can know, IPv4 the first
    return result(*(entry.interfaces[:1] if entry.ordered and family == 4 else entry.interfaces))


def exists(found: Result) -> Result:
    """The same as yes or no."""
    return result(0, 1) if found is None else frozenset(1 if one else 0 for one in found)


# --- xtables -------------------------------------------------------------------------------------------------------


def addrtype_v6(routing: Routing, asked: Asked, stretch: Stretch) -> Result:
    """`match_type6` of xt_addrtype: what the bits must say, and what the route must, are asked for one by one.

    The result is made to fit: a number among the values where it matches, one of none where not. Negation comes later.
    """
    assert isinstance(asked.value, Numbers)
    wanted = {kind for kind in range(1, 13) if any(low <= kind <= high for low, high in asked.value.intervals)}
    plain = class_v6(stretch.low)
    if (MULTICAST in wanted and plain != MULTICAST) or (UNICAST in wanted and plain != UNICAST):
        return result(NO_TYPE)
    by_route = wanted & {LOCAL, ANYCAST, PROHIBIT, UNREACHABLE}
    if not by_route:
        return result(min(wanted)) if wanted else result(NO_TYPE)
    found = type_v6(routing, asked, stretch) or frozenset()
    refused = {BLACKHOLE, PROHIBIT, THROW}
    known = {UNREACHABLE if one in refused else one for one in found}
    return frozenset(min(by_route) if one in by_route else NO_TYPE for one in known)


NO_TYPE = 255
"""No type at all, so that it is among no values."""


def rpfilter_v4(routing: Routing, asked: Asked, stretch: Stretch) -> Result:
    """`rpfilter_lookup_reverse` of ipt_rpfilter."""
    entry = stretch.local or stretch.main
    if entry is None:
        return result(0) if 4 in routing.complete else result(0, 1)
    if entry.kind != "unicast" and not (entry.kind == "local" and "accept_local" in asked.fib.flags):
        return result(0)
    if "loose" in asked.fib.flags or asked.device in entry.interfaces:
        return result(0, 1) if entry.kind == "local" and not entry.ordered else result(1)
    return result(0)


def rpfilter_v6(routing: Routing, asked: Asked, stretch: Stretch) -> Result:
    """`rpfilter_lookup_reverse6` of ip6t_rpfilter."""
    entry = stretch.local or stretch.main
    if entry is None:
        return result(0) if 6 in routing.complete else result(0, 1)
    if entry.kind == "local":
        return result(int("accept_local" in asked.fib.flags))
    if entry.kind in (*REFUSALS, "anycast"):
        return result(0)
    return result(int("loose" in asked.fib.flags or asked.device in entry.interfaces))


ANSWERS: dict[tuple[str, int], Callable[[Routing, Asked, Stretch], Result]] = {
    ("type", 4): type_v4,
    ("type", 6): type_v6,
    ("oif", 4): way_v4,
    ("oif", 6): way_v6,
    ("oifname", 4): way_v4,
    ("oifname", 6): way_v6,
    ("exists", 4): lambda routing, asked, stretch: exists(way_v4(routing, asked, stretch)),
    ("exists", 6): lambda routing, asked, stretch: exists(way_v6(routing, asked, stretch)),
    ("addrtype", 4): type_v4,
    ("addrtype", 6): addrtype_v6,
    ("rpfilter", 4): rpfilter_v4,
    ("rpfilter", 6): rpfilter_v6,
}
"""By what is asked and the family."""
