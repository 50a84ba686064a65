"""Packets that a firewall on the way takes for part of a connection, and that the host never takes: insertion.

Read first: Ptacek and Newsham, "Insertion, Evasion, and Denial of Service: Eluding Network Intrusion Detection", 1998,
sections 3 to 5. Each bears every number right but one thing, for which the host discards it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fwsim.attack.choices import RATE, TEXT, VICTIMS, data_of
from fwsim.attack.model import NOTHING_HAPPENS, Family, Intent, Knowledge, Option, Shot, Style
from fwsim.attack.scene import Scene, State, View
from fwsim.attack.segment import changed, transport_at
from fwsim.attack.wire import tcp
from fwsim.engine.serial import wrap

FLAGS = {"reset": "R", "data": "PA", "fin": "FA"}
BEYOND = 15
"""The largest data offset: 60 bytes, more than such a segment has."""


def right(scene: Scene, view: View, state: State, ttl: int = 64, off: int = 0) -> bytes:
    """A segment with every number right, or with a sequence number that is `off`."""
    flags = FLAGS[scene.style]
    data = data_of(scene.text("text")) if scene.style == "data" else b""
    return tcp(
        view.peer, view.target, view.ports(), flags, seq=wrap(state.expects + off),
        ack=state.unacknowledged if "A" in flags else 0, win=state.win, data=data, ttl=ttl,
    )  # fmt: skip


def bad_checksum(scene: Scene, view: View, state: State) -> bytes:
    """A wrong TCP checksum."""
    packet = bytearray(right(scene, view, state))
    at = transport_at(packet) + 16
    packet[at] ^= 0x5A
    return bytes(packet)


def low_ttl(scene: Scene, view: View, state: State) -> bytes:
    """A time to live that ends behind the firewall."""
    return right(scene, view, state, ttl=scene.number("ttl"))


def bad_window(scene: Scene, view: View, state: State) -> bytes:
    """A sequence number outside the window."""
    return right(scene, view, state, off=scene.number("off"))


def bad_offset(scene: Scene, view: View, state: State) -> bytes:
    """A data offset that cannot be: shorter than a header, or longer than the segment; the checksum is right."""
    packet = bytearray(right(scene, view, state))
    words = scene.number("offset")
    packet[transport_at(packet) + 12] = words << 4
    return changed(bytes(packet))


def forging(make: Callable[[Scene, View, State], bytes], *, arrives: bool = True) -> Callable[[Scene], Iterator[Shot]]:
    """What puts such packets into connections."""
    lost: Intent | None = None if arrives else NOTHING_HAPPENS

    def forge(scene: Scene) -> Iterator[Shot]:
        for view in scene.connections():
            for number in range(scene.number("count")):
                ts = view.start + number * scene.step
                yield Shot(ts, make(scene, view, view.state(ts)), view.seen, view.number, intent=lost)

    return forge


STYLES = (
    Style("reset", Knowledge.SEQUENCE, "a RST: a firewall that believes it forgets the connection"),
    Style("data", Knowledge.SEQUENCE, "data: an inspector that believes them reads another stream than the host"),
    Style("fin", Knowledge.SEQUENCE, "a FIN: a firewall that believes it shortens the connection's time"),
)
SOURCE = "Ptacek, Newsham, Insertion, Evasion, and Denial of Service, 1998"
OPTIONS = (VICTIMS, Option("count", 1, "packets for each connection", 1, 10_000_000), TEXT, RATE)

FAMILIES = (
    Family(
        "bad-checksum", "segments into a connection with a wrong TCP checksum: the host discards them",
        f"{SOURCE}, §5.2", forging(bad_checksum), STYLES, OPTIONS, ("bad-checksum",), aims_at="connections",
    ),
    Family(
        "low-ttl", "segments into a connection that pass the firewall and end before the host",
        f"{SOURCE}, §5.1", forging(low_ttl, arrives=False), STYLES,
        (*OPTIONS, Option("ttl", 2, "the time to live before the firewall", 1, 255)), aims_at="connections",
    ),
    Family(
        "bad-window", "segments into a connection with a sequence number outside the host's window",
        f"{SOURCE}, §5.3", forging(bad_window), STYLES,
        (*OPTIONS, Option("off", 1_000_000, "how far ahead of the expected number", 0, (1 << 32) - 1)),
        ("seq-above-window", "rst-out-of-window"), aims_at="connections",
    ),
    Family(
        "bad-offset", "segments into a connection whose data offset is impossible: the host discards them",
        f"{SOURCE}, §5.3; RFC 793 page 16", forging(bad_offset), STYLES,
        (*OPTIONS, Option("offset", BEYOND, "the data offset in words", 0, 15)),
        ("bad-length",), aims_at="connections",
    ),
)  # fmt: skip
