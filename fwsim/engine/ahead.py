"""Looking ahead: what the packets to come will ask of a connection table is fetched before they ask.

Read first: `fwsim.engine.prefetch`, `fwsim.engine.tuples`. Nothing here changes what is decided.
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot
from fwsim.engine.expiry import is_full
from fwsim.engine.prefetch import prefetch
from fwsim.engine.tuples import PRIME, Tracker, bucket_of, spread, spread_head
from fwsim.tables import Row, Table
from fwsim.terms import TcpFlag

SYN = int(TcpFlag.SYN)


STEP = 5
"""Packets between fetching a bucket and the tuple that it names, and from there to the connection: each needs some
100 ns, and a packet takes about as long as 20 to 50."""
LINE = 64
"""Bytes of a cache line."""
CHAINED = 40
"""Where a tuple names the next one: the last that is read of it for IPv4."""


@hot
def hash_packets(tracker: Tracker, packets: Table, hashes: Any, start: int, end: int) -> None:
    """Write the hash of the tuples of packets that have ports; -1 for others, which are looked up otherwise."""
    key = tracker.counters[0]["hash_key"]
    for i in range(start, end):
        packet = packets[i]
        sport, dport = packet["sport"], packet["dport"]
        hashes[i] = spread(packet, sport, dport, key) if sport >= 0 and dport >= 0 else -1


@hot
def look_ahead(tracker: Tracker, packets: Table, hashes: Any, i: int, end: int) -> None:
    """Fetch for packets behind row `i`: for one its bucket, for one its tuple, for one its connection."""
    mask = len(tracker.buckets) - 1
    if i + 3 * STEP < end:
        prefetch(tracker.buckets, hashes[i + 3 * STEP] & mask, 0)
    if i + 2 * STEP < end:
        row = int(tracker.buckets[hashes[i + 2 * STEP] & mask])
        if row >= 0:
            fetch_tuple(tracker, row)
        if packets[i + 2 * STEP]["flags"] == SYN:
            prefetch(tracker.buckets, answer_bucket(tracker, packets[i + 2 * STEP]), 0)
    if i + STEP < end and hashes[i + STEP] >= 0:
        look_closer(tracker, packets[i + STEP], int(tracker.buckets[hashes[i + STEP] & mask]))


@hot
def look_closer(tracker: Tracker, packet: Row, row: int) -> None:
    """Fetch a packet's connection, if the tuple in `row` seems its own, else the next, or what it takes to open one."""
    if row >= 0:
        candidate = tracker.tuples[row]
        if (
            candidate["src_id"] == packet["sport"]
            and candidate["dst_id"] == packet["dport"]
            and candidate["src0"] == packet["src0"]
        ):
            fetch_connection(tracker, row >> 1)
            if packet["payload"] <= 0:
                prefetch(tracker.neighbours, row >> 1, 0)  # it may end a handshake, and make the connection ASSURED
            return
        row = int(candidate["next"])
        if row >= 0:
            fetch_tuple(tracker, row)
            if packet["flags"] != SYN:
                fetch_connection(tracker, row >> 1)
                return
    fetch_for_opening(tracker, packet)


@hot
def fetch_tuple(tracker: Tracker, row: int) -> None:
    """Fetch what is compared of an IPv4 tuple."""
    prefetch(tracker.tuples, row, 0)
    prefetch(tracker.tuples, row, CHAINED)


@hot
def fetch_connection(tracker: Tracker, row: int) -> None:
    """Fetch a connection's row and both its windows."""
    prefetch(tracker.connections, row, 0)
    prefetch(tracker.connections, row, LINE)
    prefetch(tracker.connections, row, 2 * LINE)
    prefetch(tracker.sides, 2 * row, 0)
    prefetch(tracker.sides, 2 * row, LINE)


@hot
def fetch_for_opening(tracker: Tracker, packet: Row) -> None:
    """Fetch what a packet asks for that seems to open a connection: the bucket of its reply, and whom it evicts."""
    bucket = answer_bucket(tracker, packet)
    if packet["flags"] != SYN:
        prefetch(tracker.buckets, bucket, 0)
    elif tracker.buckets[bucket] >= 0:
        prefetch(tracker.tuples, int(tracker.buckets[bucket]), CHAINED)
    if is_full(tracker):
        fetch_victims(tracker, int(tracker.counters[0]["oldest"]))


@hot
def answer_bucket(tracker: Tracker, packet: Row) -> int:
    """The bucket of the reply tuple of what a packet with ports opens; any, if it is IPv6."""
    key = tracker.counters[0]["hash_key"]
    total = spread_head(packet["dst0"], packet["src0"], packet["dport"], packet["sport"], packet["proto"], key)
    return total & PRIME & (len(tracker.buckets) - 1)


@hot
def fetch_victims(tracker: Tracker, oldest: int) -> None:
    """Fetch for those about to be evicted: for one its row and tuples, for one ahead of it what names these."""
    row = newer_by(tracker, oldest, STEP)
    if row >= 0:
        fetch_front(tracker, 2 * row)
        fetch_front(tracker, 2 * row + 1)
    row = newer_by(tracker, row, STEP)
    if row >= 0:
        fetch_connection(tracker, row)
        prefetch(tracker.tuples, 2 * row, 0)
        prefetch(tracker.tuples, 2 * row, LINE)
        prefetch(tracker.tuples, 2 * row, 2 * LINE)


@hot
def newer_by(tracker: Tracker, row: int, count: int) -> int:
    """The connection so many places younger, or -1."""
    for _ in range(count):
        if row >= 0:
            row = int(tracker.neighbours[row]["newer"])
    return row


@hot
def fetch_front(tracker: Tracker, row: int) -> None:
    """Fetch what names a tuple in its chain: the tuple before it, or the bucket."""
    ahead = int(tracker.tuples[row]["previous"])
    if ahead >= 0:
        prefetch(tracker.tuples, ahead, CHAINED)
    else:
        prefetch(tracker.buckets, bucket_of(tracker, row), 0)
