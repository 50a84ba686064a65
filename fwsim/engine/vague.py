"""Tuples of which something is not known: a port that the kernel draws, an address that only it can tell.

Read first: `fwsim.engine.tuples`. Such a part has a value that no packet has. A packet may be one of such a connection
if all that is known agrees; whoever does not find a tuple looks for those that it may be.
"""

from __future__ import annotations

from fwsim.engine import hot, shared
from fwsim.engine.tuples import ICMP, ICMPV6, SCTP, TCP, UDP, UDPLITE, Tracker, hash_of, invert, is_same
from fwsim.tables import V6, Row
from fwsim.terms import UNKNOWN_VALUE

VAGUE_ID = 1 << 16
VAGUE_ADDRESS = 2 * V6
"""In `src_id` and `dst_id`, in `src0` and `dst0`: not known."""

SOURCE_ADDRESS = 1
SOURCE_ID = 2
DESTINATION_ADDRESS = 4
DESTINATION_ID = 8
"""The parts of a tuple."""

SOURCE = SOURCE_ADDRESS | SOURCE_ID
DESTINATION = DESTINATION_ADDRESS | DESTINATION_ID

MIXTURES = 16
"""Of these parts. COUNTERS["vague"] has a bit for each mixture that has been vague of some connection's tuple."""


@hot
def has_ports(proto: int) -> bool:
    """Whether packets of a protocol have ports that are translated."""
    return proto == TCP or proto == UDP or proto == UDPLITE or proto == SCTP


@hot
def blur(row: Row, parts: int) -> None:
    """Make parts of a tuple vague. The id of ICMP is that of the source, whichever side is translated."""
    proto = row["proto"]
    if parts & SOURCE_ADDRESS:
        row["src0"] = VAGUE_ADDRESS
        row["src1"], row["src2"], row["src3"] = 0, 0, 0
    if parts & DESTINATION_ADDRESS:
        row["dst0"] = VAGUE_ADDRESS
        row["dst1"], row["dst2"], row["dst3"] = 0, 0, 0
    if proto == ICMP or proto == ICMPV6:
        if parts & (SOURCE_ID | DESTINATION_ID):
            row["src_id"] = VAGUE_ID
        return
    if not has_ports(proto):
        return
    if parts & SOURCE_ID:
        row["src_id"] = VAGUE_ID
    if parts & DESTINATION_ID:
        row["dst_id"] = VAGUE_ID


@hot
def is_vague(row: Row) -> bool:
    """Whether some part of a tuple is not known."""
    return bool(
        row["src_id"] == VAGUE_ID
        or row["dst_id"] == VAGUE_ID
        or row["src0"] == VAGUE_ADDRESS
        or row["dst0"] == VAGUE_ADDRESS
    )


@hot
def parts_of(row: Row) -> int:
    """Which parts of a tuple are not known."""
    parts = SOURCE_ADDRESS if row["src0"] == VAGUE_ADDRESS else 0
    parts |= SOURCE_ID if row["src_id"] == VAGUE_ID else 0
    parts |= DESTINATION_ADDRESS if row["dst0"] == VAGUE_ADDRESS else 0
    return int(parts | (DESTINATION_ID if row["dst_id"] == VAGUE_ID else 0))


@hot
def differing_parts(one: Row, other: Row) -> int:
    """The parts in which two tuples differ."""
    parts = SOURCE_ID if one["src_id"] != other["src_id"] else 0
    parts |= DESTINATION_ID if one["dst_id"] != other["dst_id"] else 0
    if (
        one["src0"] != other["src0"]
        or one["src1"] != other["src1"]
        or one["src2"] != other["src2"]
        or one["src3"] != other["src3"]
    ):
        parts |= SOURCE_ADDRESS
    if (
        one["dst0"] != other["dst0"]
        or one["dst1"] != other["dst1"]
        or one["dst2"] != other["dst2"]
        or one["dst3"] != other["dst3"]
    ):
        parts |= DESTINATION_ADDRESS
    return parts


@hot
def note_vague(tracker: Tracker, row: Row) -> None:
    """Look for such tuples as this one from now on."""
    if is_vague(row):
        tracker.counters[0]["vague"] |= 1 << parts_of(row)


@shared
def find_vague(tracker: Tracker, packet: Row, turned: int, scratch: Row) -> int:
    """The row of a tuple that may be that of a packet, or with `turned` 1 of its answer; or -1.

    `scratch` is a row of TUPLE.
    """
    for parts in range(MIXTURES):
        if tracker.counters[0]["vague"] >> parts & 1 == 0:
            continue
        if turned:
            invert(packet, scratch)
        else:
            take(packet, scratch)
        blur(scratch, parts)
        row = int(tracker.buckets[bucket_of_row(tracker, scratch)])
        while row >= 0:
            candidate = tracker.tuples[row]
            if is_same(candidate, scratch) and row >> 1 != tracker.counters[0]["apart"]:
                return row
            row = int(candidate["next"])
    return -1


@shared
def count_vague(tracker: Tracker, packet: Row, part: int, scratch: Row, most: int) -> int:
    """How many connections may be the one that answers to a packet go to, but for one part of it; at most `most`."""
    count = 0
    for parts in range(MIXTURES):
        if parts & turned_parts(part) == 0 or tracker.counters[0]["vague"] >> parts & 1 == 0:
            continue
        invert(packet, scratch)
        blur(scratch, parts)
        row = int(tracker.buckets[bucket_of_row(tracker, scratch)])
        while row >= 0 and count < most:
            candidate = tracker.tuples[row]
            count += 1 if is_same(candidate, scratch) and row >> 1 != tracker.counters[0]["apart"] else 0
            row = int(candidate["next"])
    return count


@hot
def turned_parts(parts: int) -> int:
    """The parts of the answer's tuple."""
    return (parts & SOURCE) << 2 | parts >> 2


@hot
def bucket_of_row(tracker: Tracker, row: Row) -> int:
    """The bucket of a tuple that hangs in none."""
    return hash_of(tracker, row) & (len(tracker.buckets) - 1)


@hot
def take(source: Row, target: Row) -> None:
    """Copy a tuple without its place in the table."""
    target["src0"], target["src1"] = source["src0"], source["src1"]
    target["src2"], target["src3"] = source["src2"], source["src3"]
    target["dst0"], target["dst1"] = source["dst0"], source["dst1"]
    target["dst2"], target["dst3"] = source["dst2"], source["dst3"]
    target["src_id"], target["dst_id"] = source["src_id"], source["dst_id"]
    target["proto"] = source["proto"]


@hot
def shown_id(value: int) -> int:
    """An id as rules see it."""
    return UNKNOWN_VALUE if value == VAGUE_ID else int(value)


@hot
def shown_address(first: int) -> int:
    """The first word of an address as rules see it."""
    return UNKNOWN_VALUE if first == VAGUE_ADDRESS else int(first)
