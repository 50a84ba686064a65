"""TCP connection tracking: what one packet does to its connection (`nf_conntrack_proto_tcp.c`, Linux 6.18).

Read first: `fwsim.engine.tcp_table` (the states), then `tcp_packet` here. Then `tcp_window`, `tcp_reset`, `tcp_timers`.

A packet goes through five steps: the table; the special cases of the state it would lead to; the window; the
commit; the timer. It can leave early: invalid, or let through without effect.

What an endpoint did is remembered in the connection's `last_*` fields. They have several writers (commit, `remember`,
the count of repetitions, the hopeless close) and the special cases depend on who wrote last.

Looking connections up, creating, confirming and deleting them belongs to `fwsim.engine.conntrack`, the caller,
which also sets SEEN_REPLY afterwards: in here it means "before this packet".
"""

from __future__ import annotations

from fwsim.engine import hot, shared
from fwsim.engine.serial import wrap
from fwsim.engine.tcp_reset import (
    ASSURED,
    RESET_INEXACT,
    RESET_LOW,
    RESET_UNMEASURED,
    SEEN_REPLY,
    answers_what_was_ignored,
    closes_unchecked,
    reset_standing,
)
from fwsim.engine.tcp_table import (
    CELL_IGNORE,
    CELL_INVALID,
    CLASS_ACK,
    CLASS_NONE,
    CLASS_RST,
    CLASS_SYN,
    CLASS_SYNACK,
    CLOSE,
    ESTABLISHED,
    FIN_WAIT,
    LAST_ACK,
    NONE,
    ORIGINAL,
    REPLY,
    SYN_RECV,
    SYN_SENT,
    SYN_SENT2,
    TIME_WAIT,
    flag_class,
    next_state,
)
from fwsim.engine.tcp_timers import choose_timeout, hasten_hopeless_close, renew
from fwsim.engine.tcp_window import (
    BE_LIBERAL,
    CLOSE_INIT,
    IGNORED,
    OUTSIDE,
    SACK_PERMITTED,
    WINDOW_SCALE,
    check_window,
    read_options,
    segment_end,
)
from fwsim.tables import TCP_OPTION_SACK_PERMITTED, TCP_OPTION_WSCALE, Row, Table
from fwsim.terms import Reason

ACCEPT = 0
INVALID = 1
"""`ct state invalid`: the packet has no connection, and changes none (or next to nothing of it)."""
REPEAT = 2
"""The ports are used again: delete the connection and look the packet up anew. (The kernel drops it if another
processor is deleting the connection at that moment; that cannot happen here.)"""
DELETE = 3
"""Accepted, and the connection is gone with it: a RST before any reply."""

EXPECT_CHALLENGE_ACK = 0x40
"""In `last_flags`: a SYN was ignored in LAST_ACK; the answer may be a challenge ACK (RFC 5961 §4)."""
SIMULTANEOUS_OPEN = 0x80
"""In `last_flags`: both sides have sent a SYN."""

REASON_NOT_AN_OPENING = int(Reason.TCP_NOT_AN_OPENING)
REASON_NO_PICKUP = int(Reason.TCP_NO_PICKUP)
REASON_PICKED_UP = int(Reason.TCP_PICKED_UP)
REASON_INVALID_STATE = int(Reason.TCP_INVALID_STATE)
REASON_RST_SEQ_LOW = int(Reason.TCP_RST_SEQ_LOW)
REASON_RST_INEXACT = int(Reason.TCP_RST_INEXACT)
REASON_REOPENED = int(Reason.TCP_REOPENED)
REASON_IGNORED = int(Reason.TCP_IGNORED)
REASON_RESYNC = int(Reason.TCP_RESYNC)
REASON_CHALLENGE_ACK = int(Reason.TCP_CHALLENGE_ACK)
REASON_RESET_UNREPLIED = int(Reason.TCP_RESET_UNREPLIED)


@hot
def tcp_new(connection: Row, sides: Table, packet: Row, settings: Row, result: Row) -> int:
    """Track the first packet of an unconfirmed connection, whose sides are rows 0 and 1: ACCEPT or INVALID.

    A SYN opens; an ACK is picked up in the middle if `tcp_loose` is set (`tcp_new`).
    """
    forget_all(connection, sides)
    kind = flag_class(packet["flags"])
    if kind == CLASS_SYN:
        opener = sides[0]
        opener["end"] = segment_end(packet)
        opener["maxend"] = opener["end"]
        opener["maxwin"] = max(packet["win"], 1)
        read_options(opener, packet)
    elif kind != CLASS_ACK:
        result["reason"] = REASON_NOT_AN_OPENING
        return INVALID
    elif not settings["loose"]:
        result["reason"] = REASON_NO_PICKUP
        return INVALID
    else:
        pick_up(sides, packet)
    outcome = tcp_packet(connection, sides, 0, packet, ORIGINAL, settings, result)
    if kind == CLASS_ACK:
        result["reason"] = REASON_PICKED_UP  # rather than that it is outside of a window nobody knows
    return outcome


