"""Forged ICMP errors about open connections: a blind reset, and a path MTU that is too small.

Read first: RFC 5927 sections 5 and 7; RFC 1122 §4.2.3.9, RFC 1191, RFC 8201.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwsim.attack.choices import RATE, SERVICE, VICTIMS, counted
from fwsim.attack.model import Family, Knowledge, Option, Shot, Style
from fwsim.attack.scene import Scene, View
from fwsim.attack.segment import transport_at
from fwsim.attack.wire import TOO_BIG_6, UNREACHABLE, UNREACHABLE_6, icmp, is_v6, tcp

QUOTED = 8
"""Bytes of the quoted segment that have to be there (RFC 792): ports and sequence number."""
CODES = {"port": (3, 4), "protocol": (2, 1)}
"""The hard errors, of ICMP and ICMPv6; there, an unknown next header is a parameter problem (type 4)."""
PARAMETER_PROBLEM_6 = 4
LARGE = 1460


def quote(scene: Scene, view: View) -> bytes:
    """The head of a packet that the target would have sent to its peer."""
    known = scene.knows >= Knowledge.SEQUENCE
    seq = view.state(view.start).unacknowledged if known else scene.any32()
    peer_port, target_port = view.ports()
    whole = tcp(view.target, view.peer, (target_port, peer_port), "A", seq=seq, data=bytes(LARGE), ttl=57)
    return whole[: transport_at(whole) + QUOTED]


def reset(scene: Scene) -> Iterator[Shot]:
    """Errors that say that nobody takes such packets there."""
    code, code6 = CODES[scene.text("code")]
    for view in scene.connections():
        for number in range(scene.number("count")):
            quoted, v6 = quote(scene, view), is_v6(view.target)
            kind6 = PARAMETER_PROBLEM_6 if scene.text("code") == "protocol" else UNREACHABLE_6
            source = source_of(scene, view)
            packet = icmp(source, view.target, kind6 if v6 else UNREACHABLE, code6 if v6 else code, 0, quoted)
            yield Shot(view.start + number * scene.step, packet, view.seen, view.number)


def pmtu(scene: Scene) -> Iterator[Shot]:
    """Errors that say that the packet was too large for the next link."""
    for view in scene.connections():
        for number in range(scene.number("count")):
            quoted, v6 = quote(scene, view), is_v6(view.target)
            mtu = max(scene.number("mtu"), 1280) if v6 else scene.number("mtu")
            kind, code = (TOO_BIG_6, 0) if v6 else (UNREACHABLE, 4)
            packet = icmp(source_of(scene, view), view.target, kind, code, mtu, quoted)
            yield Shot(view.start + number * scene.step, packet, view.seen, view.number)


def source_of(scene: Scene, view: View) -> str:
    """Who the error seems to come from: a router on the way (any address will do), or the peer."""
    return view.peer if scene.text("from") == "peer" else scene.stranger(v6=is_v6(view.target))


STYLES = (Style("plain", Knowledge.NOTHING, "what is not known of the connection is guessed"),)
FROM = Option("from", "router", "whose address they bear", choices=("router", "peer"))
OPTIONS = (VICTIMS, counted(20, "errors for each connection"), FROM, SERVICE, RATE)

FAMILIES = (
    Family(
        "icmp-reset",
        "ICMP errors that say that a connection's port or protocol is not there: older hosts end the connection",
        "RFC 5927 §5; RFC 1122 §4.2.3.9",
        reset,
        STYLES,
        (*OPTIONS, Option("code", "port", "which unreachability", choices=("port", "protocol"))),
        ("icmp-error-without-connection",),
        aims_at="connections",
        flawless=Knowledge.PORTS,
    ),
    Family(
        "icmp-pmtu",
        "ICMP errors that say that a packet was too big: the host sends small ones from then on",
        "RFC 5927 §7; RFC 1191, RFC 8201",
        pmtu,
        STYLES,
        (*OPTIONS, Option("mtu", 68, "the MTU of the next link; in IPv6 at least 1280", 0, 65535)),
        ("icmp-error-without-connection",),
        aims_at="connections",
        flawless=Knowledge.PORTS,
    ),
)
