"""The TCP transition table: by direction, flag class and state, the next state, and why.

Read first: RFC 9293 §3.3.2, then `fwsim.terms.TcpState`. What the columns mean to one who watches from the middle:

    NO  none         nothing seen yet
    SS  syn_sent     a SYN, no answer
    SR  syn_recv     its SYN-ACK too
    ES  established  the handshake's last ACK, or a connection picked up on the way
    FW  fin_wait     one FIN
    CW  close_wait   an ACK behind it
    LA  last_ack     another FIN
    TW  time_wait    an ACK behind that
    CL  close        a RST
    S2  syn_sent2    a SYN from either side (simultaneous open)

`--` means that the packet is invalid, `..` that it is ignored: let through without learning from it
(`fwsim.engine.tcp` says what is remembered of it). The table does not know who sent which FIN: the same FIN twice
counts as two. Its contents are `tcp_conntracks` of the kernel (nf_conntrack_proto_tcp.c, 5.10 to 6.18 alike).

Only this table and what reads it may be here. What a packet must satisfy besides, the window above all,
is elsewhere.
"""

from __future__ import annotations

from fwsim.engine import hot
from fwsim.engine.transitions import cells, reasons
from fwsim.terms import Direction, TcpFlag, TcpState

ORIGINAL = int(Direction.ORIGINAL)
REPLY = int(Direction.REPLY)

NONE, SYN_SENT, SYN_RECV, ESTABLISHED, FIN_WAIT, CLOSE_WAIT, LAST_ACK, TIME_WAIT, CLOSE, SYN_SENT2 = map(int, TcpState)
CELL_INVALID = 10
"""In the table, instead of a state: no sane endpoint sends this here."""
CELL_IGNORE = 11
"""In the table, instead of a state: let through, but not believed."""

FIN = int(TcpFlag.FIN)
SYN = int(TcpFlag.SYN)
RST = int(TcpFlag.RST)
ACK = int(TcpFlag.ACK)
URG = int(TcpFlag.URG)

CLASS_SYN = 0
CLASS_SYNACK = 1
CLASS_FIN = 2
CLASS_ACK = 3
CLASS_RST = 4
CLASS_NONE = 5
"""The flag classes, in the kernel's order (`enum tcp_bit_set`); data without other flags is of class ACK."""

CLASS_WORDS = ("syn", "synack", "fin", "ack", "rst", "none")

_CODES = ("NO", "SS", "SR", "ES", "FW", "CW", "LA", "TW", "CL", "S2", "--", "..")

