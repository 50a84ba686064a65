"""Openings that are not what they seem: the split handshake, and the SYN from oneself to oneself.

Read first: Beardsley and Qian, "The TCP Split Handshake: Practical Effects on Modern Network Equipment", 2010;
RFC 793 §3.4; CERT Advisory CA-1997-28.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwsim.attack.choices import PORTS, RATE, TARGETS, ports_of
from fwsim.attack.link import Sighting
from fwsim.attack.model import Effect, Family, Intent, Knowledge, Option, Shot, Style
from fwsim.attack.scene import ODD_PORTS, Scene
from fwsim.attack.wire import is_v6, tcp
from fwsim.engine.serial import wrap

OPENED = Intent(Effect.OPEN, Effect.OPEN)
ANSWERED = Intent(Effect.SYN_ACK, Effect.SYN_ACK)
IGNORED = Intent(Effect.NONE, Effect.NONE)
TAKEN = Intent(Effect.DATA, Effect.DATA)
MSS = (("MSS", 1460),)
DATA = b"HTTP/1.1 200 OK\r\n\r\nfrom a server that the client believes to have called\n"


class Split:
    """A client inside that calls the attacker's server, and what that answers instead of a SYN-ACK."""

    def __init__(self, scene: Scene, client: str) -> None:
        """A conversation that has not begun."""
        dice = scene.dice
        self.v6 = is_v6(client)
        self.client, self.server = client, scene.stranger(v6=self.v6)
        self.ports = dice.randint(*ODD_PORTS), scene.number("port")
        self.isn, self.server_isn = scene.any32(), scene.any32()
        self.out: Sighting = scene.exit(client)
        self.into: Sighting = scene.entry

    def from_client(self, ts: int, flags: str, seq: int, ack: int = 0) -> Shot:
        """What the client sends, innocently."""
        packet = tcp(
            self.client, self.server, self.ports, flags, seq=wrap(self.isn + seq),
            ack=wrap(self.server_isn + ack) if "A" in flags else 0, win=64240, options=MSS if "S" in flags else (),
        )  # fmt: skip
        return Shot(ts, packet, self.out, innocent=True)

    def from_server(self, ts: int, flags: str, seq: int, ack: int = 0, *, does: Intent, data: bytes = b"") -> Shot:
        """What the attacker's server sends."""
        packet = tcp(
            self.server, self.client, self.ports[::-1], flags, seq=wrap(self.server_isn + seq),
            ack=wrap(self.isn + ack) if "A" in flags else 0, win=8192, options=MSS if "S" in flags else (), data=data,
        )  # fmt: skip
        return Shot(ts, packet, self.into, intent=does)


def split(scene: Scene) -> Iterator[Shot]:
    """Four steps: SYN, SYN, SYN-ACK, ACK. Five: the server acknowledges first, by a segment of its own.

    Then data. The client ends up as the one that was called, although it sent the first SYN.
    """
    wait = max(scene.step, 10_000_000)
    play = Split(scene, scene.caller())
    ts = scene.begin
    yield play.from_client(ts, "S", 0)
    if scene.style == "five":
        ts += wait
        yield play.from_server(ts, "A", 0, 1, does=IGNORED)
    ts += wait
    yield play.from_server(ts, "S", 0, does=ANSWERED)
    ts += wait
    yield play.from_client(ts, "SA", 0, 1)
    ts += wait
    yield play.from_server(ts, "A", 1, 1, does=OPENED)
    ts += wait
    yield play.from_server(ts, "PA", 1, 1, does=TAKEN, data=DATA)


def land(scene: Scene) -> Iterator[Shot]:
    """SYNs whose source is their destination, address and port."""
    ts = scene.begin
    for host in scene.hosts(scene.number("targets")):
        for port in ports_of(scene.text("ports")):
            packet = tcp(host, host, (port, port), "S", seq=scene.any32(), win=2048, ttl=255)
            answer = Effect.SYN_ACK if (host, port) in scene.survey.listeners else Effect.RST
            yield Shot(ts, packet, scene.entry, intent=Intent(answer, Effect.NONE))
            ts += scene.step


FAMILIES = (
    Family(
        "split-handshake",
        "a server answers a SYN with a SYN of its own, so that the client opens the connection the other way round",
        "Beardsley, Qian, The TCP Split Handshake, 2010; RFC 793 §3.4",
        split,
        (
            Style("four", Knowledge.NOTHING, "SYN, SYN, SYN-ACK, ACK"),
            Style("five", Knowledge.NOTHING, "SYN, ACK, SYN, SYN-ACK, ACK"),
        ),
        (Option("port", 443, "the port of the attacker's server", 1, 65535), RATE),
    ),
    Family(
        "land",
        "SYNs from a host's own address and port: systems of 1997 answered themselves without end",
        "CERT CA-1997-28; CVE-1999-0016",
        land,
        options=(TARGETS, PORTS, RATE),
        evidence=("land", "spoofed-source"),
    ),
)