@hot
def forget_all(connection: Row, sides: Table) -> None:
    """Set all that this module remembers of a connection to nothing."""
    for i in range(2):
        side = sides[i]
        side["end"] = 0
        side["maxend"] = 0
        side["maxwin"] = 0
        side["maxack"] = 0
        side["scale"] = 0
        side["flags"] = 0
    connection["state"] = NONE
    connection["last_direction"] = ORIGINAL
    connection["last_index"] = CLASS_NONE
    connection["last_seq"] = 0
    connection["last_ack"] = 0
    connection["last_end"] = 0
    connection["last_win"] = 0
    connection["last_wscale"] = 0
    connection["last_flags"] = 0
    connection["retrans"] = 0


@hot
def pick_up(sides: Table, packet: Row) -> None:
    """Start a connection in the middle: options and scales are unknown, so be liberal and assume SACK."""
    sender = sides[0]
    sender["end"] = segment_end(packet)
    sender["maxwin"] = max(packet["win"], 1)
    sender["maxend"] = wrap(sender["end"] + sender["maxwin"])
    sender["flags"] = SACK_PERMITTED | BE_LIBERAL
    sides[1]["flags"] = SACK_PERMITTED | BE_LIBERAL


@shared
def tcp_packet(
    connection: Row, sides: Table, base: int, packet: Row, direction: int, settings: Row, result: Row
) -> int:
    """Track a packet of a connection whose sides are rows `base` and `base + 1` (`nf_conntrack_tcp_packet`).

    Returns ACCEPT, INVALID, REPEAT or DELETE; what is notable goes to `result["reason"]`. The flags are valid ones.
    """
    kind = flag_class(packet["flags"])
    old = connection["state"]
    result["state_before"] = old
    result["state_after"] = old
    new = next_state(direction, kind, old)
    if new == CELL_INVALID:
        result["reason"] = REASON_INVALID_STATE
        return INVALID
    if kind == CLASS_RST:
        return reset(connection, sides, base, packet, direction, kind, old, new, settings, result)
    if new == SYN_SENT and (old == TIME_WAIT or old == CLOSE):
        if may_reopen(connection, sides, base, direction):
            result["reason"] = REASON_REOPENED
            return REPEAT
        new = CELL_IGNORE
    if new == CELL_IGNORE:
        if not answers_ignored_syn(connection, packet, kind, direction):
            remember(connection, packet, kind, direction)
            result["reason"] = REASON_IGNORED
            return ACCEPT
        resynchronise(connection, sides, base, direction)
        result["reason"] = REASON_RESYNC
        new = SYN_RECV
    elif kind == CLASS_ACK and old == LAST_ACK and is_challenge(connection, direction):
        connection["last_flags"] &= ~EXPECT_CHALLENGE_ACK
        result["reason"] = REASON_CHALLENGE_ACK
        return ACCEPT
    elif new == SYN_SENT2:
        connection["last_flags"] |= SIMULTANEOUS_OPEN
    elif new == SYN_RECV and kind == CLASS_ACK and connection["last_flags"] & SIMULTANEOUS_OPEN:
        new = ESTABLISHED  # only a reply's ACK leads here: both sides have answered each other
    return finish(connection, sides, base, packet, direction, kind, old, new, settings, result)


@hot
def finish(
    connection: Row, sides: Table, base: int, packet: Row, direction: int, kind: int, old: int, new: int,
    settings: Row, result: Row,
) -> int:  # fmt: skip
    """Check the window of a packet that leads from `old` to `new`, then commit."""
    window = check_window(connection, sides, base, packet, direction, settings, result)
    if window == IGNORED:
        return ACCEPT
    if window == OUTSIDE:
        hasten_hopeless_close(connection, kind, direction, packet["now"], settings)
        return INVALID
    return commit(connection, sides, base, packet, direction, kind, old, new, settings, result)


@hot
def commit(
    connection: Row, sides: Table, base: int, packet: Row, direction: int, kind: int, old: int, new: int,
    settings: Row, result: Row,
) -> int:  # fmt: skip
    """Enter the new state and set the timer: ACCEPT, or DELETE for a RST before any reply."""
    connection["last_index"] = kind
    connection["last_direction"] = direction
    connection["state"] = new
    result["state_after"] = new
    if new == FIN_WAIT:
        sides[base + direction]["flags"] |= CLOSE_INIT
    timeout = choose_timeout(connection, sides, base, kind, new, settings)
    if not connection["status"] & SEEN_REPLY:
        if kind == CLASS_RST:
            result["reason"] = REASON_RESET_UNREPLIED
            return DELETE
        if kind == CLASS_SYN and old == SYN_SENT:
            return ACCEPT  # a SYN sent again does not prolong an unanswered opening
        if new == ESTABLISHED:
            timeout = min(timeout, settings["unacknowledged"])
    elif new == ESTABLISHED and (old == SYN_RECV or old == ESTABLISHED):
        connection["status"] |= ASSURED
    renew(connection, timeout, packet["now"])
    return ACCEPT


