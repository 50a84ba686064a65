"""Longest prefix match: behind which interface an address lies, and what kind of address it is.

Read first: ROUTE in `fwsim.engine.places`. Networks of both families were flattened to disjoint intervals
(`fwsim.topology.address_plan`), so the longest prefix is found by halving.
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot
from fwsim.engine.places import DECLARED, LINK_BOUND, Places

Row = Any


@hot
def route_of_source(places: Places, packet: Row) -> int:
    """The row of `routes` that holds the source address."""
    return row_of(places, packet["src0"], packet["src1"], packet["src2"], packet["src3"])


@hot
def route_of_destination(places: Places, packet: Row) -> int:
    """The row of `routes` that holds the destination address."""
    return row_of(places, packet["dst0"], packet["dst1"], packet["dst2"], packet["dst3"])


@hot
def row_of(places: Places, a0: int, a1: int, a2: int, a3: int) -> int:
    """The last of the boundaries, of four words each, that is at most this address; the first one is at most any.

    The first byte of the address tells about where: few networks share one.
    """
    boundaries = places.boundaries
    low = int(places.by_first_byte[a0 >> 24])
    high = int(places.by_first_byte[(a0 >> 24) + 1]) + 1
    while high - low > 1:
        middle = (low + high) >> 1
        word = int(boundaries[4 * middle])
        if word < a0 or (word == a0 and is_tail_at_most(boundaries, 4 * middle, a1, a2, a3)):
            low = middle
        else:
            high = middle
    return low


@hot
def is_tail_at_most(boundaries: Any, at: int, a1: int, a2: int, a3: int) -> bool:
    """Whether the last three words of the boundary at `at` are, in order, at most these."""
    if boundaries[at + 1] != a1:
        return bool(boundaries[at + 1] < a1)
    if boundaries[at + 2] != a2:
        return bool(boundaries[at + 2] < a2)
    return bool(boundaries[at + 3] <= a3)


@hot
def is_claimed(route: Row) -> bool:
    """Whether some declared network holds these addresses."""
    return bool(route["interface"] >= 0 or route["group"] >= 0)


@hot
def is_behind(places: Places, route: Row, interface: int) -> bool:
    """Whether these addresses lie behind the interface: its network holds them, and no other's does more narrowly."""
    if route["interface"] >= 0:
        return bool(route["interface"] == interface)
    group = route["group"]
    return group >= 0 and int(places.members[group * len(places.interfaces) + interface]) != 0


@hot
def is_bound_to_link(route: Row) -> bool:
    """Whether these are sources that belong to whatever link they are seen on."""
    return bool(route["classes"] & LINK_BOUND != 0 and route["classes"] & DECLARED == 0)
