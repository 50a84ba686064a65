"""What a new connection is translated to, so that its answers can be told from those to others.

Read first: `get_unique_tuple` (net/netfilter/nf_nat_core.c), TRANSLATION in `rule_rows`. What the kernel draws is
not known here: then the port, or the id, is vague. The tuple is put together in row PROPOSED of the tuples.
"""

from __future__ import annotations

from fwsim.engine import hot, shared
from fwsim.engine.address_range import choose_address, is_between, is_one_address
from fwsim.engine.expiry import UNCONFIRMED, delete
from fwsim.engine.program import TO_SAME
from fwsim.engine.serial import after
from fwsim.engine.sources import NOWHERE, first_of_source, next_of_source
from fwsim.engine.tuples import GRE, ICMP, ICMPV6, TCP, Tracker, find, invert
from fwsim.engine.vague import (
    DESTINATION_ID,
    SOURCE_ADDRESS,
    SOURCE_ID,
    VAGUE_ADDRESS,
    VAGUE_ID,
    count_vague,
    find_vague,
    has_ports,
    is_vague,
    take,
)
from fwsim.tables import Row
from fwsim.terms import CtStatus, TcpState

PROPOSED = 2
"""The tuple row of the translated first packet."""
ANSWER = 3
"""That of the answer to it; also scratch. (Row 1 of the connections stays blank: nobody else uses its tuples.)"""

SNAT = int(CtStatus.SNAT)
TENTATIVE = int(CtStatus.TENTATIVE)
STRAY = int(CtStatus.STRAY)
NAT_CLASH = int(CtStatus.NAT_CLASH)
NAT_CLASH_IN_DOUBT = int(CtStatus.NAT_CLASH_IN_DOUBT)
DOUBTFUL = TENTATIVE | int(CtStatus.NAT_IN_DOUBT)
SYN_SENT = int(TcpState.SYN_SENT)
TIME_WAIT = int(TcpState.TIME_WAIT)

MOST_ATTEMPTS = 128
HARDER = 32
"""NF_NAT_MAX_ATTEMPTS and NF_NAT_HARDER_THRESH."""

FREE = 0
TAKEN = 1
PERHAPS = 2

FITS = 1
FITS_PERHAPS = 2

KNOWN = 0
"""The whole tuple is known; else the parts (`fwsim.engine.vague`) that are not."""
NOBODY = -1
"""In COUNTERS["apart"]: the new connection may not be there, and leaves traces."""
PERHAPS_KEPT = 16
"""Besides: perhaps nothing was changed but the address."""


@shared
def make_unique(tracker: Tracker, rule: Row, source: int) -> int:
    """Write the translated tuple of the unconfirmed connection into row PROPOSED; KNOWN, or what of it is not known.

    `rule` is a row of TRANSLATION whose addresses are settled; `source` 1 translates the source. What is not known of
    the tuple is not blurred yet.
    """
    proposed = tracker.tuples[PROPOSED]
    reply = tracker.tuples[2 * UNCONFIRMED + 1]
    invert(reply, proposed)
    if source and not rule["random"]:
        fits = FITS if is_in_range(proposed, rule) else follow_source(tracker, rule)
        taken = is_taken(tracker) if fits == FITS else TAKEN
        if taken == FREE:
            return KNOWN
        if fits == FITS_PERHAPS or taken == PERHAPS:
            return doubt_kept(tracker, rule, fits)
        invert(reply, proposed)
    return choose(tracker, rule, source)


@hot
def doubt_kept(tracker: Tracker, rule: Row, fits: int) -> int:
    """What is not known if the source that is proposed now is kept, or if not, another is chosen."""
    proposed = tracker.tuples[PROPOSED]
    word0, word1, word2 = proposed["src0"], proposed["src1"], proposed["src2"]
    word3, number = proposed["src3"], proposed["src_id"]
    invert(tracker.tuples[2 * UNCONFIRMED + 1], proposed)
    chosen = parts = choose(tracker, rule, 1)
    if not is_one_port(rule) and (proposed["src_id"] != number or fits == FITS_PERHAPS):
        parts |= SOURCE_ID
    if (
        proposed["src0"] != word0
        or proposed["src1"] != word1
        or proposed["src2"] != word2
        or proposed["src3"] != word3
        or (fits == FITS_PERHAPS and not is_one_address(rule))
    ):
        parts |= SOURCE_ADDRESS
    if parts and chosen == KNOWN and is_taken(tracker) != FREE:
        tracker.connections[UNCONFIRMED]["status"] |= NAT_CLASH_IN_DOUBT
    return int(parts | PERHAPS_KEPT if parts else KNOWN)


