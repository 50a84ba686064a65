"""The same packet seen twice: on its way in and, forwarded, on its way out.

Read first: `tcpdump(8)`, `-i any`. A second sighting has the same IP id, addresses, ports, sequence number and length
as a packet seen within milliseconds at another place, and a TTL the same or one lower. What was seen lately is kept in
a table of fixed size, one row a slot, where the newer overwrites the older: deterministic, and bounded.
Here too is what copies on their way out teach: by which interface a destination is reached.
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot
from fwsim.engine.places import Places
from fwsim.terms import UNKNOWN_VALUE

Row = Any

FORWARDING_NS = 20_000_000
"""How much later a forwarded packet may be seen again. Interfaces queue, so not less than some milliseconds."""


@hot
def is_second_sighting(places: Places, frame: Row, packet: Row) -> bool:
    """Whether this packet was already seen, and evaluated, at another place; notes of which frame it is a copy."""
    seen = places.sightings[slot_of(packet, len(places.sightings))]
    if not is_same_packet(seen, packet):
        return False
    later = frame["ts"] - seen["ts"]
    hops = seen["ttl"] - packet["ttl"]
    near = -FORWARDING_NS <= later <= FORWARDING_NS and 0 <= hops <= 1
    if not near or not is_elsewhere(seen, frame, packet["vlan"]):
        return False
    frame["copy_of"], frame["copy_in"] = seen["number"], seen["file"]
    return True


@hot
def slot_of(packet: Row, slots: int) -> int:
    """The slot of a packet; `slots` is a power of two. Copies of a packet share it."""
    mixed = packet["src3"] + packet["src0"] * 3 + packet["dst3"] * 5 + packet["dst0"] * 7 + packet["length"] * 11
    mixed += packet["ip_id"] * 13 + packet["seq"] * 17 + packet["sport"] * 19 + packet["dport"] * 23 + packet["icmp_id"]
    return int((mixed ^ (mixed >> 12) ^ (mixed >> 24)) & (slots - 1))


@hot
def is_same_packet(seen: Row, packet: Row) -> bool:
    """Whether all agrees that forwarding leaves as it is."""
    return bool(
        seen["length"] == packet["length"]
        and seen["ip_id"] == packet["ip_id"]
        and seen["seq"] == packet["seq"]
        and seen["sport"] == packet["sport"]
        and seen["dport"] == packet["dport"]
        and seen["src0"] == packet["src0"]
        and seen["dst0"] == packet["dst0"]
        and seen["src1"] == packet["src1"]
        and seen["src2"] == packet["src2"]
        and seen["src3"] == packet["src3"]
        and seen["dst1"] == packet["dst1"]
        and seen["dst2"] == packet["dst2"]
        and seen["dst3"] == packet["dst3"]
        and seen["proto"] == packet["proto"]
        and seen["fragment"] == packet["fragment"]
        and seen["icmp_type"] == packet["icmp_type"]
        and seen["icmp_id"] == packet["icmp_id"]
    )


@hot
def is_elsewhere(seen: Row, frame: Row, vlan: int) -> bool:
    """Whether the frame was seen at another place than the earlier one: other interface, VLAN or direction.

    Two captures given one after the other may hold the same packets: they are not each other's copies.
    """
    turned = seen["sent_or_received"] != frame["sent_or_received"]
    if seen["interface"] >= 0 and frame["interface"] >= 0:
        return bool(seen["interface"] != frame["interface"] or (turned and seen["file"] == frame["file"]))
    return bool(
        seen["file"] == frame["file"]
        and (
            turned
            or seen["capture_interface"] != frame["capture_interface"]
            or seen["ifindex"] != frame["ifindex"]
            or seen["vlan"] != vlan
        )
    )


@hot
def remember(places: Places, frame: Row, packet: Row) -> None:
    """Keep what tells an evaluated packet from others, and where it was seen."""
    note(places.sightings[slot_of(packet, len(places.sightings))], frame, packet)


@hot
def note(seen: Row, frame: Row, packet: Row) -> None:
    """Write a SIGHTING."""
    seen["number"] = frame["number"]
    seen["ack"] = packet["ack"]
    seen["flags"] = packet["flags"]
    seen["ts"] = frame["ts"]
    seen["file"] = frame["file"]
    seen["interface"] = frame["interface"]
    seen["capture_interface"] = frame["capture_interface"]
    seen["ifindex"] = frame["ifindex"]
    seen["sent_or_received"] = frame["sent_or_received"]
    seen["vlan"] = packet["vlan"]
    seen["proto"] = packet["proto"]
    seen["src0"] = packet["src0"]
    seen["src1"] = packet["src1"]
    seen["src2"] = packet["src2"]
    seen["src3"] = packet["src3"]
    seen["dst0"] = packet["dst0"]
    seen["dst1"] = packet["dst1"]
    seen["dst2"] = packet["dst2"]
    seen["dst3"] = packet["dst3"]
    seen["length"] = packet["length"]
    seen["ttl"] = packet["ttl"]
    seen["ip_id"] = packet["ip_id"]
    seen["fragment"] = packet["fragment"]
    seen["sport"] = packet["sport"]
    seen["dport"] = packet["dport"]
    seen["seq"] = packet["seq"]
    seen["icmp_type"] = packet["icmp_type"]
    seen["icmp_id"] = packet["icmp_id"]


@hot
def teach(places: Places, packet: Row, interface: int) -> None:
    """A copy left by this interface: so its destination is reached there."""
    taught = places.learned[(packet["dst0"] ^ packet["dst3"]) & (len(places.learned) - 1)]
    taught["dst0"] = packet["dst0"]
    taught["dst1"] = packet["dst1"]
    taught["dst2"] = packet["dst2"]
    taught["dst3"] = packet["dst3"]
    taught["interface"] = interface
    taught["known"] = 1


@hot
def learned_interface(places: Places, packet: Row) -> int:
    """The interface by which copies to this destination were seen to leave, or UNKNOWN_VALUE."""
    taught = places.learned[(packet["dst0"] ^ packet["dst3"]) & (len(places.learned) - 1)]
    if (
        taught["known"]
        and taught["dst0"] == packet["dst0"]
        and taught["dst1"] == packet["dst1"]
        and taught["dst2"] == packet["dst2"]
        and taught["dst3"] == packet["dst3"]
    ):
        return int(taught["interface"])
    return UNKNOWN_VALUE
