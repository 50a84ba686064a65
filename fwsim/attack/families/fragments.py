"""Fragments that hide from a filter what they will be when they are put together.

Read first: RFC 1858 sections 3 and 4; RFC 3128; RFC 5722, RFC 8900. IPv4 only: there is a header of at least 20 bytes
and a first fragment may be 8 bytes long.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwsim.attack.choices import RATE, TARGETS
from fwsim.attack.model import NOTHING_HAPPENS, Effect, Family, Intent, Knowledge, Option, Shot, Style
from fwsim.attack.scene import ODD_PORTS, Scene
from fwsim.attack.segment import TCP
from fwsim.attack.wire import fragment, tcp

HEADER = 20
PORTS_AND_SEQUENCE = 8
"""The first 8 bytes of a TCP header; the flags come behind them."""
WAITS = Intent(Effect.WAIT, Effect.WAIT)


Piece = tuple[int, bytes, bool]
"""Offset in bytes, data, whether more follow."""


def segment(source: str, target: str, ports: tuple[int, int], flags: str, seq: int, data: bytes = b"") -> bytes:
    """A TCP segment without its IP header; an option fills its header up to 24 bytes."""
    return tcp(source, target, ports, flags, seq=seq, win=4096, options=(("MSS", 1460),), data=data)[HEADER:]


def tiny(scene: Scene, source: str, target: str) -> list[Piece]:
    """RFC 1858 §3: the first fragment ends before the flags, which say SYN in the second."""
    whole = segment(source, target, ports_of(scene, "port"), "S", scene.any32())
    return [(0, whole[:PORTS_AND_SEQUENCE], True), (PORTS_AND_SEQUENCE, whole[PORTS_AND_SEQUENCE:], False)]


def overlapping(scene: Scene, source: str, target: str) -> list[Piece]:
    """RFC 1858 §4: the first fragment is an ACK, the second writes a SYN over its flags, and goes on behind it."""
    ports, seq = ports_of(scene, "port"), scene.any32()
    harmless = segment(source, target, ports, "A", seq)
    opening = segment(source, target, ports, "S", seq, bytes(8))
    return [(0, harmless, True), (PORTS_AND_SEQUENCE, opening[PORTS_AND_SEQUENCE:], False)]


def rewritten(scene: Scene, source: str, target: str) -> list[Piece]:
    """RFC 3128: the first is what is allowed, the second (at offset 0, 8 bytes) puts other ports over it."""
    source_port, port = ports_of(scene, "port")
    seq = scene.any32()
    allowed = segment(source, target, (source_port, scene.number("allowed")), "S", seq)
    meant = segment(source, target, (source_port, port), "S", seq)
    return [(0, allowed[:16], True), (0, meant[:PORTS_AND_SEQUENCE], True), (16, meant[16:], False)]


def ports_of(scene: Scene, name: str) -> tuple[int, int]:
    """A source port, and the port that the option names."""
    return scene.dice.randint(*ODD_PORTS), scene.number(name)


def shots(scene: Scene, ts: int, target: str, pieces: list[Piece], whole: Intent) -> Iterator[Shot]:
    """The fragments of one datagram; the last one that comes completes it."""
    ip_id = scene.dice.getrandbits(16)
    for number, (offset, data, more) in enumerate(pieces):
        packet = fragment(scene.stranger(), target, TCP, data, offset=offset, more=more, ip_id=ip_id)
        last = number == len(pieces) - 1
        yield Shot(ts + number * scene.step, packet, scene.entry, intent=whole if last else WAITS)


def opened(scene: Scene, target: str) -> Effect:
    """What a SYN to the port does there."""
    return Effect.SYN_ACK if (target, scene.number("port")) in scene.survey.listeners else Effect.RST


def tiny_fragments(scene: Scene) -> Iterator[Shot]:
    """A datagram for each target."""
    ts = scene.begin
    for target in scene.hosts(scene.number("targets"), v6=False):
        does = opened(scene, target)
        yield from shots(scene, ts, target, tiny(scene, scene.stranger(), target), Intent(does, does))
        ts += 4 * scene.step


def overlapping_fragments(scene: Scene) -> Iterator[Shot]:
    """A datagram for each target. A host of today discards what overlaps, the whole of it."""
    ts = scene.begin
    make = rewritten if scene.style == "ports" else overlapping
    for target in scene.hosts(scene.number("targets"), v6=False):
        does = Intent(opened(scene, target), NOTHING_HAPPENS.after)
        yield from shots(scene, ts, target, make(scene, scene.stranger(), target), does)
        ts += 4 * scene.step


PORT = Option("port", 23, "the port that is meant", 1, 65535)

FAMILIES = (
    Family(
        "tiny-fragments",
        "a first fragment so short that the flags of TCP are in the second",
        "RFC 1858 §3",
        tiny_fragments,
        options=(TARGETS, PORT, RATE),
        evidence=("tiny-fragment",),
    ),
    Family(
        "overlapping-fragments",
        "fragments that write over each other: a filter sees the one, a host puts together the other",
        "RFC 1858 §4; RFC 3128",
        overlapping_fragments,
        (
            Style("flags", Knowledge.NOTHING, "the second makes a SYN of an ACK (RFC 1858)"),
            Style(
                "ports",
                Knowledge.NOTHING,
                "the second, at offset 0, changes the port (RFC 3128)",
                evidence=("tiny-fragment", "bad-checksum"),
            ),
        ),
        (TARGETS, PORT, Option("allowed", 443, "the port that the first shows (style ports)", 1, 65535), RATE),
        ("overlapping-fragment",),
    ),
)
