"""Connection tracking: which connection a packet belongs to, and what it does to it (`nf_conntrack_in`, Linux 6.18).

Read first: conntrack-spec §1 and §2, then `track` here; `fwsim.tables.CONNECTION` and `TRACK`. A packet is *tracked*
before the rules see it; if it opens a connection, that is row 0 of the table until the packet has passed all rules
and it is *confirmed*, or has not and it is *forgotten*. What a packet did to a confirmed connection stays, whatever
the rules say.

Protocols are elsewhere: `tcp`, `sctp`, `datagram`, `icmp`. So are look-up (`tuples`), deletion (`expiry`), and what is
never looked up (`settled`).
"""

from __future__ import annotations

from fwsim.engine import hot, shared
from fwsim.engine.datagram import datagram_packet
from fwsim.engine.expectation import SURELY, expectation_of, find_master, withdraw
from fwsim.engine.expiry import BLANK, UNCONFIRMED, become_assured, delete, expire, keep, make_room, rearm
from fwsim.engine.following import follow_master, follow_perhaps
from fwsim.engine.icmp import be_related, is_error, opens, query_packet, relate
from fwsim.engine.sctp import R_IGNORED as SCTP_IGNORED
from fwsim.engine.sctp import sctp_packet
from fwsim.engine.seq_adjust import ack_offset
from fwsim.engine.settled import counted_fault, is_icmp, is_settled, refuse
from fwsim.engine.straying import go_astray, linger
from fwsim.engine.tcp import ACCEPT, DELETE, REPEAT, tcp_new, tcp_packet
from fwsim.engine.tcp import INVALID as REFUSED
from fwsim.engine.tcp_table import flags_are_valid
from fwsim.engine.tcp_window import BE_LIBERAL
from fwsim.engine.tuples import Tracker, find_by_hash, hash_of, invert, of_packet
from fwsim.engine.vague import take
from fwsim.tables import Row, Table
from fwsim.terms import ABSENT, UNKNOWN_VALUE, CtState, CtStatus, Direction, Proto, Reason, TcpFlag

TCP = int(Proto.TCP)
ICMP = int(Proto.ICMP)
ICMPV6 = int(Proto.ICMPV6)
SCTP = int(Proto.SCTP)

INVALID = int(CtState.INVALID)
ESTABLISHED = int(CtState.ESTABLISHED)
RELATED = int(CtState.RELATED)
NEW = int(CtState.NEW)

SYN = int(TcpFlag.SYN)

EXPECTED = int(CtStatus.EXPECTED)
SEEN_REPLY = int(CtStatus.SEEN_REPLY)
SEQ_ADJUST = int(CtStatus.SEQ_ADJUST)
ASSURED = int(CtStatus.ASSURED)
CONFIRMED = int(CtStatus.CONFIRMED)
TENTATIVE = int(CtStatus.TENTATIVE)
STRAY = int(CtStatus.STRAY)

ORIGINAL = int(Direction.ORIGINAL)
REPLY = int(Direction.REPLY)
NO_DIRECTION = int(Direction.NONE)

UNSEEN = -1
"""The row of a tuple that is yet to be looked up."""

R_NONE = int(Reason.NONE)
R_TABLE_FULL = int(Reason.TABLE_FULL)
R_CUT = int(Reason.CUT)
R_TCP_BAD_FLAGS = int(Reason.TCP_BAD_FLAGS)
R_ICMP_BAD_TYPE = int(Reason.ICMP_BAD_TYPE)
R_ICMP_REPLY = int(Reason.ICMP_REPLY_WITHOUT_REQUEST)
R_ICMP_UNMATCHED = int(Reason.ICMP_ERROR_UNMATCHED)
R_EXPECTED = int(Reason.EXPECTED)


