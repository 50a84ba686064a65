"""FTP: control connections that announce data connections, and data connections that come of it, or do not.

Read first: conntrack-spec §13, RFC 959, RFC 2428, `fwsim.fuzz.ftp_lines`. The helper listens only behind a newline, and
forgets what it expected with the first packet that would open it: so lines come whole, split, repeated and disordered,
and data connections begin rightly, at another port, from the other end, with a RST, or with a SYN that is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random

from fwsim.capture.crafting import TCP, Ip, tcp_segment
from fwsim.engine.serial import wrap
from fwsim.fuzz.ftp_lines import CHATTER, line
from fwsim.fuzz.hosts import Pair
from fwsim.fuzz.policy import REFUSED_TOS
from fwsim.terms import TcpFlag

FIN, SYN, RST, PSH, ACK = (int(flag) for flag in (TcpFlag.FIN, TcpFlag.SYN, TcpFlag.RST, TcpFlag.PSH, TcpFlag.ACK))
WINDOW = 65_000

CONTROL_PORTS = (21, 21, 21, 21, 2121)
"""The ruleset gives the helper to the first of them."""
DATA_SOURCES = (20, 21, *range(3000, 3030))
"""Many, since the clock stands still: a tuple is free again only when its connection was closed."""

HANDSHAKE = ((0, SYN), (1, SYN | ACK), (0, ACK))
OPENINGS = (*[HANDSHAKE] * 8, (), ((0, SYN), (0, SYN), (1, SYN | ACK)))
CLOSINGS = (
    (),
    ((0, FIN | ACK), (1, FIN | ACK), (0, ACK)),
    ((1, FIN | ACK), (0, FIN | ACK), (1, ACK), *HANDSHAKE),
    ((0, RST | ACK), *HANDSHAKE),
    ((1, RST),),
)
DATA = (
    *[(*HANDSHAKE, (1, PSH | ACK), (0, ACK), (1, FIN | ACK), (0, FIN | ACK), (1, ACK))] * 3,
    *[HANDSHAKE] * 3,
    ((0, SYN), (1, RST | ACK), (0, SYN), (1, SYN | ACK)),
    ((0, SYN), (0, SYN)),
    ((0, RST), (0, SYN), (1, SYN | ACK)),
    ((0, ACK), (1, ACK)),
    ((0, SYN | ACK), (0, SYN)),
    ((1, SYN), (0, SYN | ACK)),
    ((0, FIN | ACK), (0, SYN)),
)
"""How data connections go; 0 is who was asked to open them."""


@dataclass
class Connection:
    """Both ends of a TCP connection that goes as it should: addresses, ports, and what each end sends next."""

    pair: Pair
    ports: tuple[int, int]
    next: list[int]
    sent: tuple[list[tuple[int, bytes]], list[tuple[int, bytes]]] = field(default_factory=lambda: ([], []))
    """What each end has said, with its sequence number."""

    def segment(self, side: int, flags: int, data: bytes = b"", *, seq: int | None = None) -> Ip:
        """A segment; it moves nothing on."""
        src, dst = self.pair[side], self.pair[1 - side]
        numbers = (self.next[side] if seq is None else wrap(seq), self.next[1 - side] if flags & ACK else 0)
        ports = self.ports if side == 0 else self.ports[::-1]
        return Ip(src, dst, TCP, tcp_segment(src, dst, ports, numbers, flags, WINDOW, data=data))

    def say(self, side: int, flags: int, data: bytes = b"") -> tuple[int, Ip]:
        """The next segment of an end, with its side."""
        ip = self.segment(side, flags, data)
        if data:
            self.sent[side].append((self.next[side], data))
        self.next[side] = wrap(self.next[side] + len(data) + bool(flags & SYN) + bool(flags & FIN))
        return side, ip


Announced = tuple[int, int]
"""The side that is to open a data connection, and the port of the other."""


def conversation(chance: Random, pair: Pair) -> Iterator[tuple[int, Ip]]:
    """A control connection and its data connections, interleaved; each packet with the side that sends it."""
    starts = [chance.choice((chance.getrandbits(32), wrap(-chance.randrange(400)))) for _ in range(2)]
    control = Connection(pair, (chance.randrange(4000, 4060), chance.choice(CONTROL_PORTS)), starts)
    announced: Announced | None = None
    transfers: list[Iterator[tuple[int, Ip]]] = []
    yield from played(chance, control, chance.choice(OPENINGS))
    for side in (1, 0):  # a first line of either side, so that the next ones are listened to
        if chance.random() < 0.85:
            yield control.say(side, PSH | ACK, chance.choice(CHATTER))
    for _ in range(chance.randrange(3, 25)):
        if announced is not None and chance.random() < 0.15:
            transfers.append(transfer(chance, pair, announced))
        if transfers and chance.random() < 0.6:
            found = next(transfers[-1], None)
            if found is None:
                transfers.pop()
            else:
                yield found
            continue
        side = chance.randrange(2)
        port, text = line(chance, side, pair)
        yield from spoken(chance, control, side, text)
        if port is not None:
            announced = 1 - side, port
            if chance.random() < 0.6:
                transfers.append(transfer(chance, pair, announced))
    yield from played(chance, control, chance.choice(CLOSINGS))


def played(chance: Random, connection: Connection, steps: tuple[tuple[int, int], ...]) -> Iterator[tuple[int, Ip]]:
    """Steps without data; a SYN behind another starts anew, somewhere above."""
    for side, flags in steps:
        if flags == SYN and connection.sent[0]:
            connection.next[side] = wrap(connection.next[side] + 70_000)
        if flags == SYN and chance.random() < 0.03:
            yield side, connection.segment(side, flags, line(chance, side, connection.pair)[1])
            continue
        yield connection.say(side, flags)


def spoken(chance: Random, control: Connection, side: int, text: bytes) -> Iterator[tuple[int, Ip]]:
    """A line on its way: whole or in two segments, now and then repeated, at a wrong number or overlapping the next."""
    fate = chance.random()
    if fate < 0.06 and control.sent[side]:
        seq, before = chance.choice(control.sent[side])
        yield side, control.segment(side, PSH | ACK, before, seq=seq)
    elif fate < 0.1:
        seq = control.next[side] + chance.choice((-10, -1, 1, 2, 10))
        yield side, control.segment(side, PSH | ACK, text, seq=seq)
    if fate > 0.95 and len(text) > 1:
        cut = chance.randrange(1, len(text))
        yield control.say(side, PSH | ACK, text[:cut])
        text = text[cut:]
    yield control.say(side, chance.choice((PSH | ACK, PSH | ACK, ACK)), text)
    if fate > 0.92:
        control.next[side] = wrap(control.next[side] - chance.randrange(1, 4))


def transfer(chance: Random, pair: Pair, announced: Announced) -> Iterator[tuple[int, Ip]]:
    """A data connection as it was announced, or nearly; its first packet may be refused."""
    side, port = announced
    if chance.random() < 0.08:
        port = chance.choice((port ^ 1, 1024, 5000))
    if chance.random() < 0.06:
        side = 1 - side
    ends = pair if side == 0 else pair[::-1]
    starts = [chance.getrandbits(32), chance.getrandbits(32)]
    data = Connection(ends, (chance.choice(DATA_SOURCES), port), starts)
    refused = chance.random() < 0.12
    for who, flags in chance.choice(DATA):
        by, ip = data.say(who, flags, b"data" if flags & PSH else b"")
        yield by ^ side, replace(ip, tos=REFUSED_TOS) if refused else ip
        refused = False
