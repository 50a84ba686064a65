"""Packets that may belong to a connection of which not all is known, and those connections.

Read first: `fwsim.engine.vague`. Such a connection may have been changed by the packet, or not: nothing about it is
sure any more, so it is kept as long as the kernel may keep it, and it is TENTATIVE.
"""

from __future__ import annotations

from fwsim.engine import hot, shared
from fwsim.engine.ftp import HELPER, STRAY, read_along
from fwsim.engine.tuples import GRE, ICMP, ICMPV6, SCTP, TCP, UDP, UDPLITE, Tracker, is_same
from fwsim.engine.vague import MIXTURES, blur, bucket_of_row, take
from fwsim.tables import Row, Table
from fwsim.terms import CtStatus

TENTATIVE = int(CtStatus.TENTATIVE)

ROUND = 10_000_000_000
"""In ns: connections that a packet may be one of are kept up to so much longer, so that not all of them have to be
looked at for each."""


@shared
def go_astray(tracker: Tracker, wanted: Row, packet: Row, quotes: Table, left: int, scratch: Row) -> bool:
    """Mark all connections that may have the tuple of a packet, or (`left` 1) of its answer; whether there is one.

    Of those with equal tuples the newest is first in its bucket; those behind one marked in this round are marked too.
    """
    settings = tracker.settings[0]
    helping = settings["helping"]
    found = False
    for parts in range(MIXTURES):
        if tracker.counters[0]["vague"] >> parts & 1 == 0:
            continue
        take(wanted, scratch)
        blur(scratch, parts)
        row = int(tracker.buckets[bucket_of_row(tracker, scratch)])
        while row >= 0:
            candidate = tracker.tuples[row]
            if is_same(candidate, scratch):
                found = True
                connection = tracker.connections[row >> 1]
                longest = longest_life(connection, packet["proto"], end_of_round(tracker, packet["now"]), settings)
                if connection["status"] & STRAY and connection["expires"] >= longest and not helping:
                    break
                be_stray(tracker, row >> 1, packet, quotes, row & 1 ^ left)
            row = int(candidate["next"])
    return found


@hot
def be_stray(tracker: Tracker, row: int, packet: Row, quotes: Table, direction: int) -> None:
    """A packet may be one of a connection: nor is its state known, then, nor what the FTP helper has read."""
    connection = tracker.connections[row]
    connection["status"] |= STRAY | TENTATIVE
    linger(connection, packet["proto"], end_of_round(tracker, packet["now"]), tracker.settings[0])
    if connection["status"] & HELPER:
        read_along(tracker, row, packet, quotes, direction, True)


@hot
def end_of_round(tracker: Tracker, now: int) -> int:
    """When the next round begins; the first one begins with the first such packet."""
    counters = tracker.counters[0]
    if counters["astray"] == 0:
        counters["astray"] = now
    return int(now - (now - counters["astray"]) % ROUND + ROUND)


@hot
def linger(connection: Row, proto: int, now: int, settings: Row) -> None:
    """Keep a connection as long as the kernel may: packets of it may have been missed."""
    connection["expires"] = longest_life(connection, proto, now, settings)


@hot
def longest_life(connection: Row, proto: int, now: int, settings: Row) -> int:
    """When a connection is gone at the latest that a packet may have been one of."""
    longest = connection["expires"]
    if proto == TCP:
        longest = now + settings["established"]
    elif proto == UDP or proto == UDPLITE:
        longest = now + settings["udp_stream"]
    elif proto == SCTP:
        longest = now + settings["sctp_established"]
    elif proto == GRE:
        longest = now + settings["gre_stream"]
    elif proto == ICMP:
        longest = now + settings["icmp"]
    else:
        longest = now + (settings["icmpv6"] if proto == ICMPV6 else settings["generic"])
    return int(max(longest, connection["expires"]))
