"""Answers to what was never asked: SYN-ACKs out of nowhere, and the backscatter of floods in the victims' names.

Read first: Antirez, "new tcp scan method", Bugtraq 1998; Moore, Voelker and Savage, "Inferring Internet
Denial-of-Service Activity", USENIX Security 2001.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwsim.attack.choices import PORTS, RATE, TARGETS, counted, ports_of
from fwsim.attack.model import Family, Shot
from fwsim.attack.scene import ODD_PORTS, Scene
from fwsim.attack.wire import ECHO_REPLY, ECHO_REPLY_6, UNREACHABLE, UNREACHABLE_6, icmp, is_v6, tcp, udp

SERVICES = (80, 443, 53, 25, 6667)
"""Of the victims of floods, whose answers scatter."""
PORT_UNREACHABLE, PORT_UNREACHABLE_6 = 3, 4


def synack(scene: Scene) -> Iterator[Shot]:
    """A SYN-ACK to each port."""
    ts = scene.begin
    for host in scene.hosts(scene.number("targets")):
        v6 = is_v6(host)
        for port in ports_of(scene.text("ports")):
            ports = scene.dice.randint(*ODD_PORTS), port
            packet = tcp(
                scene.stranger(v6=v6), host, ports, "SA", seq=scene.any32(), ack=scene.any32(), win=1024,
                options=(("MSS", 1460),), ttl=scene.dice.randint(37, 59),
            )  # fmt: skip
            yield Shot(ts, packet, scene.entry)
            ts += scene.step


def backscatter(scene: Scene) -> Iterator[Shot]:
    """Answers of a flooded server to addresses inside, which the flood's sources were drawn from."""
    hosts = scene.hosts(scene.number("targets"))
    answers = (answer_synack, answer_reset, answer_unreachable, answer_echo)
    for number in range(scene.number("count")):
        host = scene.dice.choice(hosts)
        v6 = is_v6(host)
        flooded = scene.stranger(v6=v6)
        packet = answers[number % len(answers)](scene, flooded, host)
        yield Shot(scene.begin + number * scene.step, packet, scene.entry)


def answer_synack(scene: Scene, flooded: str, host: str) -> bytes:
    """To a SYN, from an open port."""
    ports = scene.dice.choice(SERVICES), scene.dice.randint(1024, 65535)
    return tcp(flooded, host, ports, "SA", seq=scene.any32(), ack=scene.any32(), win=5840, options=(("MSS", 1460),))


def answer_reset(scene: Scene, flooded: str, host: str) -> bytes:
    """To a SYN, from a closed port (RFC 793 page 36): sequence number 0."""
    ports = scene.dice.choice(SERVICES), scene.dice.randint(1024, 65535)
    return tcp(flooded, host, ports, "RA", ack=scene.any32(), win=0)


def answer_unreachable(scene: Scene, flooded: str, host: str) -> bytes:
    """To a datagram for a closed port, which it quotes."""
    v6 = is_v6(host)
    ports = scene.dice.randint(1024, 65535), scene.dice.randint(1024, 65535)
    quoted = udp(host, flooded, ports, bytes(12), ttl=47)
    kind, code = (UNREACHABLE_6, PORT_UNREACHABLE_6) if v6 else (UNREACHABLE, PORT_UNREACHABLE)
    return icmp(flooded, host, kind, code, 0, quoted)


def answer_echo(scene: Scene, flooded: str, host: str) -> bytes:
    """To an echo request."""
    kind = ECHO_REPLY_6 if is_v6(host) else ECHO_REPLY
    return icmp(flooded, host, kind, 0, scene.dice.getrandbits(16) << 16 | 1, bytes(56))


FAMILIES = (
    Family(
        "synack",
        "SYN-ACKs that answer no SYN: the probe of the idle scan, or a look for hosts behind lists that keep no state",
        "Antirez, Bugtraq 1998; RFC 793 page 36",
        synack,
        options=(TARGETS, PORTS, RATE),
        evidence=("synack-without-syn",),
    ),
    Family(
        "backscatter",
        "answers of a flooded server (SYN-ACK, RST, ICMP error, echo reply) to addresses that others used as sources",
        "Moore, Voelker, Savage, USENIX Security 2001",
        backscatter,
        options=(TARGETS, counted(200, "packets"), RATE),
        evidence=(
            "synack-without-syn",
            "rst-without-connection",
            "icmp-error-without-connection",
            "icmp-reply-without-request",
        ),
    ),
)
