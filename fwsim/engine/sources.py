"""Connections by the address and port that their first packets came from: the next one gets the same translation.

Read first: `find_appropriate_src` and `hash_by_src` (net/netfilter/nf_nat_core.c), SOURCE in `fwsim.tables`. A row
stays in its chain until it is used again: whoever goes along a chain passes over connections that are gone.
"""

from __future__ import annotations

from fwsim.engine import hot, shared
from fwsim.engine.expiry import UNCONFIRMED
from fwsim.engine.tuples import Tracker, fold, is_live
from fwsim.tables import Row

NOWHERE = 0
"""The end of a chain, and the bucket of what hangs in none: rows of connections begin behind it."""


@hot
def source_bucket(tracker: Tracker, row: Row) -> int:
    """The bucket of a tuple's source, from 1 on."""
    key = tracker.counters[0]["hash_key"]
    total = fold((row["src0"] & 0x3FFFFFFF) * key + (row["src_id"] | row["proto"] << 17))
    total = fold(total * key + ((row["src1"] ^ row["src2"] ^ row["src3"]) & 0x3FFFFFFF))
    return 1 + (total & (len(tracker.source_buckets) - 2))


@hot
def hang_by_source(tracker: Tracker, row: int) -> None:
    """Put a connection in front of its chain (`nf_nat_setup_info`)."""
    leave_source(tracker, row)
    tracker.sources[row]["out"] = tracker.sources[UNCONFIRMED]["out"]
    bucket = source_bucket(tracker, tracker.tuples[2 * row])
    first = int(tracker.source_buckets[bucket])
    place = tracker.sources[row]
    place["bucket"] = bucket
    place["older"] = first
    place["newer"] = NOWHERE
    if first != NOWHERE:
        tracker.sources[first]["newer"] = row
    tracker.source_buckets[bucket] = row


@hot
def leave_source(tracker: Tracker, row: int) -> None:
    """Take what was in this row before out of its chain."""
    place = tracker.sources[row]
    if place["bucket"] == NOWHERE:
        return
    older, newer = int(place["older"]), int(place["newer"])
    if newer != NOWHERE:
        tracker.sources[newer]["older"] = older
    else:
        tracker.source_buckets[place["bucket"]] = older
    if older != NOWHERE:
        tracker.sources[older]["newer"] = newer
    place["bucket"] = NOWHERE


@hot
def first_of_source(tracker: Tracker, wanted: Row) -> int:
    """The newest connection from the source of a tuple, or NOWHERE."""
    return same_source(tracker, int(tracker.source_buckets[source_bucket(tracker, wanted)]), wanted)


@hot
def next_of_source(tracker: Tracker, row: int, wanted: Row) -> int:
    """The one before it, or NOWHERE."""
    return same_source(tracker, int(tracker.sources[row]["older"]), wanted)


@shared
def same_source(tracker: Tracker, row: int, wanted: Row) -> int:
    """The first connection of a chain, from `row` on, that came from the source of a tuple, or NOWHERE."""
    while row != NOWHERE:
        known = tracker.tuples[2 * row]
        if (
            known["src0"] == wanted["src0"]
            and known["src_id"] == wanted["src_id"]
            and known["proto"] == wanted["proto"]
            and known["src1"] == wanted["src1"]
            and known["src2"] == wanted["src2"]
            and known["src3"] == wanted["src3"]
            and is_live(tracker.connections[row])
        ):
            return row
        row = int(tracker.sources[row]["older"])
    return NOWHERE
