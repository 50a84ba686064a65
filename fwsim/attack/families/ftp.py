"""The FTP bounce: a server is told to send its data to a third host.

Read first: Hobbit, "The FTP Bounce Attack", Bugtraq 1995; RFC 2577 §2; CERT CA-1997-27; RFC 959 §3.2.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwsim.attack.model import Effect, Family, Intent, Knowledge, Option, Shot, Style
from fwsim.attack.scene import ODD_PORTS, Scene
from fwsim.attack.wire import is_v6, tcp
from fwsim.engine.serial import wrap
from fwsim.errors import UsageError

CONTROL, DATA = 21, 20
MSS = (("MSS", 1460),)
PAUSE = 20_000_000
ACCEPTED = Intent(Effect.DATA, Effect.DATA)
ANSWERED = Intent(Effect.NONE, Effect.NONE)
OPENING = Intent(Effect.SYN_ACK, Effect.SYN_ACK)
ESTABLISHED = Intent(Effect.OPEN, Effect.OPEN)


class Control:
    """The attacker's control connection to the server: the attacker's segments are forged, the server's innocent."""

    def __init__(self, scene: Scene, server: str) -> None:
        """Not open yet."""
        self.v6 = is_v6(server)
        self.attacker, self.server = scene.stranger(v6=self.v6), server
        self.port = scene.dice.randint(*ODD_PORTS)
        self.next = [scene.any32(), scene.any32()]
        self.ways = scene.entry, scene.exit(server)
        self.ts = scene.begin

    def say(self, side: int, flags: str, data: bytes = b"", does: Intent = ANSWERED) -> Shot:
        """A segment of the attacker (side 0) or of the server (1)."""
        ends = [(self.attacker, self.port), (self.server, CONTROL)]
        (src, sport), (dst, dport) = ends[side], ends[1 - side]
        packet = tcp(
            src, dst, (sport, dport), flags, seq=self.next[side], ack=self.next[1 - side] if "A" in flags else 0,
            win=29200, options=MSS if "S" in flags else (), data=data,
        )  # fmt: skip
        self.next[side] = wrap(self.next[side] + len(data) + ("S" in flags))
        self.ts += PAUSE
        return Shot(self.ts, packet, self.ways[side], innocent=side == 1, intent=does)

    def open(self) -> Iterator[Shot]:
        """The handshake, and the server's greeting."""
        yield self.say(0, "S", does=OPENING)
        yield self.say(1, "SA")
        yield self.say(0, "A", does=ESTABLISHED)
        yield self.say(1, "PA", b"220 ftp.example.com ready\r\n")

    def order(self, line: str, answer: str) -> Iterator[Shot]:
        """A command, and what the server says to it."""
        yield self.say(0, "PA", f"{line}\r\n".encode(), ACCEPTED)
        yield self.say(1, "PA", f"{answer}\r\n".encode())


def bounce(scene: Scene) -> Iterator[Shot]:
    """A server inside is logged in to, told another host's address, and made to open a connection to it.

    What the server says on the control connection is innocent; the connection that it opens is the attack.
    """
    server, third = parties(scene)
    play = Control(scene, server)
    yield from play.open()
    yield from play.order("USER anonymous", "331 Any password")
    yield from play.order("PASS mozilla@example.com", "230 Logged in")
    yield from play.order(told(third, scene.number("port")), "200 PORT command successful")
    yield from play.order("LIST", "150 Opening ASCII mode data connection")
    bounced = tcp(server, third, (DATA, scene.number("port")), "S", seq=scene.any32(), win=29200, options=MSS)
    yield Shot(play.ts + PAUSE, bounced, scene.exit(server), intent=OPENING)


def parties(scene: Scene) -> tuple[str, str]:
    """The server, and the third host: inside as well (style inside), or a stranger that the attacker hides from."""
    hosts = scene.hosts(5000)
    server = hosts[0]
    if scene.style == "outside":
        known = [host for host in scene.survey.outside_hosts if is_v6(host) == is_v6(server)]
        if not known:
            raise UsageError("ftp-bounce: no third host outside was seen")
        return server, known[0]
    others = [host for host in hosts[1:] if is_v6(host) == is_v6(server)]
    if not others:
        raise UsageError("ftp-bounce: no second host inside was seen")
    return server, others[0]


def told(address: str, port: int) -> str:
    """The command that names an address and a port (RFC 959 §4.1.2, RFC 2428 §2)."""
    if is_v6(address):
        return f"EPRT |2|{address}|{port}|"
    return f"PORT {address.replace('.', ',')},{port >> 8},{port & 255}"


FAMILIES = (
    Family(
        "ftp-bounce",
        "an FTP server inside is told by PORT to send its data to a third host, which believes the server",
        "RFC 2577 §2; CERT CA-1997-27; Hobbit, Bugtraq 1995",
        bounce,
        (
            Style("inside", Knowledge.NOTHING, "the third host is inside, where the attacker cannot go"),
            Style(
                "outside", Knowledge.NOTHING, "the third host is outside, and sees the server instead of the attacker"
            ),
        ),
        (Option("port", 25, "the third host's port", 1, 65535),),
    ),
)