# --- special cases ---------------------------------------------------------------------------------------------


@hot
def reset(
    connection: Row, sides: Table, base: int, packet: Row, direction: int, kind: int, old: int, new: int,
    settings: Row, result: Row,
) -> int:  # fmt: skip
    """Track a RST: it closes (`new`), leaves the connection open for being inexact, or is invalid."""
    if closes_unchecked(old):
        return commit(connection, sides, base, packet, direction, kind, old, new, settings, result)
    standing = reset_standing(connection, sides[base + 1 - direction], packet, direction, settings)
    if standing == RESET_LOW:
        result["reason"] = REASON_RST_SEQ_LOW
        return INVALID
    if standing == RESET_INEXACT:
        result["reason"] = REASON_RST_INEXACT
        new = old
    elif standing == RESET_UNMEASURED and answers_what_was_ignored(connection, packet, direction):
        return commit(connection, sides, base, packet, direction, kind, old, new, settings, result)
    return finish(connection, sides, base, packet, direction, kind, old, new, settings, result)


@hot
def may_reopen(connection: Row, sides: Table, base: int, direction: int) -> bool:
    """Whether a SYN begins anew: after an orderly close (a FIN was seen), or after its own side's RST."""
    if (sides[base]["flags"] | sides[base + 1]["flags"]) & CLOSE_INIT:
        return True
    return connection["last_direction"] == direction and connection["last_index"] == CLASS_RST


@hot
def answers_ignored_syn(connection: Row, packet: Row, kind: int, direction: int) -> bool:
    """Whether a SYN-ACK answers the SYN that was ignored just before: the endpoints agree, we were wrong."""
    return (
        kind == CLASS_SYNACK
        and connection["last_index"] == CLASS_SYN
        and connection["last_direction"] != direction
        and packet["ack"] == connection["last_end"]
    )


@hot
def resynchronise(connection: Row, sides: Table, base: int, direction: int) -> None:
    """Begin both windows anew from the ignored SYN; the side that answers it is met with this packet."""
    opener = sides[base + 1 - direction]
    opener["end"] = connection["last_end"]
    opener["maxend"] = connection["last_end"]
    opener["maxwin"] = max(connection["last_win"], 1)
    opener["scale"] = connection["last_wscale"]
    connection["last_flags"] &= ~EXPECT_CHALLENGE_ACK
    opener["flags"] = connection["last_flags"]
    answerer = sides[base + direction]
    answerer["end"] = 0
    answerer["maxend"] = 0
    answerer["maxwin"] = 0
    answerer["maxack"] = 0
    answerer["scale"] = 0
    answerer["flags"] &= BE_LIBERAL


@hot
def remember(connection: Row, packet: Row, kind: int, direction: int) -> None:
    """Note a packet that is let through without being believed; the answer to it will tell."""
    connection["last_index"] = kind
    connection["last_direction"] = direction
    connection["last_seq"] = packet["seq"]
    connection["last_end"] = segment_end(packet)
    connection["last_win"] = packet["win"]
    if kind == CLASS_SYN and direction == ORIGINAL:
        connection["last_flags"] = 0
        connection["last_wscale"] = 0
        if packet["tcp_options"] & TCP_OPTION_WSCALE:
            connection["last_flags"] |= WINDOW_SCALE
            connection["last_wscale"] = packet["wscale"]
        if packet["tcp_options"] & TCP_OPTION_SACK_PERMITTED:
            connection["last_flags"] |= SACK_PERMITTED
        if connection["state"] == LAST_ACK:
            connection["last_flags"] |= EXPECT_CHALLENGE_ACK
    if kind == CLASS_ACK and direction == REPLY and connection["state"] == SYN_SENT:
        connection["last_ack"] = packet["ack"]  # a challenge ACK, perhaps: `answers_what_was_ignored`


@hot
def is_challenge(connection: Row, direction: int) -> bool:
    """Whether an ACK in LAST_ACK answers the SYN of the other side that was ignored just before."""
    return (
        connection["last_direction"] != direction
        and connection["last_index"] == CLASS_SYN
        and connection["last_flags"] & EXPECT_CHALLENGE_ACK != 0
    )
