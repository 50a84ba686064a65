"""Tuples: what tells one connection from another, and the table that finds a connection by either of its two.

Read first: conntrack-spec §2.1, `fwsim.tables.TUPLE`. A tuple is one direction of a connection: addresses,
protocol, and two numbers (ports; for ICMP the id, and type and code). Its *inverse* is what the answer carries.
Nothing here knows protocols beyond that, or time.

Row numbers: tuple rows 2c and 2c+1 are the original and the reply tuple of connection row c. Row 0 is the unconfirmed
connection, whose original tuple serves as scratch for look-ups; row 1 stays blank.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from fwsim.engine import entry, hot
from fwsim.engine.prefetch import prefetch
from fwsim.tables import V6, Row, Table
from fwsim.terms import CtStatus, Proto

TCP = int(Proto.TCP)
UDP = int(Proto.UDP)
UDPLITE = int(Proto.UDPLITE)
ICMP = int(Proto.ICMP)
ICMPV6 = int(Proto.ICMPV6)
SCTP = int(Proto.SCTP)
GRE = int(Proto.GRE)
CONFIRMED = int(CtStatus.CONFIRMED)
DYING = int(CtStatus.DYING)
STRAY = int(CtStatus.STRAY)

PRIME = (1 << 31) - 1
LOW = (1 << 30) - 1
RELINK_AHEAD = 16
"""Connections between fetching the buckets of one and using them."""


class Tracker(NamedTuple):
    """One connection table. `fwsim.tracker` makes, grows and lists it.

    `buckets` (a power of two of them) hold the first tuple row of each hash chain, -1 if empty; `heap_key` (ns) and
    `heap_row` are the expiry heap, `counters["armed"]` long. `counters` and `settings` have one row. `sources` and
    `source_buckets` (`fwsim.engine.sources`) are used only where addresses are translated.
    Uncompiled, the tables are `fwsim.tables.Rows` and the others memoryviews.
    """

    tuples: Table
    sides: Table
    connections: Table
    neighbours: Table
    expectations: Table
    buckets: Any
    heap_key: Any
    heap_row: Any
    counters: Table
    settings: Table
    sources: Table
    source_buckets: Any


@hot
def find(tracker: Tracker, wanted: Row) -> int:
    """The row of the confirmed tuple that equals `wanted`, or -1."""
    return find_by_hash(tracker, wanted, hash_of(tracker, wanted))


@hot
def find_by_hash(tracker: Tracker, wanted: Row, hashed: int) -> int:
    """The same if the hash of `wanted` is known."""
    row = int(tracker.buckets[hashed & (len(tracker.buckets) - 1)])
    while row >= 0:
        candidate = tracker.tuples[row]
        if is_same(candidate, wanted):
            return row
        row = int(candidate["next"])
    return -1


@hot
def bucket_of(tracker: Tracker, at: int) -> int:
    """The bucket of a tuple row."""
    return hash_of(tracker, tracker.tuples[at]) & (len(tracker.buckets) - 1)


@hot
def hash_of(tracker: Tracker, row: Row) -> int:
    """The hash of a tuple."""
    return spread(row, row["src_id"], row["dst_id"], tracker.counters[0]["hash_key"])


@hot
def spread(row: Row, src_id: int, dst_id: int, key: int) -> int:
    """A keyed hash of a tuple: its fields, in pieces of at most 30 bits, as a polynomial in `key` modulo 2**31 - 1.

    It is below 2**31. Without the key nobody can choose packets that share a bucket. `row` is a tuple or, for its
    addresses and protocol, a packet.
    """
    total = spread_head(row["src0"], row["dst0"], src_id, dst_id, row["proto"], key)
    if row["src0"] < V6:
        return total & PRIME
    src1, src2, src3 = row["src1"], row["src2"], row["src3"]
    dst1, dst2, dst3 = row["dst1"], row["dst2"], row["dst3"]
    total = fold(total * key + (src1 & LOW))
    total = fold(total * key + (src2 & LOW))
    total = fold(total * key + (src3 & LOW))
    total = fold(total * key + (dst1 & LOW))
    total = fold(total * key + (dst2 & LOW))
    total = fold(total * key + (dst3 & LOW))
    rest = (src1 >> 30) | (src2 >> 30) << 2 | (src3 >> 30) << 4
    return fold(total * key + (rest | (dst1 >> 30) << 6 | (dst2 >> 30) << 8 | (dst3 >> 30) << 10)) & PRIME


@hot
def spread_head(src: int, dst: int, src_id: int, dst_id: int, proto: int, key: int) -> int:
    """The part of the polynomial that is all for IPv4."""
    total = fold((src & LOW) * key + (dst & LOW))
    total = fold(total * key + (src_id | (dst_id & 0x3FFF) << 16))
    return fold(total * key + ((src >> 30) | (dst >> 30) << 3 | (dst_id >> 14) << 6 | proto << 8))


@hot
def fold(product: int) -> int:
    """A product below 2**63 modulo 2**31 - 1, nearly: congruent, and at most 2**31."""
    product = (product & PRIME) + (product >> 31)
    return (product & PRIME) + (product >> 31)


@hot
def is_same(a: Row, b: Row) -> bool:
    """Whether two tuples are equal."""
    if (
        a["src_id"] != b["src_id"]
        or a["dst_id"] != b["dst_id"]
        or a["src0"] != b["src0"]
        or a["dst0"] != b["dst0"]
        or a["proto"] != b["proto"]
    ):
        return False
    return a["src0"] < V6 or (
        a["src1"] == b["src1"]
        and a["src2"] == b["src2"]
        and a["src3"] == b["src3"]
        and a["dst1"] == b["dst1"]
        and a["dst2"] == b["dst2"]
        and a["dst3"] == b["dst3"]
    )


@hot
def of_packet(packet: Row, target: Row) -> None:
    """Write the packet's tuple (`nf_ct_get_tuple`); its fields are known to be there."""
    target["src0"] = packet["src0"]
    target["src1"] = packet["src1"]
    target["src2"] = packet["src2"]
    target["src3"] = packet["src3"]
    target["dst0"] = packet["dst0"]
    target["dst1"] = packet["dst1"]
    target["dst2"] = packet["dst2"]
    target["dst3"] = packet["dst3"]
    proto = packet["proto"]
    target["proto"] = proto
    if proto == TCP or proto == UDP or proto == UDPLITE or proto == SCTP:
        target["src_id"] = packet["sport"]
        target["dst_id"] = packet["dport"]
    elif proto == ICMP or proto == ICMPV6:
        target["src_id"] = packet["icmp_id"]
        target["dst_id"] = packet["icmp_type"] << 8 | packet["icmp_code"]
    elif proto == GRE and packet["icmp_id"] >= 0:
        target["src_id"] = 0  # a PPTP helper would know the call id of the other direction
        target["dst_id"] = packet["icmp_id"]
    else:
        target["src_id"] = 0  # all packets of another protocol between two hosts are one connection
        target["dst_id"] = 0


