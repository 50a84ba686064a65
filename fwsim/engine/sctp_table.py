"""The SCTP transition table: by direction, kind of chunk and state, the next state, and why.

Read first: RFC 9260 §3.2 and §4, then `fwsim.terms.SctpState`. The columns, as one in the middle sees the association:

    NO  none               nothing seen yet
    CL  closed             an INIT, or what comes after the end
    CW  cookie_wait        an INIT-ACK
    CE  cookie_echoed      a COOKIE-ECHO
    ES  established        a COOKIE-ACK
    SS  shutdown_sent      a SHUTDOWN of the opener
    SR  shutdown_recd      a SHUTDOWN of the other side
    SA  shutdown_ack_sent  a SHUTDOWN-ACK
    HS  heartbeat_sent     a HEARTBEAT of an association whose beginning was not seen (another path of it)

`--` means that the packet is invalid. Chunks of other kinds (DATA, SACK, ...) keep the state. The contents are
`sctp_conntracks` of the kernel (nf_conntrack_proto_sctp.c, 6.12 and 6.18). Only this table and what reads it may be
here; tags and timers are in `fwsim.engine.sctp`.
"""

from __future__ import annotations

from fwsim.engine import hot
from fwsim.engine.transitions import cells, reasons

NONE, CLOSED, COOKIE_WAIT, COOKIE_ECHOED, ESTABLISHED = 0, 1, 2, 3, 4
SHUTDOWN_SENT, SHUTDOWN_RECD, SHUTDOWN_ACK_SENT, HEARTBEAT_SENT = 5, 6, 7, 8
"""The numbers of `SctpState`."""
CELL_INVALID = 9
"""In the table, instead of a state: no endpoint sends this here."""

INIT = 0
INIT_ACK = 1
ABORT = 2
SHUTDOWN = 3
SHUTDOWN_ACK = 4
ERROR = 5
COOKIE_ECHO = 6
COOKIE_ACK = 7
SHUTDOWN_COMPLETE = 8
HEARTBEAT = 9
HEARTBEAT_ACK = 10
DATA = 11
OTHER = 12
"""The kinds of chunks, in the order of the table's rows; the last two have none."""

KIND_WORDS = (
    "init", "init-ack", "abort", "shutdown", "shutdown-ack", "error", "cookie-echo", "cookie-ack",
    "shutdown-complete", "heartbeat", "heartbeat-ack",
)  # fmt: skip

_CODES = ("NO", "CL", "CW", "CE", "ES", "SS", "SR", "SA", "HS", "--")

