"""A connection that was expected is translated as the one that announced it: `nf_nat_follow_master`.

Read first: `fwsim.engine.expectation`, `get_unique_tuple` in `fwsim.engine.unique_tuple`. Both sides are bound when the
connection begins, before any rule sees it, and no chain that translates is asked: it seems to come from where the
master's announcer has sent to, and goes to the announcer, at the port that this has named.
"""

from __future__ import annotations

from fwsim.engine import hot, shared
from fwsim.engine.address_range import set_address
from fwsim.engine.expectation import NOT_AT_ALL, PERHAPS, SURELY, expectation_of, has_same_ends, is_expected
from fwsim.engine.expiry import UNCONFIRMED
from fwsim.engine.sources import NOWHERE, first_of_source, next_of_source
from fwsim.engine.tuples import Tracker, invert, is_same
from fwsim.engine.unique_tuple import ANSWER, FREE, PROPOSED, TAKEN, is_taken, take_source
from fwsim.engine.vague import DESTINATION, SOURCE_ID, VAGUE_ID, blur, differing_parts, is_vague, take
from fwsim.tables import Row
from fwsim.terms import UNKNOWN_VALUE, CtStatus

SNAT = int(CtStatus.SNAT)
DNAT = int(CtStatus.DNAT)
SNAT_DONE = int(CtStatus.SNAT_DONE)
DNAT_DONE = int(CtStatus.DNAT_DONE)
IN_DOUBT = int(CtStatus.NAT_IN_DOUBT)


@shared
def follow_master(tracker: Tracker, master: int) -> None:
    """Bind both sides of the unconfirmed connection, which surely follows `master`."""
    expectation = expectation_of(tracker, master)
    heard = tracker.tuples[2 * master + expectation["direction"]]
    proposed = tracker.tuples[PROPOSED]
    tracker.sources[UNCONFIRMED]["out"] = NOWHERE  # no rule has masqueraded it
    invert(tracker.tuples[2 * UNCONFIRMED + 1], proposed)
    bind_source(tracker, heard)
    settle(tracker, SNAT, SNAT_DONE)
    invert(tracker.tuples[2 * UNCONFIRMED + 1], proposed)
    set_address(proposed, 0, heard["src0"], heard["src1"], heard["src2"], heard["src3"])
    proposed["dst_id"] = VAGUE_ID if expectation["saved"] == UNKNOWN_VALUE else expectation["saved"]
    settle(tracker, DNAT, DNAT_DONE)


@shared
def follow_perhaps(tracker: Tracker, master: int) -> None:
    """The unconfirmed connection perhaps follows `master`: rules bind it, and `doubt_following` what is not known."""
    follow_master(tracker, master)
    connection = tracker.connections[UNCONFIRMED]
    if connection["status"] & (SNAT | DNAT):
        connection["status"] |= IN_DOUBT
    connection["status"] &= ~(SNAT_DONE | DNAT_DONE)
    invert(tracker.tuples[2 * UNCONFIRMED], tracker.tuples[2 * UNCONFIRMED + 1])


@shared
def doubt_following(tracker: Tracker, now: int, kept: Row, side: int) -> None:
    """Of a side that rules have bound, what it would not have of every master that it may follow, is not known.

    `side` is SOURCE or DESTINATION of the answer's tuple; `kept` is a row of TUPLE, scratch.
    """
    connection = tracker.connections[UNCONFIRMED]
    reply = tracker.tuples[2 * UNCONFIRMED + 1]
    row = int(tracker.counters[0]["newest_expecting"])
    while row >= 0:
        expectation = expectation_of(tracker, row)
        if (
            expectation["follows"]
            and expectation["expires"] > now
            and is_expected(tracker, row, tracker.tuples[2 * UNCONFIRMED])
        ):
            status, out = connection["status"], tracker.sources[UNCONFIRMED]["out"]
            take(reply, kept)
            invert(tracker.tuples[2 * UNCONFIRMED], reply)
            follow_master(tracker, row)
            parts = differing_parts(reply, kept) & side
            take(kept, reply)
            tracker.sources[UNCONFIRMED]["out"] = out
            connection["status"] = status
            if parts:
                blur(reply, parts)
                connection["status"] |= IN_DOUBT | (SNAT if side == DESTINATION else DNAT)
        row = int(expectation["older"])


@shared
def find_announced(tracker: Tracker, packet: Row, came: Row) -> int:
    """Whether a packet that opens a connection may be an expected one that was seen going out, as its master.

    NOT_AT_ALL, SURELY or PERHAPS. `came` is a row of TUPLE: there is written what it came in with. The port of its
    source is the same, unless another connection was in the way.
    """
    found = NOT_AT_ALL
    row = int(tracker.counters[0]["newest_expecting"])
    while row >= 0:
        expectation = expectation_of(tracker, row)
        direction = expectation["direction"]
        if (
            expectation["follows"]
            and expectation["expires"] > packet["now"]
            and (expectation["saved"] == packet["dport"] or expectation["saved"] == UNKNOWN_VALUE)
            and has_same_ends(tracker.tuples[2 * row + direction], packet, 1)
        ):
            expected = tracker.tuples[2 * row + 1 - direction]
            take(expected, came)
            came["src_id"] = packet["sport"]
            came["dst_id"] = expectation["port"]
            if expectation["expects"] == SURELY and not is_vague(came):
                return SURELY
            found = PERHAPS
        row = int(expectation["older"])
    return found


@hot
def settle(tracker: Tracker, changed: int, done: int) -> None:
    """Make the answers to the proposed tuple the reply of the unconfirmed connection (`nf_nat_setup_info`)."""
    connection = tracker.connections[UNCONFIRMED]
    reply = tracker.tuples[2 * UNCONFIRMED + 1]
    answer = tracker.tuples[ANSWER]
    connection["status"] |= done
    invert(tracker.tuples[PROPOSED], answer)
    if not is_same(answer, reply):
        take(answer, reply)
        connection["status"] |= changed


@hot
def bind_source(tracker: Tracker, heard: Row) -> None:
    """Propose a source at the address to which the announcer's packets go: with its own port, unless that is taken.

    Then the kernel draws one: it is vague.
    """
    proposed = tracker.tuples[PROPOSED]
    if not is_from(proposed, heard) and not follow_source_to(tracker, heard):
        set_address(proposed, 1, heard["dst0"], heard["dst1"], heard["dst2"], heard["dst3"])
    if is_vague(proposed) or is_taken(tracker) != FREE:
        blur(proposed, SOURCE_ID)


@hot
def is_from(proposed: Row, heard: Row) -> bool:
    """Whether a tuple comes from where another goes to."""
    return bool(
        proposed["src0"] == heard["dst0"]
        and proposed["src1"] == heard["dst1"]
        and proposed["src2"] == heard["dst2"]
        and proposed["src3"] == heard["dst3"]
    )


@hot
def follow_source_to(tracker: Tracker, heard: Row) -> bool:
    """Propose what another connection from the same source is translated to, at the right address, if that is free.

    (`find_appropriate_src`; only the newest is tried.)
    """
    proposed = tracker.tuples[PROPOSED]
    own = tracker.tuples[ANSWER]
    invert(tracker.tuples[2 * UNCONFIRMED + 1], own)
    row = first_of_source(tracker, own)
    while row != NOWHERE:
        take_source(tracker.tuples[2 * row + 1], proposed)
        if is_from(proposed, heard):
            if is_vague(proposed) or is_taken(tracker) != TAKEN:
                return True
            break
        row = next_of_source(tracker, row, own)
    invert(tracker.tuples[2 * UNCONFIRMED + 1], proposed)
    return False
