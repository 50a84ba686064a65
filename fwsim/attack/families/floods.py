"""Floods: of datagrams, of echo replies, of SYNs; and as many connections as it takes to fill a table.

Read first: RFC 4987 (SYN floods), RFC 4732 §2, CERT CA-1998-01 (smurf), CAPEC-482, 486, 487.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ipaddress import ip_address

from fwsim.attack.choices import counted
from fwsim.attack.model import Family, Knowledge, Option, Shot, Style
from fwsim.attack.scene import Scene, address_in
from fwsim.attack.segment import changed
from fwsim.attack.wire import ECHO_REPLY, ECHO_REPLY_6, icmp, is_v6, tcp, udp
from fwsim.errors import UsageError

WORLD = ("23.0.0.0/8", "88.0.0.0/8", "151.0.0.0/8", "199.0.0.0/8")
"""Networks that sources are drawn from: public addresses, as such floods bear them."""
WORLD_6 = ("2a02::/16", "2600::/16")
MSS = (("MSS", 1460),)
REFLECTORS = (53, 123)
"""Services that answer whoever seems to ask: DNS, NTP (CISA alert TA14-017A)."""


def target_of(scene: Scene) -> tuple[str, int]:
    """The host that is flooded and its port, by the option `to`: ADDRESS, ADDRESS:PORT, [ADDRESS]:PORT.

    By default, something inside that has answered; its port is known only to those who know ports.
    """
    given = scene.text("to")
    if not given and scene.knows < Knowledge.PORTS:
        return scene.hosts(1)[0], scene.number("port")
    if not given:
        inside = [found for found in sorted(scene.survey.listeners) if scene.survey.is_inside(found[0])]
        return inside[0] if inside else (scene.hosts(1)[0], scene.number("port"))
    return parsed(given, scene.number("port"))


def parsed(text: str, port: int) -> tuple[str, int]:
    """An address with or without a port."""
    host, rest = text, ""
    if text.startswith("["):
        host, closed, rest = text[1:].partition("]")
        host, rest = host if closed else "", rest.removeprefix(":")
    elif text.count(":") == 1:
        host, _, rest = text.partition(":")
    try:
        number = int(rest or port)
        address = str(ip_address(host))
    except ValueError:
        number, address = 0, ""
    if not 1 <= number <= 65535:
        raise UsageError(f"option to={text}: expected ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT")
    return address, number


def source(scene: Scene, *, v6: bool) -> str:
    """An address somewhere in the world."""
    return address_in(scene.dice, scene.dice.choice(WORLD_6 if v6 else WORLD))


def syn_flood(scene: Scene) -> Iterator[Shot]:
    """SYNs to one port: from one address, from as many as there are packets, or slowly, so that each fills a place."""
    target, port = target_of(scene)
    v6 = is_v6(target)
    fixed = scene.stranger(v6=v6)
    model = tcp(fixed, target, (1, port), "S", win=512, ttl=240, options=MSS)
    step = max(scene.step, 500_000_000) if scene.style == "slow" else scene.step
    seen = scene.entry
    for number in range(scene.number("count")):
        origin = fixed if scene.style == "fixed" else source(scene, v6=v6)
        ports = 1024 + number % 64512, port
        packet = changed(model, src=origin, ports=ports, seq=scene.any32(), ip_id=scene.dice.getrandbits(16))
        yield Shot(scene.begin + number * step, packet, seen)


def udp_flood(scene: Scene) -> Iterator[Shot]:
    """Datagrams to random ports of one host, from random sources; as replies, from services to ephemeral ports."""
    target, _ = target_of(scene)
    v6 = is_v6(target)
    model = udp(scene.stranger(v6=v6), target, (1, 1), bytes(scene.number("size")))
    seen = scene.entry
    for number in range(scene.number("count")):
        ports = scene.dice.randint(1024, 65535), scene.dice.randint(1, 65535)
        if scene.style == "reply":
            ports = scene.dice.choice(REFLECTORS), scene.dice.randint(32768, 60999)
        yield Shot(scene.begin + number * scene.step, changed(model, src=source(scene, v6=v6), ports=ports), seen)


def icmp_reply_flood(scene: Scene) -> Iterator[Shot]:
    """Echo replies that nobody asked for: what a smurf attack makes of echo requests in the victim's name."""
    target, _ = target_of(scene)
    v6 = is_v6(target)
    kind = ECHO_REPLY_6 if v6 else ECHO_REPLY
    helpers = [source(scene, v6=v6) for _ in range(scene.number("reflectors"))]
    ident, data = scene.dice.getrandbits(16) << 16, bytes(scene.number("size"))
    seen = scene.entry
    for number in range(scene.number("count")):
        rest = ident | (number // len(helpers)) & 0xFFFF
        packet = icmp(helpers[number % len(helpers)], target, kind, 0, rest, data)
        yield Shot(scene.begin + number * scene.step, packet, seen)


def exhaustion(scene: Scene) -> Iterator[Shot]:
    """As many connections as it takes, each with an address and a port of its own, none used any further."""
    target, port = target_of(scene)
    v6 = is_v6(target)
    make = MAKERS[scene.style]
    model, seen = make(scene, target, port), scene.entry
    for number in range(scene.number("count")):
        ports = 1024 + number % 64512, port
        numbers = {} if scene.style == "udp" else {"seq": scene.any32()}
        yield Shot(
            scene.begin + number * scene.step, changed(model, src=source(scene, v6=v6), ports=ports, **numbers), seen
        )


MAKERS: dict[str, Callable[[Scene, str, int], bytes]] = {
    "syn": lambda scene, target, port: tcp(
        scene.stranger(v6=is_v6(target)), target, (1, port), "S", win=64240, options=MSS
    ),
    "ack": lambda scene, target, port: tcp(
        scene.stranger(v6=is_v6(target)), target, (1, port), "A", ack=scene.any32(), win=512
    ),
    "udp": lambda scene, target, port: udp(scene.stranger(v6=is_v6(target)), target, (1, port), bytes(16)),
}

TO = Option("to", "", "the target: ADDRESS, ADDRESS:PORT; by default a server inside")
PORT = Option("port", 443, "the target's port, if --option to does not tell it", 1, 65535)
FAST = Option("rate", 10_000, "packets a second", 1, 10_000_000)

FAMILIES = (
    Family(
        "udp-flood", "datagrams from random sources", "CAPEC-486; RFC 4732 §2; CISA TA14-017A", udp_flood,
        (
            Style("random", Knowledge.NOTHING, "from random ports to random ports", evidence=()),
            Style("reply", Knowledge.NOTHING, "answers of DNS and NTP servers that nobody has asked"),
        ),
        (counted(2000, "packets"), Option("size", 64, "bytes of data", 0, 65000), TO, PORT, FAST),
        ("udp-reply-without-request",),
    ),
    Family(
        "icmp-reply-flood", "echo replies that nobody asked for, as helpers send them to whose address was forged",
        "CERT CA-1998-01; CAPEC-487", icmp_reply_flood,
        options=(
            counted(1000, "packets"), Option("reflectors", 50, "hosts that answer", 1, 100_000),
            Option("size", 56, "bytes of data", 0, 65000), TO, PORT, FAST,
        ),
        evidence=("icmp-reply-without-request",),
    ),
    Family(
        "syn-flood", "SYNs that are never followed by anything: each leaves a half-open connection",
        "RFC 4987; CAPEC-482", syn_flood,
        (
            Style("random", Knowledge.NOTHING, "each from another address"),
            Style("fixed", Knowledge.NOTHING, "all from one address, each from another port"),
            Style("slow", Knowledge.NOTHING, "two a second, from random addresses, below what draws attention"),
        ),
        (counted(5000, "packets"), TO, PORT, FAST),
    ),
    Family(
        "table-exhaustion", "as many connections as fill the firewall's table, so that others find no place",
        "RFC 4732 §2; CAPEC-130", exhaustion,
        (
            Style("syn", Knowledge.NOTHING, "SYNs, which stay for the SYN timeout", evidence=()),
            Style("ack", Knowledge.NOTHING, "ACKs: where connections are picked up midstream they stay for long"),
            Style("udp", Knowledge.NOTHING, "datagrams", evidence=()),
        ),
        (counted(20_000, "packets"), TO, PORT, FAST),
        ("ack-without-connection",),
    ),
)  # fmt: skip
