"""SCTP: what the chunks of a packet do to an association (`nf_conntrack_sctp_packet`, Linux 6.18).

Read first: RFC 9260 §8.4 and §8.5, conntrack-spec §11, `sctp_table`. An association is followed by its *verification
tags*: each side names, in its INIT or INIT-ACK, the tag that the packets to it must carry. `SIDE["end"]` is the tag
that packets of that direction carry, 0 if none is known; `SIDE["flags"]` 1 if the side has sent an INIT of its own.
`CONNECTION["last_flags"]` is 1, and `last_direction` whose it was, after a heartbeat with a wrong tag.

The chunks are taken one by one: what those before an invalid one have changed stays.
"""

from __future__ import annotations

from fwsim.engine import hot, shared
from fwsim.engine.datagram import refresh
from fwsim.engine.sctp_header import ENTRY_T, entry_of
from fwsim.engine.sctp_table import (
    ABORT,
    CELL_INVALID,
    CLOSED,
    COOKIE_ACK,
    COOKIE_ECHO,
    COOKIE_ECHOED,
    COOKIE_WAIT,
    DATA,
    ESTABLISHED,
    HEARTBEAT,
    HEARTBEAT_ACK,
    HEARTBEAT_SENT,
    INIT,
    INIT_ACK,
    NONE,
    SHUTDOWN_ACK,
    SHUTDOWN_ACK_SENT,
    SHUTDOWN_COMPLETE,
    SHUTDOWN_RECD,
    SHUTDOWN_SENT,
    next_state,
)
from fwsim.tables import Row, Table
from fwsim.terms import CtStatus, Reason

ASSURED = int(CtStatus.ASSURED)
CONFIRMED = int(CtStatus.CONFIRMED)

VALID = 0
R_BAD_CHUNKS = int(Reason.SCTP_BAD_CHUNKS)
R_NOT_AN_OPENING = int(Reason.SCTP_NOT_AN_OPENING)
R_BAD_TAG = int(Reason.SCTP_BAD_TAG)
R_INVALID_STATE = int(Reason.SCTP_INVALID_STATE)
R_IGNORED = int(Reason.SCTP_IGNORED)

WITH_OWN_TAG_RULE = (
    1 << INIT | 1 << SHUTDOWN_COMPLETE | 1 << COOKIE_ECHO | 1 << ABORT
    | 1 << SHUTDOWN_ACK | 1 << HEARTBEAT | 1 << HEARTBEAT_ACK
)  # fmt: skip
"""A packet with a chunk of these kinds need not carry the known tag, or has it checked chunk by chunk."""
NEVER_FIRST = 1 << ABORT | 1 << SHUTDOWN_COMPLETE | 1 << COOKIE_ACK
"""A packet with a chunk of these kinds opens nothing (RFC 9260 §8.4)."""


@shared
def sctp_packet(connection: Row, sides: Table, base: int, chunks: Row, direction: int, now: int, settings: Row) -> int:
    """Judge a packet and follow it; returns SCTP_IGNORED or 0 if it is valid, else the reason why not.

    `sides[base + direction]` is its sender's side. A valid packet restarts the timer, unless it is ignored: an INIT
    again, or a heartbeat with a wrong tag.
    """
    if not chunks["usable"]:
        return R_BAD_CHUNKS
    own = sides[base + direction]
    peer = sides[base + 1 - direction]
    fresh = connection["status"] & CONFIRMED == 0
    if fresh and not opens_association(own, peer, chunks):
        return R_NOT_AN_OPENING
    if chunks["kinds"] & WITH_OWN_TAG_RULE == 0 and chunks["vtag"] != own["end"]:
        return R_BAD_TAG
    ignored = False
    state = NONE
    for number in range(chunks["chunks"]):
        entry = entry_of(chunks, number)
        kind = entry & ~ENTRY_T
        if kind == HEARTBEAT and own["end"] != 0 and chunks["vtag"] != own["end"]:
            if ignored or chunks["kinds"] >> DATA & 1:
                return R_BAD_TAG
            connection["last_flags"] = 1
            connection["last_direction"] = direction
            ignored = True
            continue
        if not tag_fits(connection, own, peer, chunks, entry, direction, ignored):
            return R_BAD_TAG
        old = connection["state"]
        state = next_state(direction, kind, old)
        if state == CELL_INVALID:
            return R_INVALID_STATE
        if (kind == INIT or kind == INIT_ACK) and not note_tag(own, peer, kind, old, chunks["init_tag"]):
            return R_BAD_TAG if chunks["init_tag"] >= 0 else R_BAD_CHUNKS
        ignored = ignored or (kind == INIT and state == CLOSED and old == CLOSED and not fresh)
        connection["state"] = state
        if state == ESTABLISHED and old != ESTABLISHED:
            connection["status"] |= ASSURED
    if ignored:
        return R_IGNORED
    refresh(connection, now, timeout_of(state, settings))
    return VALID


