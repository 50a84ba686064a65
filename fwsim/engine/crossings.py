"""The same packet seen twice, translated in between: it came in by one address, and left by another.

Read first: `fwsim.engine.sightings`, the same without translation. What no translation changes tells the packet: IP id,
length, sequence numbers, and one of its two ends; where both are changed, only what surely differs between packets.
Each packet that came in is found once.
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot
from fwsim.engine.places import Places
from fwsim.engine.sightings import FORWARDING_NS, is_elsewhere, note

Row = Any


WAYS = 8
"""Slots that a packet may be in: fragments of a datagram are alike, and so are many short ones."""


@hot
def remember_crossing(places: Places, frame: Row, packet: Row) -> None:
    """Keep a packet that came in, in the first slot where nothing is expected any more, else instead of the first."""
    slots = len(places.crossings)
    first = slot_of(packet, slots)
    place = first
    for way in range(WAYS):
        seen = places.crossings[first + way & (slots - 1)]
        if seen["length"] == 0 or seen["ts"] + FORWARDING_NS < frame["ts"]:
            place = first + way & (slots - 1)
            break
    note(places.crossings[place], frame, packet)


@hot
def is_translated_copy(places: Places, frame: Row, packet: Row) -> bool:
    """Whether a packet that goes out is one that came in lately; notes in the frame of which it is a copy."""
    slots = len(places.crossings)
    first = slot_of(packet, slots)
    for way in range(WAYS):
        seen = places.crossings[first + way & (slots - 1)]
        if is_near(seen, frame, packet) and is_alike(seen, packet) and is_elsewhere(seen, frame, packet["vlan"]):
            frame["copy_of"], frame["copy_in"] = seen["number"], seen["file"]
            seen["length"] = 0
            return True
    return False


@hot
def is_near(seen: Row, frame: Row, packet: Row) -> bool:
    """Whether one may be the other, forwarded: about the same time, and one hop apart, as what is made here is not."""
    later = frame["ts"] - seen["ts"]
    return bool(-FORWARDING_NS <= later <= FORWARDING_NS and seen["ttl"] - packet["ttl"] == 1)


@hot
def slot_of(packet: Row, slots: int) -> int:
    """The slot of a packet; `slots` is a power of two."""
    mixed = packet["length"] * 11 + packet["ip_id"] * 13 + packet["seq"] * 17 + packet["ack"] * 19 + packet["proto"]
    return int((mixed ^ (mixed >> 12) ^ (mixed >> 24)) & (slots - 1))


@hot
def is_alike(seen: Row, packet: Row) -> bool:
    """Whether all agrees that translation leaves as it is."""
    if (
        seen["length"] != packet["length"]
        or seen["proto"] != packet["proto"]
        or seen["ip_id"] != packet["ip_id"]
        or seen["seq"] != packet["seq"]
        or seen["ack"] != packet["ack"]
        or seen["flags"] != packet["flags"]
        or seen["fragment"] != packet["fragment"]
        or seen["icmp_type"] != packet["icmp_type"]
    ):
        return False
    if packet["seq"] > 0 or packet["ip_id"] > 0:
        return True
    return has_same_source(seen, packet) or has_same_destination(seen, packet)


@hot
def has_same_source(seen: Row, packet: Row) -> bool:
    """Whether they come from the same address and port."""
    return bool(
        seen["sport"] == packet["sport"]
        and seen["src0"] == packet["src0"]
        and seen["src1"] == packet["src1"]
        and seen["src2"] == packet["src2"]
        and seen["src3"] == packet["src3"]
    )


@hot
def has_same_destination(seen: Row, packet: Row) -> bool:
    """Whether they go to the same address and port."""
    return bool(
        seen["dport"] == packet["dport"]
        and seen["dst0"] == packet["dst0"]
        and seen["dst1"] == packet["dst1"]
        and seen["dst2"] == packet["dst2"]
        and seen["dst3"] == packet["dst3"]
    )
