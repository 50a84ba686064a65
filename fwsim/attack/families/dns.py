"""Forged DNS answers that race the true one.

Read first: RFC 5452; CAPEC-142; Kaminsky, "It's the End of the Cache As We Know It", Black Hat 2008.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwsim.attack.choices import VICTIMS, counted
from fwsim.attack.model import Family, Knowledge, Option, Shot, Style
from fwsim.attack.scene import ODD_PORTS, Ask, Scene
from fwsim.attack.wire import dns_answer, udp

DNS = 53


def spoof(scene: Scene) -> Iterator[Shot]:
    """Answers in the server's name, spread over the time until the true one comes; what is not known is guessed."""
    for ask in scene.questions():
        count = scene.number("count")
        pause = max(1, (ask.until - ask.start) // (count + 2))
        exact = ask.ident is not None
        for number in range(1 if exact else count):
            yield Shot(ask.start + (number + 1) * pause, answer(scene, ask), ask.seen, ask.number)


def answer(scene: Scene, ask: Ask) -> bytes:
    """One guess."""
    port = scene.dice.randint(*ODD_PORTS) if ask.port is None else ask.port
    ident = scene.dice.getrandbits(16) if ask.ident is None else ask.ident
    address = scene.text("address") or scene.stranger(v6=False)
    message = dns_answer(ask.name, ident, address)
    return udp(ask.server, ask.asker, (DNS, port), message, ttl=49)


FAMILIES = (
    Family(
        "dns-spoof",
        "answers to a DNS question before the true one: address, port and id have to be guessed or seen",
        "RFC 5452; CAPEC-142; Kaminsky, Black Hat 2008",
        spoof,
        (Style("plain", Knowledge.NOTHING, "port and id are guessed, the id alone, or neither, by what is known"),),
        (VICTIMS, counted(100, "guesses for each question"), Option("address", "", "what they answer (IPv4)")),
        ("udp-reply-without-request",),
        aims_at="questions",
        flawless=Knowledge.PORTS,
    ),
)
