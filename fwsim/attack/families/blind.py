"""Segments put into open connections: resets, SYNs, data and acknowledgements, blindly or by one who sees the numbers.

Read first: RFC 5961; Watson, "Slipping in the Window", 2004; Joncheray, "A Simple Active Attack Against TCP", 1995.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from fwsim.attack.choices import EXACT, RANDOM, RATE, SERVICE, SWEEP, TEXT, VICTIMS, WINDOW, counted, data_of
from fwsim.attack.model import Family, Knowledge, Option, Shot, Style
from fwsim.attack.scene import Scene, View
from fwsim.attack.segment import changed
from fwsim.attack.wire import tcp
from fwsim.engine.serial import wrap

SPACE = 1 << 32
HALF = SPACE >> 1
Numbers = Iterator[tuple[int, int]]


def numbers(scene: Scene, view: View, *, acknowledging: bool) -> Numbers:
    """Sequence and acknowledgement numbers to try, by the style.

    Of two acknowledgement numbers that are half the space apart, a host that goes by RFC 793 takes one (RFC 5961 §5.1).
    """
    if scene.style == "exact":
        state = view.state(view.start)
        yield state.expects, state.unacknowledged
    elif scene.style == "sweep":
        begin, guess = scene.any32(), scene.any32()
        window = scene.number("window")
        for step in range(-(-SPACE // window)):
            seq = wrap(begin + step * window)
            yield seq, guess
            if acknowledging:
                yield seq, wrap(guess + HALF)
    else:
        for _ in range(scene.number("count")):
            yield scene.any32(), scene.any32()


def forging(flags: str) -> Callable[[Scene], Iterator[Shot]]:
    """What puts segments with these flags into connections."""
    acknowledging = "A" in flags

    def forge(scene: Scene) -> Iterator[Shot]:
        data = data_of(scene.text("text")) if "P" in flags else b""
        win = scene.number("win") if "win" in scene.order.options else (0 if "R" in flags else 8192)
        for view in scene.connections():
            model = tcp(view.peer, view.target, (1, 1), flags, win=win, data=data)
            for number, (seq, ack) in enumerate(numbers(scene, view, acknowledging=acknowledging)):
                packet = changed(model, ports=view.ports(), seq=seq, ack=ack if acknowledging else 0)
                yield Shot(view.start + number * scene.step, packet, view.seen, view.number)

    return forge


def hijack(scene: Scene) -> Iterator[Shot]:
    """Data in the peer's name, in order, then the acknowledgements that the target waits for."""
    data = data_of(scene.text("text"))
    size = scene.number("segment")
    for view in scene.connections():
        state = view.state(view.start)
        seq, ts = state.expects, view.start
        for start in range(0, len(data), size):
            piece = data[start : start + size]
            yield Shot(ts, speaking(view, seq, state.unacknowledged, state.win, piece), view.seen, view.number)
            seq, ts = wrap(seq + len(piece)), ts + scene.step
        for _ in range(scene.number("acks")):
            acknowledged = view.state(ts).sends
            yield Shot(ts, speaking(view, seq, acknowledged, state.win, b""), view.seen, view.number)
            ts += scene.step


def speaking(view: View, seq: int, ack: int, win: int, data: bytes) -> bytes:
    """A segment as the peer would send it."""
    return tcp(view.peer, view.target, view.ports(), "PA" if data else "A", seq=seq, ack=ack, win=win, data=data)


STYLES = (RANDOM, SWEEP, EXACT)
OPTIONS = (VICTIMS, counted(100, "packets of the style random"), WINDOW, SERVICE, RATE)

FAMILIES = (
    Family(
        "reset-blind",
        "RSTs in a peer's name: one inside the window ends a connection, by RFC 5961 only one at the expected number",
        "RFC 5961 §3; Watson, Slipping in the Window, 2004; CAPEC-596",
        forging("R"),
        STYLES,
        OPTIONS,
        ("rst-out-of-window", "rst-inexact", "rst-without-connection"),
        aims_at="connections",
    ),
    Family(
        "syn-blind",
        "SYNs in a peer's name: one inside the window ends a connection, by RFC 5961 any is answered by a challenge",
        "RFC 5961 §4",
        forging("S"),
        (RANDOM, SWEEP, replace(EXACT, evidence=None)),
        OPTIONS,
        ("syn-in-connection",),
        aims_at="connections",
    ),
    Family(
        "data-blind",
        "data in a peer's name: the sequence number has to be in the window, the acknowledgement in half of its space",
        "RFC 5961 §5",
        forging("PA"),
        STYLES,
        (*OPTIONS, TEXT),
        ("seq-above-window", "ack-above-window", "ack-without-connection"),
        aims_at="connections",
    ),
    Family(
        "ack-blind",
        "bare ACKs in a peer's name that close the window: the target stops sending, or answers each with an ACK",
        "RFC 5961 §5; RFC 793 page 72",
        forging("A"),
        STYLES,
        (*OPTIONS, Option("win", 0, "the window that they offer", 0, 65535)),
        ("seq-above-window", "ack-above-window", "ack-without-connection"),
        aims_at="connections",
    ),
    Family(
        "hijack",
        "somebody on the path goes on speaking in a peer's name, with every number right",
        "Joncheray, USENIX Security 1995; CAPEC-593",
        hijack,
        (Style("plain", Knowledge.SEQUENCE, "data in order, then acknowledgements"),),
        (
            VICTIMS,
            TEXT,
            Option("segment", 16, "bytes of each segment", 1, 1400),
            Option("acks", 2, "acknowledgements afterwards", 0, 1000),
            RATE,
        ),
        aims_at="connections",
    ),
)
