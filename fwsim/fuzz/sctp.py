"""SCTP associations, orderly, broken and forged.

Read first: RFC 9260 §5-9, conntrack-spec §10. An association follows a script of steps (handshake, collision,
heartbeats over another path, data, shutdown, abort, restart) and leaves it in every step by some chance: tags, chunks,
flags, lengths and CRCs are wrong now and then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from fwsim.capture.crafting import CHUNK_TYPES, SCTP, Ip, sctp_chunk, sctp_packet
from fwsim.fuzz.hosts import Pair

Step = tuple[int, tuple[str, ...]]
"""Who sends (0 the one that opens), and the chunks of the packet."""
Script = tuple[Step, ...]

OPENINGS: tuple[Script, ...] = (
    *[((0, ("init",)), (1, ("init-ack",)), (0, ("cookie-echo",)), (1, ("cookie-ack",)))] * 5,
    ((0, ("init",)), (1, ("init-ack",)), (0, ("cookie-echo", "data")), (1, ("cookie-ack", "sack", "data"))),
    ((0, ("heartbeat",)), (1, ("heartbeat-ack",))),  # another path of an association
    ((0, ("heartbeat",)), (0, ("init",)), (1, ("init-ack",)), (0, ("cookie-echo",)), (1, ("cookie-ack",))),
    (
        (0, ("init",)), (1, ("init",)), (0, ("init-ack",)), (1, ("init-ack",)),
        (0, ("cookie-echo",)), (1, ("cookie-echo",)), (0, ("cookie-ack",)), (1, ("cookie-ack",)),
    ),  # collision
    ((0, ("init",)), (1, ("init",)), (1, ("init-ack",)), (0, ("cookie-echo",)), (1, ("cookie-ack",))),
    ((0, ("init",)), (1, ("abort",))),
    ((0, ("init",)), (1, ("init-ack",)), (0, ("cookie-echo",)), (1, ("error",)), (0, ("init",)), (1, ("init-ack",))),
    (),
)  # fmt: skip
MIDDLE = ("data", "data", "sack", "heartbeat", "heartbeat-ack", "error", "ecne", "cwr")
CLOSINGS: tuple[Script, ...] = (
    (),
    *[((0, ("shutdown",)), (1, ("shutdown-ack",)), (0, ("shutdown-complete",)))] * 2,
    ((1, ("shutdown",)), (0, ("data",)), (0, ("shutdown-ack",)), (1, ("shutdown-complete",))),
    (
        (0, ("shutdown",)), (1, ("shutdown",)), (0, ("shutdown-ack",)), (1, ("shutdown-ack",)),
        (0, ("shutdown-complete",)),
    ),
    ((0, ("abort",)), (1, ("data",))),
    ((1, ("abort",)), (0, ("data",))),
)  # fmt: skip
KINDS: tuple[str | int, ...] = (*CHUNK_TYPES, 15, 130, 132, 193, 255)
"""Chunks that may come at any time, known ones and others."""
REPEATABLE = ("heartbeat", "heartbeat-ack", "abort", "error", "shutdown", "shutdown-ack", "data", "sack")
MOST = 16
"""Chunks of the longest packet."""
PORTS = (tuple(range(1000, 1016)), (80, 81))
T_BIT = 1


@dataclass
class Association:
    """Two ends. Packets *to* an end carry its tag."""

    pair: Pair
    ports: tuple[int, int]
    tags: tuple[int, int]
    wildness: float
    """By how much the ends do oftener than usual what they should not."""

    def errs(self, chance: Random, share: float) -> bool:
        """Whether something goes wrong that usually does in such a share of cases."""
        return chance.random() < share * self.wildness


def conversation(chance: Random, pair: Pair) -> Iterator[tuple[int, Ip]]:
    """Packets of one association and its restarts, each with the side that sends it."""
    ports = (chance.choice(PORTS[0]), chance.choice(PORTS[1]))
    association = Association(pair, ports, any_tags(chance), chance.choice((0.0, 0.1, 0.3, 1.0, 1.5)))
    for number in range(chance.choice((1, 1, 1, 2, 3))):
        if number:
            one, other = association.tags
            association.tags = chance.choice((any_tags(chance), (other, one), (one, any_tags(chance)[1])))
        for side, kinds in disturbed(chance, association, script(chance)):
            by = 1 - side if association.errs(chance, 0.05) else side
            yield by, packet(chance, association, by, kinds)


def any_tags(chance: Random) -> tuple[int, int]:
    """The tags that the ends name."""
    return chance.choice((7, 8, chance.getrandbits(32))), chance.choice((7, 9, chance.getrandbits(32)))


def script(chance: Random) -> Iterator[Step]:
    """Who sends what, if nothing goes wrong."""
    yield from chance.choice(OPENINGS)
    for _ in range(chance.randrange(5)):
        yield chance.randrange(2), tuple(chance.choices(MIDDLE, k=chance.randrange(1, 4)))
    yield from chance.choice(CLOSINGS)


def disturbed(chance: Random, association: Association, steps: Iterator[Step]) -> Iterator[Step]:
    """The steps; some are lost, some come twice, some behind the next."""
    held: Step | None = None
    for step in steps:
        if association.errs(chance, 0.05):
            continue  # lost
        if association.errs(chance, 0.05) and held is None:
            held = step
            continue
        yield from [step] * (2 if chance.random() < 0.06 else 1)
        if held is not None:
            yield held
            held = None


def packet(chance: Random, association: Association, side: int, kinds: tuple[str, ...]) -> Ip:
    """One packet: the chunks, or others in their place."""
    chosen = any_kinds(chance, kinds) if association.errs(chance, 0.25) else kinds
    chunks = b"".join(chunk(chance, association, side, kind) for kind in chosen)
    if association.errs(chance, 0.02):
        chunks = chunks[: chance.choice((0, 1, 3, 4, 6, 8, 16))]
    src, dst = association.pair[side], association.pair[1 - side]
    ports = association.ports if side == 0 else association.ports[::-1]
    payload = sctp_packet(ports, tag(chance, association, side, chosen), chunks)
    if association.errs(chance, 0.02):
        payload = payload[: chance.choice((0, 3, 4, 8, 11, 12, 13, 15))]
    elif association.errs(chance, 0.02):
        payload = payload[:8] + bytes([payload[8] ^ 1]) + payload[9:]
    return Ip(src, dst, SCTP, payload)


def any_kinds(chance: Random, kinds: tuple[str, ...]) -> tuple[str | int, ...]:
    """Chunks in place of others, or behind them."""
    fate = chance.random()
    if fate < 0.5:
        return tuple(chance.choices(KINDS, k=chance.randrange(5)))
    if fate < 0.85:
        return (*kinds, chance.choice(KINDS))
    return tuple(chance.choices(REPEATABLE, k=chance.randrange(MOST)))


def tag(chance: Random, association: Association, side: int, kinds: tuple[str | int, ...]) -> int:
    """The verification tag: that of the receiver, but 0 with an INIT; sometimes another."""
    tags = association.tags
    if association.errs(chance, 0.12):
        return chance.choice((0, 7, 8, 9, tags[0], tags[1], chance.getrandbits(32)))
    return 0 if "init" in kinds else tags[1 - side]


def chunk(chance: Random, association: Association, side: int, kind: str | int) -> bytes:
    """One chunk; its flags, its length, the tag it names and what it holds may be others than usual."""
    named = association.tags[side]
    if association.errs(chance, 0.07):
        named = chance.choice((0, 7, association.tags[1 - side], chance.getrandbits(32)))
    flags = chance.choice((0, 0, 0, T_BIT)) if kind in ("abort", "shutdown-complete") else 0
    if association.errs(chance, 0.07):
        flags = chance.choice((T_BIT, 2, 255))
    claims = chance.choice((0, 1, 3, 4, 5, 7, 100, 65_535)) if association.errs(chance, 0.02) else None
    body = None
    if association.errs(chance, 0.04):  # an INIT that is too short, or a chunk that needs padding
        body = bytes(chance.choice((0, 3, 4, 12, 15, 40)))
    return sctp_chunk(kind, tag=named, flags=flags, claims=claims, body=body)
