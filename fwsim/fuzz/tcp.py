"""TCP conversations, orderly, broken and forged.

Read first: `fwsim.fuzz.endpoint`. A conversation follows a script (handshakes, simultaneous open, data, every way to
close, reuse of the tuple) and leaves it again and again: losing, repeating and reordering segments, or sending what no
TCP would, at the bounds of window tracking.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from fwsim.capture.crafting import TCP, Ip, tcp_segment
from fwsim.engine.serial import wrap
from fwsim.fuzz.endpoint import Endpoint, endpoint, note, tempting
from fwsim.fuzz.hosts import Pair
from fwsim.terms import TcpFlag

FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = (int(flag) for flag in (
    TcpFlag.FIN, TcpFlag.SYN, TcpFlag.RST, TcpFlag.PSH, TcpFlag.ACK, TcpFlag.URG, TcpFlag.ECE, TcpFlag.CWR,
))  # fmt: skip

Step = tuple[int, int]
"""Who sends (0 the one that opens), and which flags."""

OPENINGS: tuple[tuple[Step, ...], ...] = (
    *[((0, SYN), (1, SYN | ACK), (0, ACK))] * 9,
    ((0, SYN), (1, SYN), (0, SYN | ACK), (1, SYN | ACK), (0, ACK)),  # simultaneous
    ((0, SYN), (1, SYN), (1, SYN | ACK), (0, SYN | ACK), (1, ACK)),
    ((0, SYN), (1, SYN), (0, SYN | ACK), (1, ACK)),  # split
    ((0, SYN), (1, ACK), (0, RST), (0, SYN), (1, SYN | ACK)),  # a challenge
    ((0, SYN), (1, RST | ACK)),
    (),  # picked up in mid-stream
)
CLOSINGS: tuple[tuple[Step, ...], ...] = (
    (),
    ((0, FIN | ACK), (1, ACK), (1, FIN | ACK), (0, ACK)),
    ((1, FIN | ACK), (0, FIN | ACK), (1, ACK)),
    ((0, FIN | ACK), (1, FIN | ACK), (0, ACK), (1, ACK)),  # simultaneous
    ((0, FIN | ACK), (0, FIN | ACK), (1, ACK), (1, FIN | ACK)),
    ((1, RST),),
    ((0, RST),),
    ((0, RST | ACK),),
    ((1, RST | ACK),),
    ((0, FIN | ACK), (1, FIN | ACK), (0, SYN), (1, ACK), (0, RST), (1, ACK)),
)
REOPENINGS: tuple[tuple[Step, ...], ...] = (
    (),
    (),
    ((0, SYN), (1, SYN | ACK), (0, ACK)),
    ((1, SYN), (0, SYN | ACK), (1, ACK)),
    ((0, SYN), (1, ACK), (0, RST), (0, SYN), (1, SYN | ACK)),
    ((0, SYN), (1, RST | ACK)),
    ((0, SYN), (0, SYN), (1, SYN | ACK)),
)
FORGED_FLAGS = (
    SYN, SYN | ACK, *[ACK] * 3, PSH | ACK, *[FIN | ACK] * 2, *[RST] * 2, *[RST | ACK] * 2,
    ECE | SYN, ECE | CWR | SYN, ECE | SYN | ACK, URG | ACK, URG | FIN | ACK, PSH | FIN | ACK,
)  # fmt: skip
TIMESTAMPS = b"\x01\x01\x08\x0a"


@dataclass(frozen=True)
class Segment:
    """A segment of one end, before it becomes bytes."""

    side: int
    flags: int
    seq: int
    ack: int
    window: int
    options: bytes
    data: bytes

    @property
    def end(self) -> int:
        """The sequence number behind it."""
        return wrap(self.seq + len(self.data) + bool(self.flags & SYN) + bool(self.flags & FIN))


def conversation(chance: Random, pair: Pair) -> Iterator[tuple[int, Ip]]:
    """Segments of one conversation, each with the side that sends it."""
    ports = (chance.randrange(1024, 1064), chance.choice((80, 443, 22)))
    ends = (endpoint(chance), endpoint(chance))
    ends[0].expects, ends[1].expects = wrap(ends[1].next + 1), wrap(ends[0].next + 1)
    for segment in segments(chance, ends):
        yield segment.side, packet(chance, pair, ports, segment)


def packet(chance: Random, pair: Pair, ports: tuple[int, int], segment: Segment) -> Ip:
    """The segment as a packet; now and then with a checksum or a data offset that is wrong, or cut short."""
    src, dst = pair[segment.side], pair[1 - segment.side]
    payload = tcp_segment(
        src,
        dst,
        ports if segment.side == 0 else (ports[1], ports[0]),
        (segment.seq, segment.ack),
        segment.flags,
        segment.window,
        options=segment.options,
        data=segment.data,
        offset=chance.choice((0, 4, 15)) if chance.random() < 0.004 else None,
        bad_checksum=chance.random() < 0.008,
    )
    if chance.random() < 0.004:
        payload = payload[: chance.choice((0, 3, 4, 8, 13, 19))]
    return Ip(src, dst, TCP, payload)


def segments(chance: Random, ends: tuple[Endpoint, Endpoint]) -> Iterator[Segment]:
    """What both ends send: the script, and what comes in between."""
    steps = list(script(chance))
    wildness = chance.choice((0.0, 0.03, 0.1, 0.3, 0.6, 1.0))
    last: Segment | None = None
    for number in range(chance.randrange(3, 45)):
        if last and chance.random() < 0.08:
            yield from [last] * chance.choice((1, 1, 1, 1, 2, 5))  # retransmitted
            continue
        if not steps or chance.random() < wildness:
            last = forged(chance, ends)
        else:
            if len(steps) > 1 and chance.random() < 0.04:  # reordered
                steps[0], steps[1] = steps[1], steps[0]
            side, flags = steps.pop(0)
            last = ordinary(chance, ends, side, flags, number)
            if chance.random() < 0.04:  # lost on its way here
                continue
        yield last


def script(chance: Random) -> Iterator[Step]:
    """Who sends what, if nothing goes wrong."""
    middle = [
        (chance.randrange(2), chance.choice((ACK, ACK, PSH | ACK))) for _ in range(chance.choice((0, 1, 3, 6, 12)))
    ]
    yield from chance.choice(OPENINGS)
    yield from middle
    yield from chance.choice(CLOSINGS)
    yield from chance.choice(REOPENINGS)
    yield from middle[:3]


def ordinary(chance: Random, ends: tuple[Endpoint, Endpoint], side: int, flags: int, number: int) -> Segment:
    """The next segment of an end that does as the script says."""
    sender, receiver = ends[side], ends[1 - side]
    if flags & SYN and not flags & ACK and number > 3:  # opened again
        sender.next = chance.choice(
            (chance.getrandbits(32), wrap(sender.next + chance.randrange(100_000)), sender.next)
        )
    size = 0 if flags & (SYN | RST) else chance.choice((0, 0, 0, 1, 10, 500, 1400))
    segment = Segment(
        side,
        flags,
        sender.next,
        sender.expects if flags & ACK else 0,
        chance.choice((*[sender.window] * 6, 0, 65_535)),
        sender.options if flags & SYN else chance.choice((b"", b"", TIMESTAMPS + bytes(8))),
        bytes(size),
    )
    sender.next = segment.end
    if chance.random() < 0.9:
        receiver.expects = segment.end
    learn(ends, segment)
    return segment


def forged(chance: Random, ends: tuple[Endpoint, Endpoint]) -> Segment:
    """A segment with any flags, at tempting numbers; sometimes both ends go on from it."""
    side = chance.randrange(2)
    sender, receiver = ends[side], ends[1 - side]
    flags = chance.choice((*FORGED_FLAGS, chance.getrandbits(8)))
    seq, ack = tempting(chance, sender, receiver)
    if chance.random() < 0.1:
        seq, ack = chance.choice(((0, ack), (seq, 0), (0, 0)))
    window = chance.choice((0, 1, 3, sender.window, sender.window, 65_535, chance.getrandbits(16)))
    size = chance.choice((0, 0, 0, 0, 1, chance.randrange(1, 100), chance.randrange(1, 1400)))
    segment = Segment(side, flags, seq, ack, window, any_options(chance, flags, ack), bytes(size))
    if chance.random() < 0.3:
        sender.next = segment.end
        learn(ends, segment)
    if chance.random() < 0.3:
        receiver.expects = sender.next
    return segment


def learn(ends: tuple[Endpoint, Endpoint], segment: Segment) -> None:
    """Note the segment at both ends."""
    ack = segment.ack if segment.flags & ACK else None
    note(ends[segment.side], ends[1 - segment.side], segment.seq, segment.end, ack, segment.window)


def any_options(chance: Random, flags: int, ack: int) -> bytes:
    """An option area of whole words: none, well-formed, or garbage."""
    if chance.random() < (0.3 if flags & SYN else 0.6):
        return b""
    if chance.random() < 0.1:
        return TIMESTAMPS + chance.randbytes(8)
    area = b"".join(option(chance, ack) for _ in range(chance.randrange(1, 5)))[:40]
    return area + chance.choice((b"\0", b"\1")) * (-len(area) % 4)


def option(chance: Random, ack: int) -> bytes:
    """One option; a few bytes of garbage now and then."""
    kind = chance.random()
    if kind < 0.25:
        return bytes((3, 3, chance.choice((0, 1, 2, 7, 14, 15, 255))))
    if kind < 0.4:
        return b"\x04\x02"
    if kind < 0.5:
        return chance.choice((b"\x02\x04\x05\xb4", b"\x01", b"\x00"))
    if kind < 0.57:
        return b"\x08\x0a" + chance.randbytes(8)
    if kind < 0.95:
        return selective_acks(chance, ack)
    return chance.randbytes(chance.randrange(1, 5))


def selective_acks(chance: Random, ack: int) -> bytes:
    """A SACK option (RFC 2018 §3) of up to three blocks around the acknowledgement."""
    blocks = b""
    for _ in range(chance.randrange(1, 4)):
        right = wrap(ack + chance.choice((0, 1, 100, 5000, -100, 70_000, chance.getrandbits(32))))
        left = wrap(right - chance.choice((0, 1, 100)))
        blocks += left.to_bytes(4, "big") + right.to_bytes(4, "big")
    return bytes((5, 2 + len(blocks))) + blocks
