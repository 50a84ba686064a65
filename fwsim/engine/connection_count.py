"""How many connections there are of a key: nft's `ct count`, xt_connlimit.

Read first: `net/netfilter/nf_conncount.c` (__nf_conncount_add), `keyed`. An entry has a list of original tuples. Each
packet goes along the list: what is no connection any more, or one of TCP that is closed, is taken out, at most so many
at a time; if its own connection is met, that is the end; else it is added. What is refused afterwards is therefore
counted until the next packet of that key. Unlike Linux: also two packets within one tick find what is gone.
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot, shared
from fwsim.engine.entries import Keyed
from fwsim.engine.keyed import R_FULL, in_doubt, suspect
from fwsim.engine.program import FALSE, MAYBE, TRUE
from fwsim.engine.tuples import find as find_tuple
from fwsim.engine.tuples import is_same, of_packet
from fwsim.terms import UNKNOWN_VALUE, CtStatus, Proto, Reason, TcpState

Row = Any

TCP = int(Proto.TCP)
UDP = int(Proto.UDP)
UDPLITE = int(Proto.UDPLITE)
SCTP = int(Proto.SCTP)
ICMP = int(Proto.ICMP)
ICMPV6 = int(Proto.ICMPV6)
TIME_WAIT = int(TcpState.TIME_WAIT)
CLOSE = int(TcpState.CLOSE)
TENTATIVE = int(CtStatus.TENTATIVE)
R_TENTATIVE = int(Reason.TENTATIVE)
R_NOT_COUNTED = int(Reason.NOT_COUNTED)

COLLECTED_MOST = 64
"""When more than so many were taken out, the rest is left for the next packet (CONNCOUNT_GC_MAX_NODES)."""


@shared
def count_connections(kept: Keyed, at: int, seen: Row, quiet: int) -> int:
    """Whether the connections of an entry, the packet's among them, are few enough."""
    why = own_tuple(kept, seen)
    if why:
        if not quiet:
            suspect(kept, at, why)
        return in_doubt(kept, why)
    entry = kept.entries[at]
    if quiet:
        many = listed(kept, entry) > entry["connections"]
    else:
        met = is_met(kept, entry)
        if met == MAYBE:
            suspect(kept, at, R_TENTATIVE)
            return in_doubt(kept, R_TENTATIVE)
        if met == FALSE and not append(kept, entry):
            suspect(kept, at, R_FULL)
            return in_doubt(kept, R_FULL)
        many = entry["count"] > entry["connections"]
    if entry["over"]:
        return TRUE if many else FALSE
    return FALSE if many else TRUE


@hot
def own_tuple(kept: Keyed, seen: Row) -> int:
    """Write the original tuple of the packet's connection, or else the packet's own, into tuple 0.

    The Reason why there is no saying which, or 0.
    """
    row = kept.books[0]["connection"]
    if row == UNKNOWN_VALUE:
        return R_NOT_COUNTED  # no connections are tracked
    tracker = kept.tracker
    if row < 0:
        if not has_tuple(seen):
            return R_NOT_COUNTED
        of_packet(seen, kept.tuples[0])
        found = find_tuple(tracker, kept.tuples[0])
        if found < 0:
            return 0
        row = found >> 1
    if row > 0 and tracker.connections[row]["status"] & TENTATIVE:
        return R_TENTATIVE
    kept.tuples[0] = tracker.tuples[2 * row]
    return 0


@hot
def has_tuple(packet: Row) -> bool:
    """Whether a packet has all that its tuple is made of."""
    proto = packet["proto"]
    if proto == TCP or proto == UDP or proto == UDPLITE or proto == SCTP:
        return bool(packet["sport"] >= 0 and packet["dport"] >= 0)
    if proto == ICMP or proto == ICMPV6:
        return bool(packet["icmp_id"] >= 0 and packet["icmp_type"] >= 0 and packet["icmp_code"] >= 0)
    return bool(proto >= 0)


@hot
def is_met(kept: Keyed, entry: Row) -> int:
    """Go along the list: whether the tuple 0 is in it. What is gone before it is taken out.

    MAYBE if there is a connection of which that is not known.
    """
    before = 0
    at = int(entry["first_tuple"])
    collected = 0
    while at > 0 and collected <= COLLECTED_MOST:
        following = int(kept.tuples[at]["next"])
        row = find_tuple(kept.tracker, kept.tuples[at])
        if row >= 0 and is_same(kept.tuples[at], kept.tuples[0]):
            return TRUE
        if row >= 0 and kept.tracker.connections[row >> 1]["status"] & TENTATIVE:
            return MAYBE
        if row < 0 or is_closed(kept, row):
            take_out(kept, entry, before, at)
            collected += 1
        else:
            before = at
        at = following
    return FALSE


@hot
def is_closed(kept: Keyed, row: int) -> bool:
    """Whether the connection of a tuple row is over, though it is remembered still (`already_closed`)."""
    state = kept.tracker.connections[row >> 1]["state"]
    return bool(kept.tracker.tuples[row]["proto"] == TCP and (state == TIME_WAIT or state == CLOSE))


@hot
def take_out(kept: Keyed, entry: Row, before: int, at: int) -> None:
    """Take a tuple out of a list; `before` it is another, or 0."""
    if before > 0:
        kept.tuples[before]["next"] = kept.tuples[at]["next"]
    else:
        entry["first_tuple"] = kept.tuples[at]["next"]
    if entry["last_tuple"] == at:
        entry["last_tuple"] = before
    entry["count"] -= 1
    kept.books[0]["tuples"] -= 1
    kept.tuples[at]["next"] = kept.books[0]["free_tuple"]
    kept.books[0]["free_tuple"] = at


@hot
def append(kept: Keyed, entry: Row) -> bool:
    """Add the tuple 0 at the end of a list, if there is a row left (`fwsim.keyed_tables` sees to that)."""
    books = kept.books[0]
    at = int(books["free_tuple"])
    if at > 0:
        books["free_tuple"] = kept.tuples[at]["next"]
    elif books["tuples_used"] + 1 < len(kept.tuples):
        books["tuples_used"] += 1
        at = int(books["tuples_used"])
    else:
        return False
    kept.tuples[at] = kept.tuples[0]
    kept.tuples[at]["next"] = 0
    if entry["last_tuple"] > 0:
        kept.tuples[entry["last_tuple"]]["next"] = at
    else:
        entry["first_tuple"] = at
    entry["last_tuple"] = at
    entry["count"] += 1
    books["tuples"] += 1
    return True


@hot
def listed(kept: Keyed, entry: Row) -> int:
    """What the count would be, with tuple 0 in the list, without changing it."""
    at = int(entry["first_tuple"])
    count = int(entry["count"])
    collected = 0
    while at > 0 and collected <= COLLECTED_MOST:
        row = find_tuple(kept.tracker, kept.tuples[at])
        if row >= 0 and is_same(kept.tuples[at], kept.tuples[0]):
            return count
        if row < 0 or is_closed(kept, row):
            count -= 1
            collected += 1
        at = int(kept.tuples[at]["next"])
    return count + 1


@hot
def is_deserted(kept: Keyed, entry: Row) -> bool:
    """Whether no connection of a list is one any more."""
    at = int(entry["first_tuple"])
    while at > 0:
        row = find_tuple(kept.tracker, kept.tuples[at])
        if row >= 0 and not is_closed(kept, row):
            return False
        at = int(kept.tuples[at]["next"])
    return True