@hot
def choose(tracker: Tracker, rule: Row, source: int) -> int:
    """Choose an address, and a port if the one that is there will not do; KNOWN, or what is not known."""
    proposed = tracker.tuples[PROPOSED]
    parts = KNOWN
    if rule["to"] != TO_SAME:
        choose_address(proposed, rule, source)
        if source and proposed["dst0"] == VAGUE_ADDRESS and not rule["persistent"] and not is_one_address(rule):
            parts = SOURCE_ADDRESS
    if rule["random"]:
        return int(parts | look_for_id(tracker, rule, source))
    fits = 1
    if rule["ports"]:
        fits = 0 if rule["offset"] else is_id_in_range(proposed, rule, source)
    taken = TAKEN
    if fits:
        if is_one_port(rule):
            return int(parts)
        taken = is_taken(tracker)
        if taken == FREE:
            return int(parts)
    first, second = proposed["src_id"], proposed["dst_id"]
    parts |= look_for_id(tracker, rule, source)
    if taken == PERHAPS:
        if proposed["src_id"] != first or proposed["dst_id"] != second:
            parts |= SOURCE_ID if source else DESTINATION_ID
        if parts:
            parts |= PERHAPS_KEPT
    return int(parts)


@hot
def is_taken(tracker: Tracker) -> int:
    """Whether another connection's packets look as the answers to the proposed one would (`nf_nat_used_tuple`).

    PERHAPS if one of which something is not known may, or one that may not be there; or if the proposed one is not all
    known.
    """
    answer = tracker.tuples[ANSWER]
    if is_vague(tracker.tuples[PROPOSED]):
        return PERHAPS
    invert(tracker.tuples[PROPOSED], answer)
    found = find(tracker, answer)
    if found >= 0 and found >> 1 != tracker.counters[0]["apart"]:
        return PERHAPS if tracker.connections[found >> 1]["status"] & TENTATIVE else TAKEN
    if tracker.counters[0]["vague"] and find_vague(tracker, tracker.tuples[PROPOSED], 1, answer) >= 0:
        return PERHAPS
    return FREE


@hot
def is_in_range(proposed: Row, rule: Row) -> int:
    """Whether the source is one that it may be translated to, as it is (`nf_in_range`)."""
    if rule["to"] != TO_SAME and not is_between(proposed, rule):
        return 0
    return is_id_in_range(proposed, rule, 1) if rule["ports"] else 1


@hot
def is_id_in_range(proposed: Row, rule: Row, source: int) -> int:
    """Whether the port, or the id of ICMP, is in the range (`l4proto_in_range`)."""
    proto = proposed["proto"]
    if proto == ICMP or proto == ICMPV6:
        number = proposed["src_id"]
    elif has_ports(proto) or proto == GRE:
        number = proposed["src_id"] if source else proposed["dst_id"]
    else:
        return 1
    return 1 if rule["low_port"] <= number and number <= rule["high_port"] else 0


@hot
def is_one_port(rule: Row) -> bool:
    """Whether a rule leaves no choice of a port."""
    return bool(rule["ports"] and rule["low_port"] == rule["high_port"])


@hot
def follow_source(tracker: Tracker, rule: Row) -> int:
    """Take the source that another connection from the same one is translated to, if that FITS the rule, or perhaps.

    (`find_appropriate_src`; the newest that fits.)
    """
    proposed = tracker.tuples[PROPOSED]
    own = tracker.tuples[ANSWER]
    take(proposed, own)
    if own["src_id"] == VAGUE_ID or own["src0"] == VAGUE_ADDRESS:
        return FITS_PERHAPS  # who came from there is not known
    row = first_of_source(tracker, own)
    while row != NOWHERE:
        if row == tracker.counters[0]["apart"]:
            row = next_of_source(tracker, row, own)
            continue
        take_source(tracker.tuples[2 * row + 1], proposed)
        if is_vague(proposed):
            return FITS_PERHAPS
        if is_in_range(proposed, rule):
            return FITS_PERHAPS if tracker.connections[row]["status"] & DOUBTFUL else FITS
        row = next_of_source(tracker, row, own)
    take(own, proposed)
    return 0


@hot
def take_source(reply: Row, proposed: Row) -> None:
    """The source that a connection with this reply tuple is translated to."""
    proposed["src0"], proposed["src1"] = reply["dst0"], reply["dst1"]
    proposed["src2"], proposed["src3"] = reply["dst2"], reply["dst3"]
    proto = reply["proto"]
    proposed["src_id"] = reply["src_id"] if proto == ICMP or proto == ICMPV6 else reply["dst_id"]


