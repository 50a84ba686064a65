"""Where a frame was seen, and whether it was coming in or going out there.

Read first: DESIGN section 3, "Where a packet came from"; `fwsim.engine.places`. What the capture says itself (a
direction flag, a cooked packet type) or a known MAC says comes first; else the two addresses tell.
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot
from fwsim.engine.places import LOCAL, NOT_UNICAST, VLANS, Places
from fwsim.engine.routes import is_behind, is_bound_to_link
from fwsim.terms import UNKNOWN_VALUE

Row = Any

UNSEEN = 0
"""Not known where it was seen."""
CAME_IN = 1
"""It came in: the capture or the source MAC says so. (The number is that of `sent_or_received`.)"""
GOES_OUT = 2
"""It was going out: the capture or the source MAC says so."""
SEEMS_IN = 3
"""Seen on a declared interface, and its addresses do not speak for going out."""
SEEMS_OUT = 4
"""Its destination lies behind the interface it was seen on, and its source does not."""


@hot
def seen_on(places: Places, frame: Row, vlan: int, station: int) -> int:
    """The declared interface a frame was seen on: `name.VID` if that is declared, else `name`; or UNKNOWN_VALUE.

    Where the capture does not say, a known MAC does: a station's frames enter, the firewall's own leave there.
    """
    interface = UNKNOWN_VALUE
    number = frame["capture_interface"]
    if 0 <= number < places.counts[0]["capture_interfaces"]:
        seen = places.seen_on[number]
        interface = seen["interface"]
        if vlan >= 0 and seen["vlans"] >= 0:
            tagged = int(places.vlans[seen["vlans"] * VLANS + (vlan & (VLANS - 1))])
            if tagged >= 0:
                interface = tagged
    if interface < 0 and station >= 0:
        interface = places.stations[station]["interface"]
    return interface


@hot
def station_of(places: Places, mac: int) -> int:
    """The row of `stations` with this MAC, or -1."""
    low = 0
    high = places.counts[0]["stations"]
    while low < high:
        middle = (low + high) >> 1
        if places.stations[middle]["mac"] < mac:
            low = middle + 1
        else:
            high = middle
    if low < places.counts[0]["stations"] and places.stations[low]["mac"] == mac:
        return low
    return -1


@hot
def way_of(places: Places, frame: Row, station: int, source: Row, destination: Row) -> int:
    """Which way a frame was going where it was seen."""
    flagged = frame["sent_or_received"]
    if flagged == CAME_IN or flagged == GOES_OUT:
        return int(flagged)
    if station >= 0:
        return GOES_OUT if places.stations[station]["own"] else CAME_IN
    here = frame["interface"]
    if here < 0:
        return UNSEEN
    if frame["source_mac"] >= 0 and places.interfaces[here]["own_mac"]:
        return CAME_IN
    if destination["classes"] & (LOCAL | NOT_UNICAST) or is_bound_to_link(source):
        return SEEMS_IN
    if is_behind(places, destination, here) and not is_behind(places, source, here):
        return SEEMS_OUT
    return SEEMS_IN


@hot
def is_going_out(way: int) -> bool:
    """Whether it was seen on its way out."""
    return way == GOES_OUT or way == SEEMS_OUT
