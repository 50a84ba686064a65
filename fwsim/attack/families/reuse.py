"""Segments for connections that were closed a moment ago, while both ends and the firewall still remember them.

Read first: RFC 1337; RFC 1122 §4.2.2.13; RFC 6191.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwsim.attack.choices import RATE, VICTIMS
from fwsim.attack.model import Family, Knowledge, Option, Shot, Style
from fwsim.attack.scene import Scene
from fwsim.attack.wire import tcp
from fwsim.engine.serial import wrap

OLD = 5_000
"""How far behind what was expected last an old duplicate is."""


def reuse(scene: Scene) -> Iterator[Shot]:
    """One segment for each connection, on the tuple that it had."""
    for view in scene.closed():
        ts = view.start + scene.number("wait") * 1_000_000_000
        state = view.state(ts)
        off, flags = {"higher": (100_000, "S"), "lower": (-100_000, "S"), "duplicate": (-OLD, "A"), "reset": (0, "R")}[
            scene.style
        ]
        packet = tcp(
            view.peer, view.target, view.ports(), flags, seq=wrap(state.expects + off),
            ack=state.unacknowledged if flags == "A" else 0, win=8192, options=(("MSS", 1460),) if flags == "S" else (),
        )  # fmt: skip
        yield Shot(ts, packet, view.seen, view.number)


FAMILIES = (
    Family(
        "time-wait-reuse",
        "segments on the tuple of a connection that was just closed: a new opening, or an end to TIME-WAIT",
        "RFC 1122 §4.2.2.13, RFC 6191; RFC 1337",
        reuse,
        (
            Style("higher", Knowledge.SEQUENCE, "a SYN above all that was sent, which a host may accept"),
            Style("lower", Knowledge.SEQUENCE, "a SYN below, which it answers with an ACK"),
            Style("duplicate", Knowledge.SEQUENCE, "an old duplicate, whose answer may draw a reset (RFC 1337 §2)"),
            Style("reset", Knowledge.SEQUENCE, "a RST that ends TIME-WAIT (RFC 1337)"),
        ),
        (VICTIMS, Option("wait", 0, "seconds after the end, beside one", 0, 100_000), RATE),
        aims_at="closed",
    ),
)
