"""Where a packet came from, where it goes, and at which hook it is filtered.

Read first: DESIGN section 3, "Where a packet came from" and "Hook"; then `seen` (which way a frame was going),
`martians` (impossible addresses), `sightings` (the same packet twice). A frame that is only another sighting of a
forwarded packet is an egress copy and is not evaluated.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fwsim.engine import entry, hot
from fwsim.engine.crossings import is_translated_copy, remember_crossing
from fwsim.engine.martians import fault_before_hooks, route_fault_v4, route_fault_v6, suspicion_of
from fwsim.engine.path import LOCAL as HOOK_LOCAL
from fwsim.engine.places import (
    BROADCAST,
    DECLARED,
    LINK_LOCAL,
    LINK_MULTICAST,
    LOCAL,
    LOOPBACK,
    NOT_UNICAST,
    UNSPECIFIED,
    Places,
)
from fwsim.engine.reverse_path import routing_fault
from fwsim.engine.routes import is_behind, is_bound_to_link, is_claimed, route_of_destination, route_of_source
from fwsim.engine.seen import CAME_IN, GOES_OUT, SEEMS_IN, is_going_out, seen_on, station_of, way_of
from fwsim.engine.sightings import is_second_sighting, learned_interface, remember, teach
from fwsim.terms import ABSENT, UNKNOWN_VALUE, Hook, Reason

Row = Any
Table = npt.NDArray[np.void]

INPUT = int(Hook.INPUT)
FORWARD = int(Hook.FORWARD)
OUTPUT = int(Hook.OUTPUT)
R_EGRESS_COPY = int(Reason.EGRESS_COPY)


@entry
def locate(places: Places, frames: Table, packets: Table, start: int, end: int) -> None:
    """Fill `interface`, `iif`, `oif`, `hook`, `route_fault` and the evidence of sources for rows `start` to `end`."""
    for i in range(start, end):
        locate_one(places, frames[i], packets[i])


@hot
def locate_one(places: Places, frame: Row, packet: Row) -> None:
    """Place one packet; frames that decoding gave up are only told where they were seen."""
    station = station_of(places, frame["source_mac"]) if places.counts[0]["stations"] > 0 else -1
    frame["interface"] = seen_on(places, frame, packet["vlan"], station)
    frame["route_fault"] = 0
    frame["egress"] = 0
    frame["copy_of"], frame["copy_in"] = 0, 0
    if frame["reason"] or packet["family"] == 0:
        packet["hook"] = ABSENT
        packet["iif"] = ABSENT if frame["sent_or_received"] == GOES_OUT else frame["interface"]
        packet["oif"] = UNKNOWN_VALUE
        return
    source = places.routes[route_of_source(places, packet)]
    destination = places.routes[route_of_destination(places, packet)]
    way = way_of(places, frame, station, source, destination)
    watched = places.counts[0]["several"] != 0 or packet["vlan"] >= 0
    if watched and is_copy_of_earlier(places, frame, packet, way):
        put_aside(places, frame, packet, way, destination)
        return
    place(places, frame, packet, way, source, destination, watched)
    if watched and not frame["reason"]:
        remember(places, frame, packet)
        if not frame["egress"] and not places.counts[0]["as_made"]:
            remember_crossing(places, frame, packet)


@hot
def place(places: Places, frame: Row, packet: Row, way: int, source: Row, destination: Row, watched: bool) -> None:
    """Give a packet its hook, from the kinds of its addresses and the way its frame was going."""
    here = frame["interface"]
    if is_looping(places, here, way, source, destination):
        loop(places, frame, packet)
    else:
        sent = is_sent(places, here, way, source, destination)
        if (sent or is_going_out(way)) and not places.counts[0]["as_made"]:
            frame["egress"] = 1 | places.counts[0]["captured_bits"] << 1
        known = not sent and is_going_out(way) and here >= 0 and is_ingress_captured(places, source)
        if (frame["egress"] and watched and is_translated_copy(places, frame, packet)) or known:
            put_aside(places, frame, packet, way, destination)
            return
        if sent:
            send(places, here, packet, destination)
        else:
            receive(places, frame, packet, way, source, destination)
    counts = places.counts[0]
    counts["packets"] += 1
    if (source["classes"] | destination["classes"]) & (DECLARED | LOCAL):
        counts["touching"] += 1


@hot
def is_copy_of_earlier(places: Places, frame: Row, packet: Row, way: int) -> bool:
    """Whether the packet was evaluated where it was seen before.

    One that surely came in by a declared interface is a packet of its own, however alike.
    """
    if way == CAME_IN and frame["interface"] >= 0:
        return False
    return is_second_sighting(places, frame, packet)


@hot
def is_ingress_captured(places: Places, source: Row) -> bool:
    """Whether the capture can hold a forwarded packet's coming in as well: not if it was taken on one interface."""
    if places.counts[0]["captured"] < 2:
        return False
    entry = source["interface"]
    return bool(entry < 0 or places.interfaces[entry]["captured"])


