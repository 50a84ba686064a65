"""Where a packet goes whose destination was translated: routing looks at it anew.

Read first: `fwsim.engine.origin`, which did the same with the address that was captured. (`nf_nat_ipv4_pre_routing`
makes routing forget; `ip_route_me_harder` behind OUTPUT.)
Unlike origin: what egress copies taught is not asked, since the stateful mode may be behind them in time.
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import shared
from fwsim.engine.martians import route_fault_v4, route_fault_v6
from fwsim.engine.origin import is_delivered
from fwsim.engine.path import LOCAL as HOOK_LOCAL
from fwsim.engine.places import LINK_LOCAL, LOCAL, LOOPBACK, Places
from fwsim.engine.reverse_path import routing_fault
from fwsim.engine.routes import route_of_destination, route_of_source
from fwsim.terms import ABSENT, UNKNOWN_VALUE, Hook

Row = Any

INPUT = int(Hook.INPUT)
FORWARD = int(Hook.FORWARD)
OUTPUT = int(Hook.OUTPUT)


@shared
def reroute(places: Places, state: Row, seen: Row, option_fault: int, out: int) -> None:
    """Give a packet that came in its way from PREROUTING on; `out` 1 if its frame was seen when it had left."""
    if seen["dst0"] == UNKNOWN_VALUE or seen["src0"] == UNKNOWN_VALUE:
        seen["hook"] = UNKNOWN_VALUE
        return
    source = places.routes[route_of_source(places, seen)]["classes"]
    destination = places.routes[route_of_destination(places, seen)]
    delivered = is_delivered(seen["family"], source, destination["classes"])
    seen["hook"] = INPUT if delivered else FORWARD
    seen["iif"] = state["iif"]
    way_out = destination["interface"] if destination["interface"] >= 0 else UNKNOWN_VALUE
    if seen["family"] == 6 and destination["classes"] & LINK_LOCAL:
        way_out = state["iif"]
    state["oif"] = ABSENT if delivered else way_out
    routed = 0
    if not out:
        routed = routing_fault(places, seen, places.routes[route_of_source(places, seen)], destination, delivered)
    expired = seen["ttl"] <= 1 and not out
    if seen["family"] == 4:
        state["fault"] = route_fault_v4(source, destination["classes"], delivered, option_fault, expired, routed)
    else:
        same_link = destination["classes"] & LINK_LOCAL != 0 or (state["iif"] >= 0 and state["iif"] == state["oif"])
        state["fault"] = route_fault_v6(source, destination["classes"], delivered, expired, same_link, routed)


@shared
def reroute_own(places: Places, state: Row, seen: Row) -> None:
    """Give a packet that was made here its way from OUTPUT on; rules at that hook see the old one still."""
    if seen["dst0"] == UNKNOWN_VALUE:
        seen["hook"] = UNKNOWN_VALUE
        return
    destination = places.routes[route_of_destination(places, seen)]
    if destination["classes"] & (LOCAL | LOOPBACK):
        seen["hook"] = HOOK_LOCAL
        state["iif"] = places.counts[0]["loopback"]
        state["oif"] = places.counts[0]["loopback"]
        return
    seen["hook"] = OUTPUT
    state["iif"] = ABSENT
    state["oif"] = destination["interface"] if destination["interface"] >= 0 else UNKNOWN_VALUE