# Each entry: direction and class; the next state for each present one; then why, cell by cell.
_ROWS = (
    ("original syn",
    #NO SS SR ES FW CW LA TW CL S2
    "SS SS .. .. .. .. .. SS SS S2", """
    NO: a SYN opens a connection
    SS: the SYN again: nobody has answered yet
    SR: a late copy, or we lost track of the connection: the answer will tell
    ES: a late copy, or the opener has restarted and we lost track: the answer will tell
    FW CW: a late copy, or a new opening after a close of which we missed the end: the answer will tell
    LA: as before; the answer may also be a challenge ACK (RFC 5961 §4), which must not count as the last ACK
    TW: the same ports used again: a new connection, if the old one ended in order (else ignored)
    CL: the same ports used again after a reset: a new connection, if this side closed or reset it (else ignored)
    S2: the SYN again, in a simultaneous open
    """),
    ("original synack",
    "-- -- SR -- -- -- -- -- -- SR", """
    NO: it answers a SYN that nobody sent
    SS: the opener does not answer its own SYN
    SR: the opener's half of a simultaneous open
    ES FW CW LA TW CL: the opener has no SYN to answer any more
    S2: simultaneous open: the opener answers the SYN of the other side
    """),
    ("original fin",
    "-- -- FW FW LA LA LA TW CL --", """
    NO: no connection to close
    SS: nothing to close before an answer
    SR: the opener closes right after the answer
    ES: the first FIN
    FW: a second FIN, whoever sent the first (or the first again)
    CW: the second FIN
    LA: a FIN again
    TW: the last FIN again
    CL: too late to change anything
    S2: nothing to close before an answer
    """),
    ("original ack",
    "ES -- ES ES CW CW TW TW CL --", """
    NO: picked up in the middle, if tcp_loose allows it
    SS: nothing to acknowledge before an answer
    SR: the third packet of the handshake
    ES: data or acknowledgement
    FW: taken for the acknowledgement of the FIN, whoever sent that
    CW: data or acknowledgement while half closed
    LA: the last ACK (unless it is a challenge ACK to a SYN that was ignored)
    TW: the last ACK again
    CL: too late to change anything
    S2: a SYN-ACK is due, not an ACK
    """),
    ("original rst",
    "-- CL CL CL CL CL CL CL CL CL", """
    NO: no connection to reset
    SS: the opener gives up
    SR: the opener refuses the answer
    ES: reset, if the sequence number is the expected one
    FW CW LA TW CL: whatever is left of it is reset, without looking at the window
    S2: the opener gives up
    """),
    ("original none",
    "-- -- -- -- -- -- -- -- -- --", """
    NO SS SR ES FW CW LA TW CL S2: neither SYN, ACK, FIN nor RST: no TCP sends that
    """),
    ("reply syn",
    #NO SS SR ES FW CW LA TW CL S2
    "-- S2 -- -- -- -- -- SS -- S2", """
    NO: a reply cannot come first
    SS: simultaneous open: both sides send a SYN
    SR: it has answered the opener's SYN already
    ES FW CW LA: no new opening from the other side while this connection lasts
    TW: the other side opens a new connection on the same ports (if the old one ended in order)
    CL: no new opening from the other side after a reset
    S2: the SYN of the other side again
    """),
    ("reply synack",
    "-- SR .. .. .. .. .. .. .. SR", """
    NO: a reply cannot come first
    SS: the answer to the SYN
    SR: the answer again, or one to a SYN that was ignored
    ES: the answer again: its ACK was lost; or one to a SYN that was ignored
    FW CW LA TW: a late copy, or the answer to a SYN that was ignored
    CL: a late copy, or the answer to a SYN that was ignored: then we follow the new connection
    S2: simultaneous open: the other side answers the opener's SYN
    """),
    ("reply fin",
    "-- -- FW FW LA LA LA TW CL --", """
    NO: a reply cannot come first
    SS: nothing to close before the SYN is answered
    SR: the answering side closes at once
    ES: the first FIN
    FW: a second FIN, whoever sent the first (or the first again)
    CW: the second FIN
    LA: a FIN again
    TW: the last FIN again
    CL: too late to change anything
    S2: nothing to close before an answer
    """),
    ("reply ack",
    "-- .. SR ES CW CW TW TW CL ..", """
    NO: a reply cannot come first
    SS: it answers no SYN: perhaps a challenge ACK from an old connection (RFC 5961 §4)
    SR: data ahead of the opener's ACK; in a simultaneous open, the end of the handshake
    ES: data or acknowledgement
    FW: taken for the acknowledgement of the FIN, whoever sent that
    CW: data or acknowledgement while half closed
    LA: the last ACK (unless it is a challenge ACK to a SYN that was ignored)
    TW: the last ACK again
    CL: too late to change anything
    S2: it answers no SYN: perhaps a late acknowledgement
    """),
    ("reply rst",
    "-- CL CL CL CL CL CL CL CL CL", """
    NO: a reply cannot come first
    SS: the opening is refused
    SR: the answering side changes its mind
    ES: reset, if the sequence number is the expected one
    FW CW LA TW CL: whatever is left of it is reset, without looking at the window
    S2: the opening is refused
    """),
    ("reply none",
    "-- -- -- -- -- -- -- -- -- --", """
    NO SS SR ES FW CW LA TW CL S2: neither SYN, ACK, FIN nor RST: no TCP sends that
    """),
)  # fmt: skip

_STATES = _CODES[:10]

TABLE = (tuple(cells(_CODES, row) for _, row, _ in _ROWS[:6]), tuple(cells(_CODES, row) for _, row, _ in _ROWS[6:]))
"""`TABLE[direction][flag class][state]`: the next state, or one of `CELL_INVALID`, `CELL_IGNORE`."""

WHY = (tuple(reasons(_STATES, text) for *_, text in _ROWS[:6]), tuple(reasons(_STATES, text) for *_, text in _ROWS[6:]))
"""`WHY[direction][flag class][state]`: the reason of that cell, for `explain` and for diagrams."""

ROW_NAMES = tuple(name for name, *_ in _ROWS)
"""The rows in order, as direction and class: `ROW_NAMES[6 * direction + flag class]`."""

_SANE_FLAGS = sum(
    1 << flags
    for flags in (
        SYN, SYN | URG, SYN | ACK, RST, RST | ACK, FIN | ACK, FIN | ACK | URG, ACK, ACK | URG,
    )
)  # fmt: skip


@hot
def flags_are_valid(flags: int) -> bool:
    """Whether a TCP sends this combination of flags; PSH, ECE and CWR may be added to any (`tcp_valid_flags`)."""
    return (_SANE_FLAGS >> (flags & (FIN | SYN | RST | ACK | URG))) & 1 == 1


@hot
def flag_class(flags: int) -> int:
    """The class of a packet's flags (`get_conntrack_index`): RST rules, then SYN, then FIN."""
    if flags & RST:
        return CLASS_RST
    if flags & SYN:
        return CLASS_SYNACK if flags & ACK else CLASS_SYN
    if flags & FIN:
        return CLASS_FIN
    return CLASS_ACK if flags & ACK else CLASS_NONE


@hot
def next_state(direction: int, kind: int, state: int) -> int:
    """What the table says of a packet of flag class `kind`: a `TcpState`, or `CELL_INVALID`, `CELL_IGNORE`."""
    return TABLE[direction][kind][state]