# Each entry: direction and kind; the next state for each present one; then why, cell by cell.
_ROWS = (
    ("original init",
    #NO CL CW CE ES SS SR SA HS
    "CL CL CW CE ES CL CL SA CW", """
    NO: an INIT opens an association
    CL: the INIT again, or a new one behind the end
    CW CE: the INIT again: the other side has answered it already
    ES: the opener has restarted (RFC 9260 §5.2.2): nothing is believed before the cookie
    SS SR: the opener begins anew while it shuts down
    SA: too late for an opening (RFC 9260 §9.2)
    HS: an association of which only a heartbeat was seen begins
    """),
    ("original init-ack",
    "CL CL CW CE ES SS SR SA CL", """
    NO: the answer to an INIT that was not seen
    CL CW CE ES SS SR SA: the opener has no INIT to answer, unless both sides opened at once
    HS: the answer to an INIT that was not seen
    """),
    ("original abort",
    "CL CL CL CL CL CL CL CL CL", """
    NO CL CW CE ES SS SR SA HS: the opener gives up
    """),
    ("original shutdown",
    "CL CL CW CE SS SS SR SA CL", """
    NO: the end of an association that was not seen
    CL CW CE: nothing to shut down yet
    ES: the opener begins the end
    SS: the SHUTDOWN again
    SR: both sides shut down at once
    SA: the end is under way
    HS: the end of an association of which only a heartbeat was seen
    """),
    ("original shutdown-ack",
    "SA CL CW CE ES SA SA SA SA", """
    NO HS: the end of an association that was not seen: an answer is due (RFC 9260 §8.4)
    CL CW CE ES: it answers no SHUTDOWN
    SS SR: the SHUTDOWN is acknowledged
    SA: the acknowledgement again
    """),
    ("original error",
    "CL CL CW CE ES SS SR SA CL", """
    NO: an error in an association that was not seen
    CL CW CE ES SS SR SA: an error changes nothing; the opener cannot call a cookie stale
    HS: an error in an association of which only a heartbeat was seen
    """),
    ("original cookie-echo",
    "CL CL CE CE ES SS SR SA CL", """
    NO: the cookie of an association that was not seen
    CL: no INIT-ACK was seen that could have given the cookie
    CW: the opener returns the cookie
    CE ES: the cookie again, or a restart (RFC 9260 §5.2.4)
    SS SR SA: too late for a cookie
    HS: the cookie of an association of which only a heartbeat was seen
    """),
    ("original cookie-ack",
    "CL CL CW ES ES SS SR SA CL", """
    NO: it acknowledges a cookie that was not seen
    CL CW: no cookie to acknowledge
    CE: both sides opened at once, and the opener acknowledges the cookie
    ES SS SR SA: too late to change anything
    HS: it acknowledges a cookie that was not seen
    """),
    ("original shutdown-complete",
    "CL CL CW CE ES SS SR CL CL", """
    NO: the end of an association that was not seen
    CL CW CE ES SS SR: it completes no shutdown
    SA: the end
    HS: the end of an association of which only a heartbeat was seen
    """),
    ("original heartbeat",
    "HS CL CW CE ES SS SR SA HS", """
    NO: another path of an association whose beginning took a different way (RFC 9260 §8.3)
    CL CW CE ES SS SR SA: a heartbeat changes nothing
    HS: the heartbeat again: no answer yet
    """),
    ("original heartbeat-ack",
    "CL CL CW CE ES SS SR SA HS", """
    NO: it answers a heartbeat that was not seen
    CL CW CE ES SS SR SA: a heartbeat changes nothing
    HS: the opener answers a heartbeat: the other side has to be heard yet
    """),
    ("reply init",
    #NO CL CW CE ES SS SR SA HS
    "-- CL CW CE ES SS SR SA --", """
    NO: a reply cannot come first
    CL: both sides open at once
    CW CE: both sides open at once; the opener's handshake is ahead
    ES: the other side has restarted: nothing is believed before the cookie
    SS SR SA: no new opening of the other side while the association ends
    HS: a heartbeat is answered by a heartbeat-ack
    """),
    ("reply init-ack",
    "-- CW CW CE ES SS SR SA --", """
    NO: a reply cannot come first
    CL: the answer to the INIT
    CW: the answer again
    CE ES SS SR SA: a late copy
    HS: a heartbeat is answered by a heartbeat-ack
    """),
    ("reply abort",
    "-- CL CL CL CL CL CL CL --", """
    NO: a reply cannot come first
    CL CW CE ES SS SR SA: the other side refuses or gives up
    HS: a heartbeat is answered by a heartbeat-ack
    """),
    ("reply shutdown",
    "-- CL CW CE SR SS SR SA --", """
    NO: a reply cannot come first
    CL CW CE: nothing to shut down yet
    ES: the other side begins the end
    SS: both sides shut down at once
    SR: the SHUTDOWN again
    SA: the end is under way
    HS: a heartbeat is answered by a heartbeat-ack
    """),
    ("reply shutdown-ack",
    "-- CL CW CE ES SA SA SA --", """
    NO: a reply cannot come first
    CL CW CE ES: it answers no SHUTDOWN
    SS SR: the SHUTDOWN is acknowledged
    SA: the acknowledgement again
    HS: a heartbeat is answered by a heartbeat-ack
    """),
    ("reply error",
    "-- CL CW CL ES SS SR SA --", """
    NO: a reply cannot come first
    CL CW: an error changes nothing here
    CE: the cookie has gone stale (RFC 9260 §5.2.6): the opening has failed
    ES SS SR SA: an error changes nothing
    HS: a heartbeat is answered by a heartbeat-ack
    """),
    ("reply cookie-echo",
    "-- CL CE CE ES SS SR SA --", """
    NO: a reply cannot come first
    CL: no INIT-ACK was seen that could have given the cookie
    CW: both sides opened at once, and the other side returns the cookie
    CE ES: the cookie again, or a restart (RFC 9260 §5.2.4)
    SS SR SA: too late for a cookie
    HS: a heartbeat is answered by a heartbeat-ack
    """),
    ("reply cookie-ack",
    "-- CL CW ES ES SS SR SA --", """
    NO: a reply cannot come first
    CL CW: no cookie to acknowledge
    CE: the handshake is complete
    ES SS SR SA: too late to change anything
    HS: a heartbeat is answered by a heartbeat-ack
    """),
    ("reply shutdown-complete",
    "-- CL CW CE ES SS SR CL --", """
    NO: a reply cannot come first
    CL CW CE ES SS SR: it completes no shutdown
    SA: the end
    HS: a heartbeat is answered by a heartbeat-ack
    """),
    ("reply heartbeat",
    "-- CL CW CE ES SS SR SA HS", """
    NO: a reply cannot come first
    CL CW CE ES SS SR SA: a heartbeat changes nothing
    HS: the other side asks too: no answer yet
    """),
    ("reply heartbeat-ack",
    "-- CL CW CE ES SS SR SA ES", """
    NO: a reply cannot come first
    CL CW CE ES SS SR SA: a heartbeat changes nothing
    HS: the other side answers: the path works
    """),
)  # fmt: skip

_STATES = _CODES[:9]

TABLE = (tuple(cells(_CODES, row) for _, row, _ in _ROWS[:11]), tuple(cells(_CODES, row) for _, row, _ in _ROWS[11:]))
"""`TABLE[direction][kind of chunk][state]`: the next state, or `CELL_INVALID`."""

WHY = (
    tuple(reasons(_STATES, text) for *_, text in _ROWS[:11]),
    tuple(reasons(_STATES, text) for *_, text in _ROWS[11:]),
)
"""`WHY[direction][kind of chunk][state]`: the reason of that cell, for `explain` and for diagrams."""

ROW_NAMES = tuple(name for name, *_ in _ROWS)
"""The rows in order, as direction and kind: `ROW_NAMES[11 * direction + kind]`."""


@hot
def next_state(direction: int, kind: int, state: int) -> int:
    """What the table says of a chunk: a `SctpState`, or `CELL_INVALID`; kinds without a row keep the state."""
    if kind >= DATA:
        return state
    return TABLE[direction][kind][state]
