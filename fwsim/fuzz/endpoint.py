"""The two ends of a TCP connection as a fuzzer knows them: what was sent, acknowledged and allowed so far.

Read first: RFC 9293 §3.3 and conntrack-spec §5, whose bounds are where the interesting numbers lie. An end believes
whatever is sent: nothing is validated here.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from fwsim.engine.serial import after, wrap

LEAST_WINDOW = 66_000
"""`MAXACKWINDOW` of the kernel: the least window that bound IV goes by."""

WINDOWS = (0, 1, 100, 1000, 29_200, 64_240, 65_535)
OPENING_OPTIONS = (
    b"",
    b"\x02\x04\x05\xb4",  # MSS
    b"\x03\x03\x07\x01",  # window scale 7
    b"\x04\x02\x01\x01",  # SACK permitted
    b"\x02\x04\x05\xb4\x04\x02\x03\x03\x02\x00\x00\x00",
)


@dataclass
class Endpoint:
    """One end. All numbers are 32-bit sequence numbers but `window` and `widest` (bytes) and `scale`."""

    next: int
    """What it sends next."""
    expects: int
    """What it acknowledges."""
    window: int
    options: bytes
    scale: int
    highest: int = 0
    """The end of what it sent so far."""
    granted: int = 0
    """The right edge that the other end has allowed it."""
    acknowledged: int = 0
    """What it acknowledged last."""
    widest: int = 1


def endpoint(chance: Random) -> Endpoint:
    """An end that begins anywhere, often near where numbers wrap around or turn negative."""
    start = chance.choice(
        (
            chance.getrandbits(32),
            wrap(-chance.randrange(1, 3000)),
            chance.randrange(3),
            (1 << 31) - chance.randrange(3000),
        )
    )
    options = chance.choice(OPENING_OPTIONS)
    scale = {OPENING_OPTIONS[2]: 7, OPENING_OPTIONS[4]: 2}.get(options, 0)
    return Endpoint(start, 0, chance.choice(WINDOWS), options, scale, highest=start, granted=start)


def note(sender: Endpoint, receiver: Endpoint, seq: int, end: int, ack: int | None, window: int) -> None:
    """Remember a segment from `seq` up to `end`; `ack` None if it acknowledges nothing."""
    if after(end, sender.highest):
        sender.highest = end
    sender.widest = max(sender.widest, window << sender.scale)
    if ack is not None:
        sender.acknowledged = ack
        edge = wrap(ack + (window << sender.scale))
        if after(edge, receiver.granted):
            receiver.granted = edge


def tempting(chance: Random, sender: Endpoint, receiver: Endpoint) -> tuple[int, int]:
    """A sequence and an acknowledgement number at, or just beside, a bound of window tracking."""
    window = max(sender.widest, LEAST_WINDOW)
    seq = chance.choice(
        (
            *[sender.highest] * 4,
            *[receiver.acknowledged] * 3,
            sender.granted,
            sender.highest - 1,
            sender.highest - receiver.widest,
            sender.granted + receiver.widest,
            sender.next,
            chance.choice((0, chance.getrandbits(32))),
        )
    )
    ack = chance.choice(
        (
            *[receiver.highest] * 6,
            receiver.highest - window,
            receiver.highest - LEAST_WINDOW,
            receiver.granted,
            sender.acknowledged,
            sender.expects,
            chance.choice((0, chance.getrandbits(32))),
        )
    )
    return wrap(seq + beside(chance)), wrap(ack + beside(chance))


def beside(chance: Random) -> int:
    """Mostly 0, else a little or a lot to either side."""
    if chance.random() < 0.6:
        return 0
    return chance.choice((1, -1, 2, -2, chance.randrange(-70_000, 70_000), chance.randrange(-200, 200)))