@hot
def track(tracker: Tracker, frame: Row, packet: Row, quotes: Table, hashed: int, known: int, result: Row) -> None:
    """Track one packet: fill a TRACK row, and change the connection that it belongs to.

    `hashed` is the hash of the packet's tuple, if it is known (`fwsim.engine.ahead`), else -1. `known` is UNSEEN, or of
    what was seen going out (`fwsim.engine.egress`) the row of that tuple, or negative if there is none.
    If `result["fresh"]`, the caller must `confirm` or `forget` before it tracks another. If `result["reason"]` is
    TABLE_FULL, the packet is dropped here. A `ct_state` of UNKNOWN_VALUE hangs on what is cut off or not simulated.
    """
    expire(tracker, packet["now"])
    begin(result)
    fault = counted_fault(tracker, frame, packet)
    if known < 0 and is_settled(packet, quotes, fault, result):
        return
    if is_icmp(packet) and is_error(packet):
        if known >= 0:
            be_related(known, result)
        else:
            relate(tracker, packet, quotes, result)
        return
    found = look_up(tracker, packet, hashed, known)
    stray = known == UNSEEN and tracker.counters[0]["vague"] and is_stray(tracker, packet, quotes, found, fault)
    if found >= 0:
        if follow(tracker, frame, packet, quotes, found, fault, result) != REPEAT:
            result["stray"] = 1 if stray else 0
            return
        if tracker.connections[found >> 1]["status"] & STRAY:
            return
        delete(tracker, found >> 1)  # the packet opens a new connection in place of the old one
    if not invert(tracker.tuples[0], tracker.tuples[1]):
        refuse(result, R_ICMP_BAD_TYPE)
    elif make_room(tracker):
        master = master_of(tracker, packet["now"])
        open_connection(tracker, frame, packet, quotes, master, fault, result)
        if master >= 0 and expectation_of(tracker, master)["expects"] == SURELY:
            withdraw(tracker, master)  # also if the packet is invalid, or a rule drops it
    else:
        refuse(result, R_TABLE_FULL)
    result["stray"] = 1 if stray else 0


@hot
def look_up(tracker: Tracker, packet: Row, hashed: int, known: int) -> int:
    """The row of the packet's tuple, or -1; writes the tuple into the scratch row."""
    if known >= 0:
        take(tracker.tuples[known], tracker.tuples[UNCONFIRMED])
        return known
    of_packet(packet, tracker.tuples[UNCONFIRMED])
    if known != UNSEEN:
        return -1
    if hashed < 0:
        hashed = hash_of(tracker, tracker.tuples[UNCONFIRMED])
    return find_by_hash(tracker, tracker.tuples[UNCONFIRMED], hashed)


@shared
def is_stray(tracker: Tracker, packet: Row, quotes: Table, found: int, fault: int) -> bool:
    """Whether the packet may belong to a connection of which not all is known; what became of that is not, then.

    `found` is the tuple row that it surely has, or -1. One that no connection would accept changes nothing.
    """
    if found >= 0 and tracker.connections[found >> 1]["status"] & TENTATIVE == 0:
        return False
    if fault or (packet["proto"] == TCP and not flags_are_valid(packet["flags"])):
        return False
    return go_astray(tracker, tracker.tuples[UNCONFIRMED], packet, quotes, 0, tracker.tuples[2 * BLANK])


@hot
def fresh_state(tracker: Tracker, frame: Row, packet: Row, quotes: Table, result: Row) -> None:
    """Say what a packet would be if no connection were known, as `track` would; nothing but row 0 changes.

    For packets of a TENTATIVE connection, which may not exist.
    """
    begin(result)
    fault = counted_fault(tracker, frame, packet)
    if is_settled(packet, quotes, fault, result):
        return
    if is_icmp(packet) and is_error(packet):
        relate(tracker, packet, quotes, result)
        if result["ct_state"] == RELATED:
            result["connection"] = -1
            result["direction"] = NO_DIRECTION
            refuse(result, R_ICMP_UNMATCHED)
        return
    of_packet(packet, tracker.tuples[0])
    if invert(tracker.tuples[0], tracker.tuples[1]):
        master = master_of(tracker, packet["now"])
        open_connection(tracker, frame, packet, quotes, master, fault, result)
    else:
        refuse(result, R_ICMP_BAD_TYPE)