@hot
def opens_association(own: Row, peer: Row, chunks: Row) -> bool:
    """Whether a packet of no known association may open one, and which tags it brings (`sctp_new`).

    Each of its chunks must be of a kind that has a row in the table.
    """
    kinds = chunks["kinds"]
    if kinds & NEVER_FIRST or kinds >> DATA:
        return False
    if kinds >> INIT & 1:
        if chunks["vtag"] != 0 or chunks["init_tag"] < 0:
            return False
        peer["end"] = chunks["init_tag"]
    if kinds >> HEARTBEAT & 1:
        own["end"] = chunks["vtag"]
    if kinds >> SHUTDOWN_ACK & 1:
        peer["end"] = chunks["vtag"]
    return True


@hot
def tag_fits(connection: Row, own: Row, peer: Row, chunks: Row, entry: int, direction: int, ignored: bool) -> bool:
    """Whether the tag suits one chunk (RFC 9260 §8.5.1); notes what a heartbeat tells of it.

    A heartbeat with a wrong tag is a caller's affair.
    """
    vtag = chunks["vtag"]
    kind = entry & ~ENTRY_T
    if kind == INIT:
        return bool(vtag == 0)
    if kind == ABORT or kind == SHUTDOWN_COMPLETE:
        return bool(vtag == (peer["end"] if entry & ENTRY_T else own["end"]))
    if kind == COOKIE_ECHO:
        return bool(vtag == own["end"])
    if kind == COOKIE_ACK:
        own["flags"] = 0
        peer["flags"] = 0
    elif kind == HEARTBEAT or kind == HEARTBEAT_ACK:
        if own["end"] == 0:
            own["end"] = vtag
        elif own["end"] == vtag:
            connection["last_flags"] = 0
        else:
            return tag_is_new(connection, own, peer, chunks, direction, ignored)
    return True


@hot
def tag_is_new(connection: Row, own: Row, peer: Row, chunks: Row, direction: int, ignored: bool) -> bool:
    """Take over the tag of a HEARTBEAT-ACK that answers a heartbeat whose tag was wrong as well; else it is wrong."""
    if (
        ignored
        or chunks["kinds"] >> DATA & 1
        or not connection["last_flags"]
        or connection["last_direction"] == direction
    ):
        return False
    connection["last_flags"] = 0
    own["end"] = chunks["vtag"]
    peer["end"] = 0
    return True


@hot
def note_tag(own: Row, peer: Row, kind: int, old: int, init_tag: int) -> bool:
    """Note the tag that the sender of an INIT or INIT-ACK wants to hear; False if it cannot be believed.

    If both sides have sent an INIT, the tags of the one that came last count.
    """
    if init_tag < 0:
        return False
    known = peer["end"]
    if kind == INIT:
        if old == NONE or known != init_tag:
            if own["flags"] and peer["flags"]:
                peer["flags"] = 0
            own["flags"] = 1
    elif known != init_tag:
        if not peer["flags"] and known != 0:
            return False
        if own["flags"] and peer["flags"]:
            return False
    peer["end"] = init_tag
    return True


@hot
def timeout_of(state: int, settings: Row) -> int:
    """The timeout of a state in ns (`nf_conntrack_sctp_timeout_*`)."""
    if state == ESTABLISHED:
        return int(settings["sctp_established"])
    if state == COOKIE_WAIT:
        return int(settings["sctp_cookie_wait"])
    if state == COOKIE_ECHOED:
        return int(settings["sctp_cookie_echoed"])
    if state == SHUTDOWN_SENT:
        return int(settings["sctp_shutdown_sent"])
    if state == SHUTDOWN_RECD:
        return int(settings["sctp_shutdown_recd"])
    if state == SHUTDOWN_ACK_SENT:
        return int(settings["sctp_shutdown_ack_sent"])
    if state == HEARTBEAT_SENT:
        return int(settings["sctp_heartbeat_sent"])
    return int(settings["sctp_closed"])
