"""The fields of a packet as sets see them: which values each may have, and addresses as single numbers.

Read first: PACKET and EXTRA in `fwsim.tables`. A field has the number under which rules name it. Of an address the
four words are one number here: an IPv4 address its own, an IPv6 address its own and 2**128.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from fwsim.lower.boundaries import V6_START
from fwsim.lower.fields import ADDRESSES
from fwsim.tables import EXTRA, PACKET, SLOTS, V6, number_in_seen
from fwsim.terms import ABSENT, UNKNOWN_VALUE

from .intervals import Set

NAMES = (*(PACKET.names or ()), *(EXTRA.names or ()))
"""The fields in the order of their numbers."""

ADDRESS_FIELDS = frozenset(map(number_in_seen, ADDRESSES))
SLOT_FIELDS = frozenset(number_in_seen(f"slot{slot}") for slot in range(SLOTS))

FAMILY = number_in_seen("family")
PROTO = number_in_seen("proto")
SRC = number_in_seen("src0")
DST = number_in_seen("dst0")
SPORT = number_in_seen("sport")
DPORT = number_in_seen("dport")
TTL = number_in_seen("ttl")
HOOK = number_in_seen("hook")
IIF = number_in_seen("iif")
OIF = number_in_seen("oif")
MARK = number_in_seen("mark")
CT_STATE = number_in_seen("ct_state")
CT_DIRECTION = number_in_seen("ct_direction")
CT_STATUS = number_in_seen("ct_status")
CT_MARK = number_in_seen("ct_mark")
OF_CONNECTION = (CT_STATE, CT_DIRECTION, CT_STATUS, CT_MARK)

V4_ADDRESSES: Set = ((0, (1 << 32) - 1),)
V6_ADDRESSES: Set = ((V6_START, 2 * V6_START - 1),)
BYTE: Set = ((ABSENT, 255),)
PORTS: Set = ((ABSENT, 65_535),)
ANYTHING: Set = ((ABSENT, (1 << 63) - 1),)

DOMAINS: dict[str, Set] = {
    "family": ((4, 4), (6, 6)), "proto": ((0, 255),), "src0": V4_ADDRESSES + V6_ADDRESSES,
    "dst0": V4_ADDRESSES + V6_ADDRESSES, "length": ((20, 65_575),), "ttl": ((0, 255),), "dscp": ((0, 63),),
    "ip_id": PORTS, "fragment": ((0, 2),), "sport": PORTS, "dport": PORTS, "flags": BYTE,
    "seq": ((ABSENT, (1 << 32) - 1),), "ack": ((ABSENT, (1 << 32) - 1),), "win": PORTS,
    "icmp_type": BYTE, "icmp_code": BYTE, "icmp_id": PORTS, "vlan": ((ABSENT, 4_095),), "mark": ((0, (1 << 32) - 1),),
    "ct_state": ((1, 2), (4, 4), (8, 8), (64, 64)), "ct_direction": ((ABSENT, 1),),
    "ct_status": ((ABSENT, (1 << 23) - 1),), "ct_mark": ((ABSENT, (1 << 32) - 1),), "now": ((0, (1 << 63) - 1),),
    "pkttype": ((0, 7),), "src_mac": ((ABSENT, (1 << 48) - 1),),
}  # fmt: skip
"""The values that a field can have; ABSENT where a packet may not have it."""


def domain(field: int) -> Set:
    """The values that a field can have."""
    if field in ADDRESS_FIELDS:
        return DOMAINS.get(NAMES[field], ((ABSENT, ABSENT), *V4_ADDRESSES, *V6_ADDRESSES))
    return DOMAINS.get(NAMES[field], ANYTHING)


def first_word(field: int, value: int) -> int:
    """What stands in the field itself: of an address the first word."""
    if field not in ADDRESS_FIELDS or value < V6_START:
        return value
    return V6 + (value - V6_START >> 96)


def words_of(value: int) -> tuple[int, int, int, int]:
    """An address as the four fields of a row."""
    if value < V6_START:
        return value, 0, 0, 0
    number = value - V6_START
    return V6 + (number >> 96), number >> 64 & 0xFFFFFFFF, number >> 32 & 0xFFFFFFFF, number & 0xFFFFFFFF


def number_of_words(first: int, second: int, third: int, fourth: int) -> int:
    """The four words of an address, or of a boundary of addresses, as one number."""
    if first < V6:
        return first
    return V6_START + ((first - V6) << 96) + (second << 64) + (third << 32) + fourth


def written(field: int, value: int) -> str:
    """An address as text; any other value as a number."""
    if value == UNKNOWN_VALUE:
        return "?"
    if field not in ADDRESS_FIELDS or value < 0:
        return str(value)
    return str(IPv4Address(value) if value < V6_START else IPv6Address(value - V6_START))