@hot
def invert(source: Row, target: Row) -> bool:
    """Write the inverse of a tuple or a quoted tuple (`nf_ct_invert_tuple`); False if it has none."""
    target["src0"] = source["dst0"]
    target["src1"] = source["dst1"]
    target["src2"] = source["dst2"]
    target["src3"] = source["dst3"]
    target["dst0"] = source["src0"]
    target["dst1"] = source["src1"]
    target["dst2"] = source["src2"]
    target["dst3"] = source["src3"]
    proto = source["proto"]
    target["proto"] = proto
    if proto == ICMP or proto == ICMPV6:
        answer = inverse_type(proto, source["dst_id"] >> 8)
        target["src_id"] = source["src_id"]
        target["dst_id"] = answer << 8 | source["dst_id"] & 0xFF
        return answer >= 0
    target["src_id"] = source["dst_id"]
    target["dst_id"] = source["src_id"]
    return True


@hot
def inverse_type(proto: int, kind: int) -> int:
    """The ICMP type that answers a type, or is answered by it; -1 if there is none (RFC 792, 950, 4443, 4620)."""
    if proto == ICMP:
        if kind == 0 or kind == 8:  # echo
            return 8 - kind
        if 13 <= kind <= 18:  # timestamp, information, address mask: request 2n+1, reply 2n+2
            return ((kind - 13) ^ 1) + 13
        return -1
    if kind == 128 or kind == 129:  # echo
        return kind ^ 1
    if kind == 139 or kind == 140:  # node information
        return 279 - kind
    return -1


@hot
def link(tracker: Tracker, row: int) -> None:
    """Put both tuples of a connection into their buckets.

    The reply tuple goes in front, as in the kernel (`__nf_conntrack_hash_insert`): a connection whose two tuples are
    equal (from an address and port to itself) is found by its reply.
    """
    hang(tracker, 2 * row)
    hang(tracker, 2 * row + 1)


@hot
def hang(tracker: Tracker, at: int) -> None:
    """Put one tuple in front of its chain."""
    bucket = bucket_of(tracker, at)
    first = int(tracker.buckets[bucket])
    tracker.tuples[at]["next"] = first
    tracker.tuples[at]["previous"] = -1
    if first >= 0:
        tracker.tuples[first]["previous"] = at
    tracker.buckets[bucket] = at


@hot
def unlink(tracker: Tracker, row: int) -> None:
    """Take both tuples of a connection out of their buckets."""
    unhang(tracker, 2 * row)
    unhang(tracker, 2 * row + 1)


@hot
def unhang(tracker: Tracker, at: int) -> None:
    """Take one tuple out of its chain, where it is known to be.

    The oldest connection, which is evicted, hangs at the end of its chains: nothing is read of those before it.
    """
    gone = tracker.tuples[at]
    behind, ahead = int(gone["next"]), int(gone["previous"])
    if ahead >= 0:
        tracker.tuples[ahead]["next"] = behind
    else:
        tracker.buckets[bucket_of(tracker, at)] = behind
    if behind >= 0:
        tracker.tuples[behind]["previous"] = ahead


@entry
def relink(tracker: Tracker) -> None:
    """Fill empty buckets with the tuples of all live connections, after they have become more."""
    if tracker.counters[0]["vague"]:
        relink_those(tracker, STRAY)  # they stay behind others with equal tuples (`fwsim.engine.vague`)
    relink_those(tracker, 0)


@hot
def relink_those(tracker: Tracker, strayed: int) -> None:
    """The same for those whose STRAY bit is as given; without vague tuples there is none with that."""
    used = int(tracker.counters[0]["used"])
    for row in range(2, used):
        if row + RELINK_AHEAD < used:
            prefetch(tracker.buckets, bucket_of(tracker, 2 * (row + RELINK_AHEAD)), 0)
            prefetch(tracker.buckets, bucket_of(tracker, 2 * (row + RELINK_AHEAD) + 1), 0)
        connection = tracker.connections[row]
        if is_live(connection) and connection["status"] & STRAY == strayed:
            link(tracker, row)


@hot
def is_live(connection: Row) -> bool:
    """Whether a row of the table holds a connection: confirmed, and not deleted."""
    return connection["status"] & (CONFIRMED | DYING) == CONFIRMED