@hot
def look_for_id(tracker: Tracker, rule: Row, source: int) -> int:
    """Look for a port or an id that makes the tuple unique (`nf_nat_l4proto_unique_tuple`); KNOWN, or its part."""
    proposed = tracker.tuples[PROPOSED]
    proto = proposed["proto"]
    is_icmp = proto == ICMP or proto == ICMPV6
    if not is_icmp and (not has_ports(proto) or (not rule["ports"] and not source)):
        return KNOWN
    number = proposed["src_id"] if is_icmp or source else proposed["dst_id"]
    low, high = rule["low_port"], rule["high_port"]
    if not rule["ports"]:
        low = 0 if is_icmp else least_of_kind(number)
        high = 0xFFFF if is_icmp or number >= 1024 else 511 if number < 512 else 1023
    elif high < low and not is_icmp:
        low, high = high, low
    size = high - low + 1
    start = 0
    if rule["offset"]:
        start = number - rule["base_port"] & 0xFFFF
    elif (rule["random"] or source) and size != 1:
        part = SOURCE_ID if source or is_icmp else DESTINATION_ID
        if size <= MOST_ATTEMPTS:
            count_free(tracker, low, size, part)
        return part
    if try_ids(tracker, low, size, start, source or is_icmp):
        return KNOWN
    return SOURCE_ID if source else DESTINATION_ID


@shared
def count_free(tracker: Tracker, low: int, size: int, part: int) -> None:
    """Note on the unconfirmed connection whether all numbers of a small range are taken, for sure or perhaps.

    Connections that are over may have been deleted for it, whichever number was drawn (`is_overcome`).
    """
    proposed = tracker.tuples[PROPOSED]
    number = proposed["src_id"] if part == SOURCE_ID else proposed["dst_id"]
    taken = count_vague(tracker, proposed, part, tracker.tuples[ANSWER], size)
    surely = 0
    for i in range(size):
        set_id(proposed, part, low + i)
        invert(proposed, tracker.tuples[ANSWER])
        found = find(tracker, tracker.tuples[ANSWER])
        if found < 0 or found >> 1 == tracker.counters[0]["apart"]:
            continue
        if can_be_overcome(tracker, found):
            tracker.connections[found >> 1]["status"] |= TENTATIVE | STRAY
        else:
            taken += 1
            surely += 0 if tracker.connections[found >> 1]["status"] & TENTATIVE else 1
    set_id(proposed, part, number)
    if taken >= size:
        tracker.connections[UNCONFIRMED]["status"] |= NAT_CLASH if surely == size else NAT_CLASH_IN_DOUBT


@hot
def set_id(proposed: Row, part: int, number: int) -> None:
    """Write the port of one end, or the id."""
    if part == SOURCE_ID:
        proposed["src_id"] = number
    else:
        proposed["dst_id"] = number


@hot
def least_of_kind(port: int) -> int:
    """The least port of the kind of one: of credentials, privileged, others."""
    if port >= 1024:
        return 1024
    return 1 if port < 512 else 600


@hot
def try_ids(tracker: Tracker, low: int, size: int, start: int, source: int) -> bool:
    """Try one number after the other; the last one stays if none is free. False if another is drawn, or perhaps."""
    proposed = tracker.tuples[PROPOSED]
    attempts = min(size, MOST_ATTEMPTS)
    for i in range(attempts):
        number = low + (start + i & 0xFFFF) % size if size > 0 else low
        if source:
            proposed["src_id"] = number
        else:
            proposed["dst_id"] = number
        taken = is_taken(tracker)
        if taken == TAKEN and attempts - i <= HARDER:
            taken = overcome(tracker)
        if taken == FREE or (taken == PERHAPS and i == attempts - 1 and attempts >= size):
            return True
        if taken == PERHAPS:
            return False
    return attempts >= size


@hot
def overcome(tracker: Tracker) -> int:
    """FREE if the connection in the way is over and its sequence numbers are passed: it is deleted; else TAKEN.

    (`nf_nat_used_tuple_harder`.) PERHAPS if the new one may not be there: then the other stays, in doubt.
    """
    found = find(tracker, tracker.tuples[ANSWER])
    if not can_be_overcome(tracker, found):
        return TAKEN
    if tracker.counters[0]["apart"] == 0:
        delete(tracker, found >> 1)
        return FREE
    if tracker.counters[0]["apart"] == NOBODY:
        tracker.connections[found >> 1]["status"] |= TENTATIVE | STRAY
    return PERHAPS


@hot
def can_be_overcome(tracker: Tracker, found: int) -> bool:
    """Whether the connection of a tuple row, which is in the way of the unconfirmed one, is over, and passed."""
    new = tracker.connections[UNCONFIRMED]
    if tracker.tuples[found]["proto"] != TCP or new["state"] != SYN_SENT:
        return False
    old = tracker.connections[found >> 1]
    if found & 1 == 0 or old["state"] < TIME_WAIT or old["status"] & SNAT == 0:
        return False
    return bool(after(tracker.sides[2 * UNCONFIRMED]["end"], tracker.sides[found & ~1]["end"]))
