"""What a forged packet would do to the host it is addressed to: by its own bytes, and by the state the host is in.

Read first: `intent_of`. The state is that of the victim at the packet's time, exact and not as the attacker guessed it.
"""

from __future__ import annotations

from fwsim.attack.conversation import Conversation
from fwsim.attack.host import (
    Host,
    before_rfc5961,
    by_rfc5961,
    in_time_wait,
    without_connection,
)
from fwsim.attack.model import NOTHING_HAPPENS, Effect, Intent
from fwsim.attack.segment import ICMP, ICMPV6, TCP, UDP, Segment, addresses, proto_of, taken_apart, transport_at
from fwsim.attack.survey import Question, Survey
from fwsim.engine.serial import wrap

ECHO_REQUESTS = {(ICMP, 8), (ICMPV6, 128)}
HARD_ERRORS = {(ICMP, 3, 2), (ICMP, 3, 3), (ICMPV6, 1, 4), (ICMPV6, 4, 1)}
"""Protocol or port unreachable (RFC 1122 §4.2.3.9, RFC 5927 §2.1)."""
TOO_BIG = {(ICMP, 3, 4), (ICMPV6, 2, 0)}
DNS = 53


def intent_of(packet: bytes, ts: int, survey: Survey, victim: Conversation | None, asked: Question | None) -> Intent:
    """What the packet would do; `victim` is the connection that it aims at, `asked` the DNS question."""
    segment = taken_apart(packet)
    if segment.proto == TCP:
        return _segment(segment, ts, survey, victim)
    if (segment.proto, segment.kind) in ECHO_REQUESTS:
        return Intent(Effect.ECHO, Effect.ECHO)
    if segment.proto in (ICMP, ICMPV6) and victim is not None:
        return _error(segment, ts, victim)
    if segment.proto == UDP and asked is not None and _answers(segment, asked):
        return Intent(Effect.ACCEPTED, Effect.ACCEPTED)
    return NOTHING_HAPPENS


def _segment(segment: Segment, ts: int, survey: Survey, victim: Conversation | None) -> Intent:
    """A TCP segment: to the victim's connection, or to a port without any."""
    host = _host(victim, ts, (segment.src, segment.sport), (segment.dst, segment.dport))
    listening = (segment.dst, segment.dport) in survey.listeners
    if host is None or not (host.open or host.waits):
        effect = without_connection(segment.flags, listening=listening) if segment.sound else Effect.NONE
        return Intent(effect, effect)
    if not host.open:
        return Intent(*in_time_wait(host, segment, listening=listening))
    return Intent(before_rfc5961(host, segment), by_rfc5961(host, segment))


def _host(victim: Conversation | None, ts: int, source: tuple[str, int], destination: tuple[str, int]) -> Host | None:
    """The state of the end of the victim's connection that has this address and port; None if it is another's."""
    if victim is None:
        return None
    ends = [(end.address, end.port) for end in victim.ends]
    if [source, destination] not in (ends, ends[::-1]):
        return None
    moment = victim.at(ts)
    return moment.hosts[ends.index(destination)] if moment else None


def _error(segment: Segment, ts: int, victim: Conversation) -> Intent:
    """An ICMP error: of old, what it quotes had to belong to a connection; RFC 5927 wants it to be in flight as well.

    Hard errors do not end a synchronised connection any more (§5.2); a smaller path MTU is believed for what is in
    flight (§7.2).
    """
    quoted = segment.quoted
    if len(quoted) < 28 or proto_of(quoted) != TCP or len(quoted) < transport_at(quoted) + 8:
        return NOTHING_HAPPENS
    src, dst = addresses(quoted)
    at = transport_at(quoted)
    sport, dport = int.from_bytes(quoted[at : at + 2], "big"), int.from_bytes(quoted[at + 2 : at + 4], "big")
    seq = int.from_bytes(quoted[at + 4 : at + 8], "big")
    host = _host(victim, ts, (dst, dport), (src, sport))
    if host is None or segment.dst != src:
        return NOTHING_HAPPENS
    kind = (segment.proto, segment.kind, segment.code)
    if kind in HARD_ERRORS:
        return Intent(Effect.RESET, Effect.NONE)
    in_flight = wrap(seq - host.snd_una) < wrap(host.snd_nxt - host.snd_una)
    return Intent(Effect.MTU, Effect.MTU if in_flight else Effect.NONE) if kind in TOO_BIG else NOTHING_HAPPENS


def _answers(segment: Segment, asked: Question) -> bool:
    """Whether a datagram is what the asker waits for: address, port and id are right (RFC 5452 §9.1)."""
    ident = int.from_bytes(segment.data[:2], "big")
    path = (segment.src, segment.dst, segment.sport, segment.dport, ident)
    return path == (asked.server, asked.asker, asked.ports[1], asked.ports[0], asked.ident)