@hot
def confirm(tracker: Tracker, frame: Row, packet: Row, result: Row) -> int:
    """Keep the unconfirmed connection, whose packet has passed all rules; its row (`__nf_conntrack_confirm`).

    It gets `counters["next_number"]` as its number.
    """
    counters = tracker.counters[0]
    tracker.connections[UNCONFIRMED]["number"] = counters["next_number"]
    counters["next_number"] += 1
    row = keep(tracker)
    result["connection"] = row
    return row


@hot
def forget(tracker: Tracker) -> None:
    """Drop the unconfirmed connection: its packet was refused, and nothing of it remains."""
    tracker.connections[UNCONFIRMED] = tracker.connections[BLANK]
    for part in range(2):
        tracker.sides[2 * UNCONFIRMED + part] = tracker.sides[2 * BLANK + part]


# --- packets that need no connection ---------------------------------------------------------------------------


@hot
def begin(result: Row) -> None:
    """An empty TRACK row: nothing attached."""
    result["ct_state"] = INVALID
    result["direction"] = NO_DIRECTION
    result["connection"] = -1
    result["fresh"] = 0
    result["reason"] = R_NONE
    result["state_before"] = ABSENT
    result["state_after"] = ABSENT
    result["replied_before"] = 0
    result["sender_end"] = 0
    result["stray"] = 0


# --- packets of a known connection -----------------------------------------------------------------------------


@hot
def follow(tracker: Tracker, frame: Row, packet: Row, quotes: Table, found: int, fault: int, result: Row) -> int:
    """Track a packet of the confirmed connection whose tuple `found` it has (`resolve_normal_ct` and what follows).

    Its ct state is settled before the protocol looks at it, and SEEN_REPLY set after. Returns the protocol's outcome.
    """
    row = found >> 1
    direction = found & 1
    connection = tracker.connections[row]
    status = connection["status"]
    result["connection"] = row
    result["direction"] = direction
    result["replied_before"] = 1 if status & SEEN_REPLY else 0
    result["sender_end"] = tracker.sides[found]["end"]
    outcome = apply(tracker, row, packet, quotes, direction, fault, result)
    if outcome == REPEAT:
        return outcome
    if outcome == REFUSED:
        result["ct_state"] = INVALID
    else:
        result["ct_state"] = seen_as(status, direction)
        touch(connection, frame)
        if direction == REPLY:
            connection["status"] |= SEEN_REPLY
    if status & STRAY:
        linger(connection, packet["proto"], packet["now"], tracker.settings[0])
    elif outcome == DELETE:
        delete(tracker, row)
        return outcome
    if connection["status"] & ~status & ASSURED:
        become_assured(tracker, row)
    if connection["expires"] < connection["heap_key"]:
        rearm(tracker, row)
    return outcome


@hot
def seen_as(status: int, direction: int) -> int:
    """The ct state of a packet of a connection with this status."""
    if direction == REPLY or status & SEEN_REPLY:
        return ESTABLISHED
    return RELATED if status & EXPECTED else NEW


@hot
def touch(connection: Row, frame: Row) -> None:
    """Remember the last packet that a connection accepted."""
    connection["last_frame"] = frame["number"]
    connection["last_file"] = frame["file"]


