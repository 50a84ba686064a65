"""What is wrong with a packet, apart from what any rule says of it.

Read first: `fwsim.terms.Evidence`, and conntrack-spec §3-§9 for the reasons. Decoding has set the
malformed and capture bits before, and `origin` the spoofed ones; here come those that need a connection.

A packet's connection is the real one or, failing that, a *ghost*: one whose opening was refused.
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot
from fwsim.engine.serial import after, wrap
from fwsim.terms import CtStatus, Direction, Evidence, Proto, Reason, TcpFlag, TcpState

Row = Any

TCP = int(Proto.TCP)
UDP = int(Proto.UDP)
ICMP = int(Proto.ICMP)
ICMPV6 = int(Proto.ICMPV6)

FIN = int(TcpFlag.FIN)
SYN = int(TcpFlag.SYN)
RST = int(TcpFlag.RST)
ACK = int(TcpFlag.ACK)

ORIGINAL = int(Direction.ORIGINAL)
SEEN_REPLY = int(CtStatus.SEEN_REPLY)

ACK_WITHOUT_CONNECTION = int(Evidence.ACK_WITHOUT_CONNECTION)
SYNACK_WITHOUT_SYN = int(Evidence.SYNACK_WITHOUT_SYN)
RST_WITHOUT_CONNECTION = int(Evidence.RST_WITHOUT_CONNECTION)
FIN_WITHOUT_CONNECTION = int(Evidence.FIN_WITHOUT_CONNECTION)
UDP_REPLY_WITHOUT_REQUEST = int(Evidence.UDP_REPLY_WITHOUT_REQUEST)
ICMP_REPLY_WITHOUT_REQUEST = int(Evidence.ICMP_REPLY_WITHOUT_REQUEST)
ICMP_ERROR_WITHOUT_CONNECTION = int(Evidence.ICMP_ERROR_WITHOUT_CONNECTION)
SEQ_ABOVE_WINDOW = int(Evidence.SEQ_ABOVE_WINDOW)
ACK_ABOVE_WINDOW = int(Evidence.ACK_ABOVE_WINDOW)
RST_OUT_OF_WINDOW = int(Evidence.RST_OUT_OF_WINDOW)
RST_INEXACT = int(Evidence.RST_INEXACT)
SYN_IN_CONNECTION = int(Evidence.SYN_IN_CONNECTION)
AFTER_CLOSE = int(Evidence.AFTER_CLOSE)
MIDSTREAM = int(Evidence.MIDSTREAM)
FOLLOWS_DENIED = int(Evidence.FOLLOWS_DENIED)

R_SEQ_OVER = int(Reason.TCP_SEQ_OVER)
R_ACK_OVER = int(Reason.TCP_ACK_OVER)
R_OVERSHOOT = int(Reason.TCP_OVERSHOOT)
R_RST_SEQ_LOW = int(Reason.TCP_RST_SEQ_LOW)
R_RST_INEXACT = int(Reason.TCP_RST_INEXACT)
R_IGNORED = int(Reason.TCP_IGNORED)
R_INVALID_STATE = int(Reason.TCP_INVALID_STATE)
R_BAD_FLAGS = int(Reason.TCP_BAD_FLAGS)
R_ICMP_REPLY = int(Reason.ICMP_REPLY_WITHOUT_REQUEST)
R_ICMP_UNMATCHED = int(Reason.ICMP_ERROR_UNMATCHED)
R_ICMP_BAD_QUOTE = int(Reason.ICMP_ERROR_BAD_QUOTE)
R_ICMP_WRONG_TARGET = int(Reason.ICMP_ERROR_WRONG_TARGET)

TCP_CLOSE = int(TcpState.CLOSE)
TCP_TIME_WAIT = int(TcpState.TIME_WAIT)
SYN_SENT = int(TcpState.SYN_SENT)

FIRST_EPHEMERAL = 1024
"""Ports below belong to services (RFC 6335 §6, system ports): what a UDP reply comes from and no client sends from."""


@hot
def without_connection(packet: Row, reason: int) -> int:
    """The word for a packet that belongs to nothing: it answers or continues what was never opened."""
    proto = packet["proto"]
    if proto == TCP:
        if reason == R_BAD_FLAGS:
            return 0
        return tcp_without_connection(packet["flags"])
    if proto == UDP:
        if 0 <= packet["sport"] < FIRST_EPHEMERAL and packet["dport"] >= FIRST_EPHEMERAL:
            return UDP_REPLY_WITHOUT_REQUEST
        return 0
    if proto == ICMP or proto == ICMPV6:
        if reason == R_ICMP_REPLY:
            return ICMP_REPLY_WITHOUT_REQUEST
        if reason == R_ICMP_UNMATCHED or reason == R_ICMP_BAD_QUOTE or reason == R_ICMP_WRONG_TARGET:
            return ICMP_ERROR_WITHOUT_CONNECTION
    return 0


@hot
def tcp_without_connection(flags: int) -> int:
    """The same for TCP, by flag class (`get_conntrack_index`: RST before SYN before FIN before ACK)."""
    if flags < 0:
        return 0
    if flags & RST:
        return RST_WITHOUT_CONNECTION
    if flags & SYN:
        return SYNACK_WITHOUT_SYN if flags & ACK else 0
    if flags & FIN:
        return FIN_WITHOUT_CONNECTION
    if flags & ACK:
        return ACK_WITHOUT_CONNECTION
    return 0


@hot
def tcp_in_connection(packet: Row, reason: int, state_before: int, sender_end: int) -> int:
    """The word for a TCP packet of a known connection, from what the tracker said of it.

    `sender_end` is the highest sequence number its sender had used before it (`SIDE["end"]`).
    """
    flags = packet["flags"]
    if flags < 0:
        return 0
    if flags & RST:
        if reason == R_RST_INEXACT:
            return RST_INEXACT
        if reason == R_SEQ_OVER or reason == R_OVERSHOOT or reason == R_ACK_OVER or reason == R_RST_SEQ_LOW:
            return RST_OUT_OF_WINDOW
        return 0
    if reason == R_SEQ_OVER or reason == R_OVERSHOOT:
        return SEQ_ABOVE_WINDOW
    if reason == R_ACK_OVER:
        return ACK_ABOVE_WINDOW
    segment_end = wrap(packet["seq"] + packet["payload"] + ((flags & SYN) >> 1) + (flags & FIN))
    if flags & SYN:
        out_of_step = reason == R_IGNORED or reason == R_INVALID_STATE
        if out_of_step and not flags & ACK and state_before > SYN_SENT and segment_end != sender_end:
            return SYN_IN_CONNECTION
        if reason == R_INVALID_STATE and flags & ACK:
            return SYN_IN_CONNECTION
        return 0
    if state_before == TCP_CLOSE:
        return AFTER_CLOSE
    if state_before == TCP_TIME_WAIT and packet["payload"] > 0 and after(segment_end, sender_end):
        return AFTER_CLOSE
    if reason == R_INVALID_STATE:
        return tcp_without_connection(flags)
    return 0


@hot
def of_history(connection: Row, direction: int, replied_before: int, denied: int) -> int:
    """The words that a packet inherits from how its connection began.

    A connection that began with a forged-looking packet stays suspicious until it is answered. One picked up in
    mid-stream and then answered was simply open when the capture began. What follows a refused opening says so.
    """
    opening = connection["evidence"]
    if opening == 0:
        return FOLLOWS_DENIED if denied else 0
    if opening & MIDSTREAM:
        return MIDSTREAM
    if opening & ACK_WITHOUT_CONNECTION and (replied_before or connection["status"] & SEEN_REPLY):
        return MIDSTREAM
    if direction == ORIGINAL:
        return 0 if replied_before else opening
    return FOLLOWS_DENIED if denied else 0
