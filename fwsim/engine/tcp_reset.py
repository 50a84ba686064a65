"""What a RST is worth: whether it comes from the peer, or from someone who guesses.

Read first: RFC 5961 §3 (blind reset attacks). The receiver of a RST has told, in its highest acknowledgement, which
sequence number it expects next. A RST exactly there closes; one elsewhere in the window makes a careful endpoint
send a challenge ACK, so the connection must stay open here too; one below is not from the peer. (Kernel: the case
TCP_CONNTRACK_CLOSE of `nf_conntrack_tcp_packet`.) Whether it is inside the window is then for `tcp_window` to say.
"""

from __future__ import annotations

from fwsim.engine import hot
from fwsim.engine.serial import before
from fwsim.engine.tcp_table import CLASS_ACK, CLASS_SYN, CLOSE, ESTABLISHED, FIN_WAIT, REPLY, SYN_SENT
from fwsim.engine.tcp_window import MAXACK_SET
from fwsim.tables import Row
from fwsim.terms import CtStatus

SEEN_REPLY = int(CtStatus.SEEN_REPLY)
ASSURED = int(CtStatus.ASSURED)

RESET_UNMEASURED = 0
"""Nothing to measure it by: the receiver has acknowledged nothing, or a SYN was just let through."""
RESET_EXACT = 1
"""Nothing against it: it closes if it is inside the window."""
RESET_INEXACT = 2
"""Not at the number expected: the connection stays as it is."""
RESET_LOW = 3
"""Below the number expected: invalid."""


@hot
def reset_standing(connection: Row, receiver: Row, packet: Row, direction: int, settings: Row) -> int:
    """Where a RST lies, seen from what its receiver acknowledged last: one of `RESET_*`."""
    if not receiver["flags"] & MAXACK_SET or connection["last_index"] == CLASS_SYN:
        return RESET_UNMEASURED
    seq = packet["seq"]
    open_and_assured = connection["state"] == ESTABLISHED and connection["status"] & ASSURED != 0
    if seq == 0 and not open_and_assured:
        return RESET_EXACT  # the answer to a SYN that was let through: its sender had no number to use
    if before(seq, receiver["maxack"]) and not settings["ignore_invalid_rst"]:
        return RESET_LOW
    if not open_and_assured or seq == receiver["maxack"]:
        return RESET_EXACT
    if follows_own_data(connection, packet, direction):
        return RESET_EXACT
    return RESET_INEXACT


@hot
def follows_own_data(connection: Row, packet: Row, direction: int) -> bool:
    """Whether a RST comes right behind the last data of the same side, which may not be acknowledged yet."""
    return (
        connection["last_index"] == CLASS_ACK
        and connection["last_direction"] == direction
        and packet["seq"] == connection["last_end"]
    )


@hot
def closes_unchecked(state: int) -> bool:
    """Whether any RST closes: while closing, what is remembered may be that of an earlier use of the ports."""
    return FIN_WAIT <= state <= CLOSE


@hot
def answers_what_was_ignored(connection: Row, packet: Row, direction: int) -> bool:
    """Whether a RST answers a packet that was let through without learning from it; the window cannot judge it then."""
    last = connection["last_index"]
    from_peer = last == CLASS_SYN and connection["last_direction"] != direction
    answers_syn = connection["status"] & SEEN_REPLY and from_peer
    answers_ack = not connection["status"] & ASSURED and last == CLASS_ACK
    if (answers_syn or answers_ack) and packet["ack"] == connection["last_end"]:
        return True
    # The opener's RST to a challenge ACK (RFC 9293 §3.5.2): its number is the one acknowledged there.
    challenged = connection["state"] == SYN_SENT and last == CLASS_ACK and connection["last_direction"] == REPLY
    return challenged and packet["seq"] == connection["last_ack"]