@hot
def apply(tracker: Tracker, row: int, packet: Row, quotes: Table, direction: int, fault: int, result: Row) -> int:
    """Hand the packet to its protocol, which judges it and changes the connection; one of the outcomes of `tcp`."""
    if fault:
        result["reason"] = fault
        return REFUSED
    connection = tracker.connections[row]
    settings = tracker.settings[0]
    proto = packet["proto"]
    if proto == TCP:
        return apply_tcp(tracker, row, packet, direction, result)
    if proto == ICMP or proto == ICMPV6:
        if not opens(proto, tracker.tuples[2 * row]["dst_id"] >> 8):
            result["reason"] = R_ICMP_REPLY
            return REFUSED
        query_packet(connection, packet, settings)
    elif proto == SCTP:
        chunks = quotes[packet["quote"]]
        reason = sctp_packet(connection, tracker.sides, 2 * row, chunks, direction, packet["now"], settings)
        result["reason"] = reason
        return ACCEPT if reason == R_NONE or reason == SCTP_IGNORED else REFUSED
    else:
        datagram_packet(connection, packet, settings)
    return ACCEPT


@hot
def apply_tcp(tracker: Tracker, row: int, packet: Row, direction: int, result: Row) -> int:
    """Hand a packet to TCP if a TCP sends such flags.

    Unlike Linux: a SYN whose options the capture cut off leaves the windows of both sides unknown. They are not checked
    then, as in a connection that is picked up in mid-stream.
    """
    flags = packet["flags"]
    if not flags_are_valid(flags):
        result["reason"] = R_TCP_BAD_FLAGS
        return REFUSED
    connection = tracker.connections[row]
    settings = tracker.settings[0]
    if connection["status"] & CONFIRMED:
        if connection["status"] & SEQ_ADJUST:
            result["ack_offset"] = ack_offset(tracker, row, direction, packet["ack"])
        outcome = tcp_packet(connection, tracker.sides, 2 * row, packet, direction, settings, result)
    else:
        outcome = tcp_new(connection, tracker.sides, packet, settings, result)
    if flags & SYN and packet["tcp_options"] == UNKNOWN_VALUE and outcome == ACCEPT:
        for side in range(2):
            tracker.sides[2 * row + side]["flags"] |= BE_LIBERAL
    return outcome


# --- packets that open one -------------------------------------------------------------------------------------


@hot
def master_of(tracker: Tracker, now: int) -> int:
    """The connection that expects the one whose tuple is in the scratch row, or -1."""
    return find_master(tracker, now) if tracker.counters[0]["newest_expecting"] >= 0 else -1


@hot
def be_expected(tracker: Tracker, master: int, result: Row) -> None:
    """Tell a new connection of the master that expects it (`init_conntrack`): it is RELATED, and has the same mark.

    If its master is translated, so is it.
    """
    result["reason"] = R_EXPECTED
    follows = expectation_of(tracker, master)["follows"]
    if expectation_of(tracker, master)["expects"] == SURELY:
        if follows:
            follow_master(tracker, master)
        result["ct_state"] = RELATED
        connection = tracker.connections[UNCONFIRMED]
        connection["status"] |= EXPECTED
        connection["mark"] = tracker.connections[master]["mark"]
    else:
        if follows:
            follow_perhaps(tracker, master)
        result["ct_state"] = UNKNOWN_VALUE
        result["reason"] = R_CUT


@hot
def open_connection(
    tracker: Tracker, frame: Row, packet: Row, quotes: Table, master: int, fault: int, result: Row
) -> None:
    """Begin the unconfirmed connection, whose tuples are written already, and let its protocol judge the packet.

    `master` is the connection that expects it, or -1.
    """
    forget(tracker)
    connection = tracker.connections[UNCONFIRMED]
    connection["opened_frame"] = frame["number"]
    connection["opened_file"] = frame["file"]
    connection["created"] = packet["now"]
    touch(connection, frame)
    result["connection"] = -1
    result["direction"] = NO_DIRECTION
    result["replied_before"] = 0
    result["sender_end"] = 0
    if apply(tracker, UNCONFIRMED, packet, quotes, ORIGINAL, fault, result) == REFUSED:
        result["ct_state"] = INVALID
        return
    result["ct_state"] = NEW
    if master >= 0:
        be_expected(tracker, master, result)
    result["connection"] = UNCONFIRMED
    result["direction"] = ORIGINAL
    result["fresh"] = 1
