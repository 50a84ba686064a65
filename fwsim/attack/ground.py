"""Honest traffic to attack where no capture is given: a minute of an office and its firewall.

Read first: `ground`. Hosts inside fetch pages, ask for names and ping; if there is a second network inside, strangers
come to a server in it. Each packet is seen once, where it comes in. Equal calls give equal packets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from random import Random

from fwsim.attack.link import Sighting
from fwsim.attack.scene import ODD_PORTS, SECOND
from fwsim.attack.wire import (
    ECHO_REPLY,
    ECHO_REPLY_6,
    ECHO_REQUEST,
    ECHO_REQUEST_6,
    dns_answer,
    dns_question,
    icmp,
    is_v6,
    tcp,
    udp,
)
from fwsim.capture import CaptureWriter
from fwsim.capture.crafting import mac_of
from fwsim.engine.link import INBOUND, LINK_ETHERNET, OUTBOUND
from fwsim.engine.serial import wrap
from fwsim.errors import UsageError
from fwsim.topology.address_plan import IPNetwork

BEGIN = 1_772_438_403 * SECOND
"""2026-03-02 08:00:03 UTC."""
DEFAULT = {"lan": ("192.0.2.0/24", "2001:db8:1::/64"), "wan": ("0.0.0.0/0", "::/0")}
"""The networks of the ground if no others are named: addresses for documentation (RFC 5737, RFC 3849)."""
OUTSIDE = ("203.0.113.0/24", "198.51.100.0/24", "192.0.2.0/24", "2001:db8:2::/64", "2001:db8:3::/64")
"""Where strangers live, unless these networks are inside."""
UPSTREAM = b"\x02\x00\x5e\x00\x01\xfe"
MILLISECOND = 1_000_000
MSS, SACK, WSCALE = ("MSS", 1460), ("SAckOK", b""), ("WScale", 7)
OPTIONS = (MSS, SACK, ("NOP", None), WSCALE)
WIN = 502
PAGE = 1400
WEB, DNS = 443, 53


@dataclass(frozen=True)
class Packet:
    """A packet of the ground: when and where it came in."""

    ts: int
    seen: Sighting
    data: bytes


@dataclass
class Ground:
    """Who is where; and the packets so far, in no order."""

    interfaces: Mapping[str, Sequence[IPNetwork]]
    dice: Random
    own: Sequence[IPNetwork] = ()
    scale: int = 4
    packets: list[Packet] = field(default_factory=list)

    @property
    def inside(self) -> list[IPNetwork]:
        """The networks that are protected."""
        return inside_of(self.interfaces, self.own)

    def interface_of(self, address: str) -> str:
        """The interface behind which an address lies: that of the longest prefix."""
        found = ip_address(address)
        lies = [(n.prefixlen, name) for name, networks in self.interfaces.items() for n in networks if found in n]
        return max(lies)[1] if lies else list(self.interfaces)[-1]

    def is_own(self, address: str) -> bool:
        """Whether it is an address of the firewall itself."""
        return any(ip_address(address) in network for network in self.own)

    def host(self, interface: str, number: int, *, v6: bool = False) -> str:
        """A host behind an interface, of this family if there is such a network; if there is none, the firewall.

        In a network that is too small for the number, it is the last but one.
        """
        behind = [network for network in self.interfaces[interface] if network.prefixlen] or list(self.own)
        network = next((found for found in behind if (found.version == 6) == v6), behind[0])
        most = max(0, network.num_addresses - 2)
        address = str(network.network_address + min(number, most))
        taken = bool(most > number) and self.is_own(address)
        return str(network.network_address + number + 1) if taken else address

    def stranger(self, number: int, *, v6: bool = False) -> str:
        """A host outside."""
        for text in OUTSIDE:
            network = ip_network(text)
            if (network.version == 6) == v6 and not any(
                network.version == known.version and network.overlaps(known) for known in self.inside
            ):
                return str(network.network_address + number)
        raise UsageError("every address for documentation lies inside: expected --into CAPTURE")

    def add(self, ts: int, packet: bytes, source: str, destination: str) -> None:
        """A packet comes in, from the side where its source is; those of the firewall itself are seen going out."""
        out = self.is_own(source)
        name = self.interface_of(destination if out else source)
        firewall = b"\x02\x00\x5e\x00\x00" + bytes([list(self.interfaces).index(name) + 1])
        inner = not out and any(ip_address(source) in network for network in self.inside)
        macs = UPSTREAM + firewall if out else firewall + (mac_of(source) if inner else UPSTREAM)
        direction = OUTBOUND if out else INBOUND if self.is_own(destination) else 0
        self.packets.append(Packet(ts, Sighting(name, LINK_ETHERNET, macs + b"\x08\x00", direction), packet))


class Talk:
    """A TCP connection of the ground."""

    def __init__(self, ground: Ground, client: str, server: str, port: int) -> None:
        """Not open yet."""
        dice = ground.dice
        self.ground = ground
        self.ends = ((client, dice.randint(*ODD_PORTS)), (server, port))
        self.next = [dice.getrandbits(32), dice.getrandbits(32)]
        self.ids = [dice.getrandbits(16), dice.getrandbits(16)]

    def say(self, ts: int, side: int, flags: str, data: bytes = b"") -> None:
        """A segment of the client (0) or the server (1)."""
        (src, sport), (dst, dport) = self.ends[side], self.ends[1 - side]
        opens = "S" in flags
        self.ids[side] = (self.ids[side] + 1) & 0xFFFF
        packet = tcp(
            src, dst, (sport, dport), flags, seq=self.next[side], ack=self.next[1 - side] if "A" in flags else 0,
            win=64240 if opens else WIN, options=OPTIONS if opens else (), data=data, ip_id=self.ids[side],
        )  # fmt: skip
        self.next[side] = wrap(self.next[side] + len(data) + ("S" in flags) + ("F" in flags))
        self.ground.add(ts, packet, src, dst)

    def visit(self, begin: int, pages: int, *, closer: int | None) -> None:
        """A conversation: a page now and then, and in the end both ends close, `closer` first, if it comes to that."""
        trip = 15 * MILLISECOND
        for step, (side, flags) in enumerate(((0, "S"), (1, "SA"), (0, "A"))):
            self.say(begin + step * trip, side, flags)
        ts = begin + 4 * trip
        for _ in range(pages):
            self.say(ts, 0, "PA", bytes(self.ground.dice.randint(120, 400)))
            self.say(ts + trip, 1, "A")
            for number in range(3):
                self.say(ts + 2 * trip + number * MILLISECOND, 1, "PA" if number == 2 else "A", bytes(PAGE))
            self.say(ts + 4 * trip, 0, "A")
            ts += self.ground.dice.randint(800, 2400) * MILLISECOND
        if closer is not None:
            for step, (side, flags) in enumerate(((closer, "FA"), (1 - closer, "FA"), (closer, "A"))):
                self.say(ts + step * trip, side, flags)


def ground(
    interfaces: Mapping[str, Sequence[IPNetwork]], chance: str, own: Sequence[IPNetwork] = (), scale: int = 4
) -> list[Packet]:
    """The minute, in order; with a smaller `scale` there are fewer people, who read less.

    `own` are the firewall's addresses: where nothing else is inside, it is a host that protects itself.
    """
    stage = Ground(interfaces, Random(chance), own, scale)
    inner = [name for name, networks in interfaces.items() if any(network.prefixlen for network in networks)]
    inner = inner or list(interfaces)
    for number in range(2 * scale):
        visitor(stage, stage.host(inner[0], 20 + number, v6=number % 4 == 3), number)
    for number in range(max(2, scale)):
        called(stage, stage.host(inner[-1], 2), number)
    for number in range(3 * scale):
        look_up(stage, stage.host(inner[0], 20 + number % 6), number)
    for number in range(scale):
        ping(stage, stage.host(inner[0], 20 + number), number)
    return sorted(stage.packets, key=lambda packet: packet.ts)


def visitor(stage: Ground, client: str, number: int) -> None:
    """Somebody inside reads pages; every other one stays until the end."""
    server = stage.stranger(80 + number, v6=is_v6(client))
    stays = number % 2 == 0
    pages = 7 * stage.scale if stays else 4
    Talk(stage, client, server, WEB).visit(BEGIN + number * SECOND, pages, closer=None if stays else 0)


def called(stage: Ground, server: str, number: int) -> None:
    """A stranger reads pages of a server inside."""
    visit = Talk(stage, stage.stranger(120 + number, v6=is_v6(server)), server, WEB)
    pages, closer = (6 * stage.scale, None) if number % 2 else (5, 1)
    visit.visit(BEGIN + (2 + 3 * number) * SECOND, pages, closer=closer)


def look_up(stage: Ground, client: str, number: int) -> None:
    """A question and its answer."""
    server, port = stage.stranger(53, v6=is_v6(client)), stage.dice.randint(*ODD_PORTS)
    ident, name = stage.dice.getrandbits(16), f"www{number}.example.com"
    ts = BEGIN + (1 + 4 * number) * SECOND
    stage.add(ts, udp(client, server, (port, DNS), dns_question(name, ident)), client, server)
    answer = dns_answer(name, ident, str(ip_network(OUTSIDE[0]).network_address + 80 + number))
    stage.add(ts + 24 * MILLISECOND, udp(server, client, (DNS, port), answer), server, client)


def ping(stage: Ground, client: str, number: int) -> None:
    """A request and its reply."""
    v6 = is_v6(client)
    server, rest = stage.stranger(80, v6=v6), number << 16 | 1
    request, reply = (ECHO_REQUEST_6, ECHO_REPLY_6) if v6 else (ECHO_REQUEST, ECHO_REPLY)
    ts = BEGIN + (3 + 12 * number) * SECOND
    stage.add(ts, icmp(client, server, request, 0, rest, bytes(56)), client, server)
    stage.add(ts + 18 * MILLISECOND, icmp(server, client, reply, 0, rest, bytes(56)), server, client)


def write(path: str, packets: Sequence[Packet], names: Sequence[str]) -> None:
    """A capture of the ground."""
    with CaptureWriter(path) as writer:
        for name in names:
            writer.interface(name)
        for packet in packets:
            number = writer.interface(packet.seen.name, packet.seen.link_type)
            frame, direction = packet.seen.frame(packet.data), packet.seen.direction
            writer.packet(frame, packet.ts, interface=number, direction=direction)


def inside_of(interfaces: Mapping[str, Sequence[IPNetwork]], own: Sequence[IPNetwork]) -> list[IPNetwork]:
    """The networks behind any interface but the one to the world; if there are none, the firewall's own addresses."""
    narrow = [network for networks in interfaces.values() for network in networks if network.prefixlen]
    return narrow or list(own)


def declared(
    interfaces: Mapping[str, Sequence[IPNetwork]], own: Sequence[IPNetwork] = ()
) -> dict[str, tuple[IPNetwork, ...]]:
    """Interfaces with their networks, with one to the world if there is none; the default if nothing is known."""
    found = {name: tuple(networks) for name, networks in interfaces.items() if networks}
    if not inside_of(found, own):
        return {name: tuple(map(ip_network, texts)) for name, texts in DEFAULT.items()}
    if not any(network.prefixlen == 0 for networks in found.values() for network in networks):
        bare = next((name for name in interfaces if name not in found), "wan")
        found[bare] = tuple(map(ip_network, DEFAULT["wan"]))
    return found
