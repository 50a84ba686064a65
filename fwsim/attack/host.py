"""A host's side of a TCP connection, and what a segment does to it: by RFC 793, and by RFC 5961.

Read first: `before_rfc5961` and `by_rfc5961`; RFC 793 pages 69 to 76, RFC 5961 sections 3.2, 4.2 and 5.2. Pure
functions of a host's state and a segment. Timestamps (RFC 7323) are not judged: a forged segment passes for one whose
timestamp is new enough, as one without any does.
"""

from __future__ import annotations

from dataclasses import dataclass

from fwsim.attack.model import Effect
from fwsim.attack.segment import ACK, FIN, RST, SYN, Segment
from fwsim.engine.serial import after, before, wrap

HALF = 1 << 31


@dataclass(frozen=True)
class Host:
    """What one end of an open connection knows (RFC 793 §3.2, in its names).

    `rcv_nxt` is the next sequence number that it expects, `rcv_wnd` how many it takes from there on; `snd_una` the
    oldest of its own that is not acknowledged, `snd_nxt` the next that it will send; `max_wnd` the largest window that
    its peer ever offered (RFC 5961 §5.2); `wl1` the sequence number of the segment that gave the window last.
    """

    rcv_nxt: int
    rcv_wnd: int
    snd_una: int
    snd_nxt: int
    max_wnd: int
    wl1: int
    open: bool = True
    waits: bool = False
    """If it is not open any more: whether it is in TIME-WAIT, as the one that sent the first FIN."""


def in_window(host: Host, seq: int, length: int) -> bool:
    """Whether a segment is acceptable (the four cases of RFC 793 page 69)."""
    if not length:
        return _within(host, seq) if host.rcv_wnd else seq == host.rcv_nxt
    return host.rcv_wnd > 0 and (_within(host, seq) or _within(host, wrap(seq + length - 1)))


def _within(host: Host, seq: int) -> bool:
    """Whether a sequence number lies in the receive window."""
    return wrap(seq - host.rcv_nxt) < host.rcv_wnd


def before_rfc5961(host: Host, segment: Segment) -> Effect:
    """What it does to a host that goes by RFC 793: anything in the window counts."""
    if not segment.sound:
        return Effect.NONE
    if not in_window(host, segment.seq, segment.length):
        return Effect.NONE if segment.flags & RST else Effect.ACK
    if segment.flags & (RST | SYN):
        return Effect.RESET
    if not segment.flags & ACK:
        return Effect.NONE
    if after(segment.ack, host.snd_nxt):
        return Effect.ACK
    return _processed(host, segment)


def by_rfc5961(host: Host, segment: Segment) -> Effect:
    """What it does to a host that follows RFC 5961."""
    if not segment.sound:
        return Effect.NONE
    if segment.flags & RST:
        if segment.seq == host.rcv_nxt:
            return Effect.RESET
        return Effect.ACK if in_window(host, segment.seq, segment.length) else Effect.NONE
    if segment.flags & SYN or not in_window(host, segment.seq, segment.length):
        return Effect.ACK
    if not segment.flags & ACK:
        return Effect.NONE
    oldest = wrap(host.snd_una - host.max_wnd)
    if before(segment.ack, oldest) or after(segment.ack, host.snd_nxt):
        return Effect.ACK
    return _processed(host, segment)


def _processed(host: Host, segment: Segment) -> Effect:
    """What an acceptable segment with an acceptable acknowledgement does (RFC 793 pages 72 to 76)."""
    if segment.data:
        return Effect.DATA
    if segment.flags & FIN:
        return Effect.CLOSE
    known = not before(segment.ack, host.snd_una)
    return Effect.WINDOW if known and not before(segment.seq, host.wl1) else Effect.NONE


def without_connection(flags: int, *, listening: bool) -> Effect:
    """What a segment does that belongs to no connection: to a closed port, or to one that listens (RFC 793 page 65)."""
    if flags & RST:
        return Effect.NONE
    if not listening or flags & ACK:
        return Effect.RST
    return Effect.SYN_ACK if flags & SYN else Effect.NONE


def in_time_wait(host: Host, segment: Segment, *, listening: bool) -> tuple[Effect, Effect]:
    """What it does to a host in TIME-WAIT: before RFC 5961 and RFC 1337, and after them.

    A SYN above all that was received opens the connection anew if its port listens (RFC 1122 §4.2.2.13, RFC 6191).
    """
    if not segment.sound:
        return Effect.NONE, Effect.NONE
    if segment.flags & RST:
        old = Effect.RESET if in_window(host, segment.seq, 0) else Effect.NONE
        return old, Effect.NONE
    opens = listening and segment.flags & (SYN | ACK) == SYN
    if opens and not before(segment.seq, host.rcv_nxt):
        return Effect.SYN_ACK, Effect.SYN_ACK
    return Effect.ACK, Effect.ACK
