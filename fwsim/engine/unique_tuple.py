"""What a new connection is translated to, so that its answers can be told from those to others.

Read first: `get_unique_tuple` (net/netfilter/nf_nat_core.c), TRANSLATION in `rule_rows`. What the kernel draws is
not known here: then the port, or the id, is vague. The tuple is put together in row PROPOSED of the tuples.
"""

from __future__ import annotations

from fwsim.engine import hot, shared
from fwsim.engine.expiry import UNCONFIRMED, delete
from fwsim.engine.jhash import hash_of_address, swapped
from fwsim.engine.program import TO_SAME
from fwsim.engine.serial import after
from fwsim.engine.sources import NOWHERE, first_of_source, next_of_source
from fwsim.engine.tuples import GRE, ICMP, ICMPV6, TCP, Tracker, find, invert
from fwsim.engine.vague import (
    DESTINATION_ID,
    SOURCE_ADDRESS,
    SOURCE_ID,
    VAGUE_ADDRESS,
    find_vague,
    has_ports,
    is_vague,
    take,
)
from fwsim.tables import V6, Row
from fwsim.terms import CtStatus, TcpState

PROPOSED = 2
"""The tuple row of the translated first packet."""
ANSWER = 3
"""That of the answer to it; also scratch. (Row 1 of the connections stays blank: nobody else uses its tuples.)"""

WORD = 0xFFFFFFFF
SNAT = int(CtStatus.SNAT)
TENTATIVE = int(CtStatus.TENTATIVE)
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
    parts = choose(tracker, rule, 1)
    if proposed["src_id"] != number or fits == FITS_PERHAPS:
        parts |= SOURCE_ID
    if (
        proposed["src0"] != word0
        or proposed["src1"] != word1
        or proposed["src2"] != word2
        or proposed["src3"] != word3
        or (fits == FITS_PERHAPS and not is_one_address(rule))
    ):
        parts |= SOURCE_ADDRESS
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
        if rule["ports"] and rule["low_port"] == rule["high_port"]:
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
    if found >= 0:
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
def is_between(proposed: Row, rule: Row) -> bool:
    """Whether the source address is in the range."""
    return is_at_most(
        rule["low0"], rule["low1"], rule["low2"], rule["low3"],
        proposed["src0"], proposed["src1"], proposed["src2"], proposed["src3"],
    ) and is_at_most(
        proposed["src0"], proposed["src1"], proposed["src2"], proposed["src3"],
        rule["high0"], rule["high1"], rule["high2"], rule["high3"],
    )  # fmt: skip


@hot
def is_at_most(a0: int, a1: int, a2: int, a3: int, b0: int, b1: int, b2: int, b3: int) -> bool:
    """Whether one address is at most another."""
    if a0 != b0:
        return bool(a0 < b0)
    if a1 != b1:
        return bool(a1 < b1)
    if a2 != b2:
        return bool(a2 < b2)
    return bool(a3 <= b3)


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
def follow_source(tracker: Tracker, rule: Row) -> int:
    """Take the source that another connection from the same one is translated to, if that FITS the rule, or perhaps.

    (`find_appropriate_src`; the newest that fits.)
    """
    proposed = tracker.tuples[PROPOSED]
    own = tracker.tuples[ANSWER]
    take(proposed, own)
    row = first_of_source(tracker, own)
    while row != NOWHERE:
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
def is_one_address(rule: Row) -> bool:
    """Whether a range holds one address, or that is kept which is there."""
    if rule["to"] == TO_SAME:
        return True
    return bool(
        rule["low0"] == rule["high0"]
        and rule["low1"] == rule["high1"]
        and rule["low2"] == rule["high2"]
        and rule["low3"] == rule["high3"]
    )


@hot
def choose_address(proposed: Row, rule: Row, source: int) -> None:
    """Translate to one of the addresses of a range, which hangs on both ends (`find_best_ips_proto`)."""
    if is_one_address(rule):
        set_address(proposed, source, rule["low0"], rule["low1"], rule["low2"], rule["low3"])
        return
    is_v4 = rule["low0"] < V6
    persistent = rule["persistent"]
    last = proposed["dst0"] if is_v4 else proposed["dst3"]
    draw = hash_of_address(
        swapped(proposed["src0"]),
        swapped(proposed["src1"]),
        swapped(proposed["src2"]),
        swapped(proposed["src3"]),
        0 if persistent else swapped(last),
    )
    word0 = chosen_word(draw, rule["low0"] & WORD, rule["high0"] & WORD, 0)
    if is_v4:
        set_address(proposed, source, word0, 0, 0, 0)
        return
    free = 1 if word0 != rule["high0"] & WORD else 0
    if not persistent:
        draw ^= swapped(proposed["dst0"] if source else word0)
    word1 = chosen_word(draw, rule["low1"], rule["high1"], free)
    free |= 1 if word1 != rule["high1"] else 0
    if not persistent:
        draw ^= swapped(proposed["dst1"] if source else word1)
    word2 = chosen_word(draw, rule["low2"], rule["high2"], free)
    free |= 1 if word2 != rule["high2"] else 0
    if not persistent:
        draw ^= swapped(proposed["dst2"] if source else word2)
    word3 = chosen_word(draw, rule["low3"], rule["high3"], free)
    set_address(proposed, source, V6 + word0, word1, word2, word3)


@hot
def chosen_word(draw: int, low: int, high: int, free: int) -> int:
    """A word of the chosen address: between two, or if a word before is below its highest, any."""
    many = WORD if free else high - low + 1 & WORD
    share = (draw >> 16) * many + ((draw & 0xFFFF) * many >> 16) >> 16  # draw * many >> 32
    return int(share if free else low + share & WORD)


@hot
def set_address(proposed: Row, source: int, word0: int, word1: int, word2: int, word3: int) -> None:
    """Write the address of one end."""
    if source:
        proposed["src0"], proposed["src1"] = word0, word1
        proposed["src2"], proposed["src3"] = word2, word3
    else:
        proposed["dst0"], proposed["dst1"] = word0, word1
        proposed["dst2"], proposed["dst3"] = word2, word3


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
        return SOURCE_ID if source else DESTINATION_ID
    if try_ids(tracker, low, size, start, source or is_icmp):
        return KNOWN
    return SOURCE_ID if source else DESTINATION_ID


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
        if taken == TAKEN and attempts - i <= HARDER and is_overcome(tracker):
            taken = FREE
        if taken == FREE or (taken == PERHAPS and i == attempts - 1 and attempts >= size):
            return True
        if taken == PERHAPS:
            return False
    return attempts >= size


@hot
def is_overcome(tracker: Tracker) -> bool:
    """Whether the connection in the way is over and its sequence numbers are passed: then it is deleted.

    (`nf_nat_used_tuple_harder`.)
    """
    new = tracker.connections[UNCONFIRMED]
    answer = tracker.tuples[ANSWER]
    if answer["proto"] != TCP or new["state"] != SYN_SENT:
        return False
    found = find(tracker, answer)
    old = tracker.connections[found >> 1]
    if found & 1 == 0 or old["state"] < TIME_WAIT or old["status"] & SNAT == 0:
        return False
    if not after(tracker.sides[2 * UNCONFIRMED]["end"], tracker.sides[found & ~1]["end"]):
        return False
    delete(tracker, found >> 1)
    return True
