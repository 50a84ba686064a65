"""Looking ahead: what the packets to come will ask of a connection table is fetched before they ask.

Read first: `fwsim.engine.prefetch`, `fwsim.engine.tuples`. Nothing here changes what is decided.
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot
from fwsim.engine.prefetch import prefetch
from fwsim.engine.tuples import Tracker, spread
from fwsim.tables import Row, Table

STEP = 5
"""Packets between fetching a bucket and the tuple that it names, and from there to the connection: each needs some
100 ns, and a packet takes about as long as 20 to 50."""
LINE = 64
"""Bytes of a cache line."""


@hot
def hash_packets(tracker: Tracker, packets: Table, hashes: Any, start: int, end: int) -> None:
    """Write the hash of the tuples of packets that have ports; -1 for others, which are looked up otherwise."""
    key = tracker.counters[0]["hash_key"]
    for i in range(start, end):
        hashes[i] = hash_packet(packets[i], key)


@hot
def hash_packet(packet: Row, key: int) -> int:
    """The hash of the tuple of a packet with ports, else -1."""
    sport, dport = packet["sport"], packet["dport"]
    return spread(packet, sport, dport, key) if sport >= 0 and dport >= 0 else -1


@hot
def look_ahead(tracker: Tracker, hashes: Any, i: int, end: int) -> None:
    """Fetch for packets behind row `i`: for one its bucket, for one its tuple, for one its connection."""
    mask = len(tracker.buckets) - 1
    if i + 3 * STEP < end:
        prefetch(tracker.buckets, hashes[i + 3 * STEP] & mask, 0)
    if i + 2 * STEP < end:
        row = tracker.buckets[hashes[i + 2 * STEP] & mask]
        if row >= 0:
            prefetch(tracker.tuples, row, 0)
            prefetch(tracker.tuples, row, LINE)
    if i + STEP < end:
        row = tracker.buckets[hashes[i + STEP] & mask]
        if row >= 0:
            fetch_connection(tracker, row >> 1)


@hot
def fetch_connection(tracker: Tracker, row: int) -> None:
    """Fetch a connection's row and both its windows."""
    prefetch(tracker.connections, row, 0)
    prefetch(tracker.connections, row, LINE)
    prefetch(tracker.connections, row, 2 * LINE)
    prefetch(tracker.connections, row, 3 * LINE)
    prefetch(tracker.sides, 2 * row, 0)
    prefetch(tracker.sides, 2 * row, LINE)