@hot
def put_aside(places: Places, frame: Row, packet: Row, way: int, destination: Row) -> None:
    """Mark an egress copy; it teaches by which interface its destination is reached if no network tells."""
    here = frame["interface"]
    frame["reason"] = R_EGRESS_COPY
    packet["hook"] = FORWARD
    packet["iif"] = UNKNOWN_VALUE
    packet["oif"] = here
    places.counts[0]["copies"] += 1
    if here >= 0 and way != CAME_IN and destination["interface"] < 0:
        teach(places, packet, here)


@hot
def is_looping(places: Places, here: int, way: int, source: Row, destination: Row) -> bool:
    """Whether a packet goes from the firewall to itself, over the loopback interface."""
    if here == places.counts[0]["loopback"]:
        return True
    if not source["classes"] & (LOCAL | LOOPBACK) or not destination["classes"] & (LOCAL | LOOPBACK):
        return False
    return here < 0 or way == GOES_OUT


@hot
def is_sent(places: Places, here: int, way: int, source: Row, destination: Row) -> bool:
    """Whether the firewall itself sent the packet.

    Without a local address it shows in what no router forwards and yet was going out.
    """
    if source["classes"] & LOCAL:
        return not is_from_outside(places, here, way, destination)
    if way != GOES_OUT:
        return False
    return is_bound_to_link(source) or destination["classes"] & NOT_UNICAST != 0


@hot
def is_from_outside(places: Places, here: int, way: int, destination: Row) -> bool:
    """Whether a packet with a local source address is known to have come in: it is forged then.

    On a declared interface that does not lead to its destination, it cannot have been going out.
    """
    if way != SEEMS_IN:
        return way == CAME_IN
    if destination["classes"] & LOCAL:
        return True
    if destination["classes"] & NOT_UNICAST or not is_claimed(destination):
        return False
    return not is_behind(places, destination, here)


@hot
def loop(places: Places, frame: Row, packet: Row) -> None:
    """From local to local: OUTPUT and then INPUT, both over the loopback interface.

    Options are read when it comes in. Unlike Linux: hop-by-hop options too behind PREROUTING only.
    """
    frame["route_fault"] = frame["option_fault"]
    packet["hook"] = HOOK_LOCAL
    packet["iif"] = places.counts[0]["loopback"]
    packet["oif"] = places.counts[0]["loopback"]


@hot
def send(places: Places, here: int, packet: Row, destination: Row) -> None:
    """From the firewall: OUTPUT. Where it was seen is where it left."""
    packet["hook"] = OUTPUT
    packet["iif"] = ABSENT
    packet["oif"] = here if here >= 0 else way_out(places, packet, destination)


@hot
def receive(places: Places, frame: Row, packet: Row, way: int, source: Row, destination: Row) -> None:
    """From the network: INPUT or FORWARD, with what routing and a wary eye say of its addresses."""
    here = frame["interface"]
    out = is_going_out(way)
    entered = here if here >= 0 and not out else UNKNOWN_VALUE
    delivered = is_delivered(packet["family"], source["classes"], destination["classes"])
    packet["hook"] = INPUT if delivered else FORWARD
    packet["iif"] = entered if entered >= 0 else guess_ingress(places, source)
    if delivered:
        packet["oif"] = ABSENT
    elif here >= 0 and out:
        packet["oif"] = here
    elif packet["family"] == 6 and destination["classes"] & LINK_LOCAL:
        packet["oif"] = packet["iif"]  # it stays on its link
    else:
        packet["oif"] = way_out(places, packet, destination)
    routed = 0 if out else routing_fault(places, packet, source, destination, delivered)
    judge_addresses(frame, packet, source["classes"], destination["classes"], delivered, out, routed)
    if not out:
        frame["evidence"] |= suspicion_of(places, entered, source, destination["classes"])


@hot
def judge_addresses(
    frame: Row, packet: Row, source: int, destination: int, delivered: int, out: int, routed: int
) -> None:
    """Note what makes the stack discard the packet. One seen going out has already survived its TTL and routing."""
    expired = packet["ttl"] <= 1 and not out
    frame["reason"] = fault_before_hooks(packet["family"], source, destination, frame["option_fault"])
    if packet["family"] == 4:
        frame["route_fault"] = route_fault_v4(source, destination, delivered, frame["option_fault"], expired, routed)
    else:
        same_link = destination & LINK_LOCAL != 0 or (packet["iif"] >= 0 and packet["iif"] == packet["oif"])
        frame["route_fault"] = route_fault_v6(source, destination, delivered, expired, same_link, routed)


@hot
def is_delivered(family: int, source: int, destination: int) -> bool:
    """Whether a packet is for the firewall: to a local address, broadcast, or multicast within the link."""
    if destination & (LOCAL | BROADCAST | LINK_MULTICAST):
        return True
    return family == 4 and source & destination & UNSPECIFIED != 0  # 0.0.0.0 to itself: an old broadcast


@hot
def guess_ingress(places: Places, source: Row) -> int:
    """The interface behind which the source lies, for want of having seen it come in."""
    if places.counts[0]["interfaces"] > 0:
        places.counts[0]["guessed"] += 1
    if is_bound_to_link(source):
        return UNKNOWN_VALUE
    return int(source["interface"])


@hot
def way_out(places: Places, packet: Row, destination: Row) -> int:
    """The interface towards the destination: by longest prefix, or as egress copies taught."""
    if destination["interface"] >= 0:
        return int(destination["interface"])
    return learned_interface(places, packet)
