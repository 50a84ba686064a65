"""What routes and settings say against a packet: no route, forwarding off, a source that is reached another way.

Read first: `__fib_validate_source` (net/ipv4/fib_frontend.c), `ip_route_input_slow` (net/ipv4/route.c), `ip6_forward`.
Of IPv6 no source is filtered by its reverse path (that is left to rules).
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot
from fwsim.engine.places import BROADCAST, REFUSED, UNSPECIFIED, Places
from fwsim.engine.routes import is_behind, is_claimed
from fwsim.terms import Reason

Row = Any

R_NO_ROUTE = int(Reason.NO_ROUTE)
R_FORWARDING_OFF = int(Reason.FORWARDING_OFF)
R_REVERSE_PATH = int(Reason.REVERSE_PATH)
R_MARTIAN_SOURCE = int(Reason.MARTIAN_SOURCE)

STRICT = 1


@hot
def routing_fault(places: Places, packet: Row, source: Row, destination: Row, delivered: int) -> int:
    """Why a packet that came in goes no further, by the routes to its addresses; or 0."""
    here = packet["iif"]
    if not delivered:
        if destination["classes"] & REFUSED:
            return R_NO_ROUTE
        if not is_forwarding(places, packet["family"], here):
            return R_FORWARDING_OFF
    if packet["family"] != 4 or here < 0 or not places.interfaces[here]["rp_filter"]:
        return 0
    return reverse_path_fault(places, source, here)


@hot
def is_forwarding(places: Places, family: int, here: int) -> bool:
    """Whether packets that come in there are forwarded."""
    if family == 6:
        return bool(places.counts[0]["forwards_v6"] != 0)
    if here < 0:
        return bool(places.counts[0]["forwards_v4"] != 0)
    return bool(places.interfaces[here]["forwards"] != 0)


@hot
def reverse_path_fault(places: Places, source: Row, here: int) -> int:
    """Why the source cannot have come in there; or 0. Loose filtering asks only that some route leads back.

    An interface without an address is filtered strictly either way. Where no route to the source is known, and it is
    not known that there is none, it passes.
    """
    classes = source["classes"]
    if classes & UNSPECIFIED:
        return 0
    if classes & BROADCAST:
        return R_MARTIAN_SOURCE
    if classes & REFUSED:
        return R_REVERSE_PATH
    if not is_claimed(source) or is_behind(places, source, here):
        return 0
    row = places.interfaces[here]
    return R_REVERSE_PATH if row["rp_filter"] == STRICT or not row["addressed"] else 0
