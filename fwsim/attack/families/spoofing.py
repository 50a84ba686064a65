"""Sources that cannot be where the packet comes from: addresses inside, and addresses that nobody has.

Read first: RFC 2827 (BCP 38), RFC 3704 (BCP 84), RFC 6890; CAPEC-151.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address, ip_network

from fwsim.attack.choices import PORTS, RATE, TARGETS, counted, ports_of
from fwsim.attack.model import Family, Shot
from fwsim.attack.scene import ODD_PORTS, Scene, address_in
from fwsim.attack.wire import ECHO_REQUEST, ECHO_REQUEST_6, icmp, is_v6, tcp, udp
from fwsim.errors import UsageError

BOGONS = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4",
)  # fmt: skip
"""Never a source in the Internet (RFC 6890, RFC 1122 §3.2.1.3), without those for documentation, which examples use."""
BOGONS_6 = ("::1/128", "fc00::/7", "fec0::/10", "ff00::/8", "100::/64", "::/128")


def inside(scene: Scene) -> Iterator[Shot]:
    """SYNs, datagrams and pings from one host inside to another, by the way that strangers come."""
    hosts = scene.hosts(5000)
    kinds = (opening, datagram, ping)
    ts = scene.begin
    for number in range(scene.number("count")):
        target = hosts[number % min(len(hosts), scene.number("targets"))]
        pretended = [host for host in hosts if is_v6(host) == is_v6(target) and host != target]
        source = scene.dice.choice(pretended) if pretended else neighbour(scene, target)
        yield Shot(ts, kinds[number % len(kinds)](scene, source, target), scene.entry)
        ts += scene.step


def neighbour(scene: Scene, target: str) -> str:
    """An address of the network that a host inside is in."""
    for network in scene.survey.inside:
        if ip_address(target) in network and network.num_addresses > 2:
            guesses = (address_in(scene.dice, str(network)) for _ in range(100))
            return next(guess for guess in guesses if guess != target)
    raise UsageError("spoof-inside: no second address inside is known: expected --interface NAME=CIDR")


def bogon(scene: Scene) -> Iterator[Shot]:
    """The same packets from addresses that nobody has."""
    hosts = scene.hosts(scene.number("targets"))
    kinds = (opening, datagram, ping)
    for number in range(scene.number("count")):
        target = hosts[number % len(hosts)]
        networks = [n for n in (BOGONS_6 if is_v6(target) else BOGONS) if not overlaps(scene, n)]
        source = address_in(scene.dice, networks[number % len(networks)])
        packet = kinds[number % len(kinds)](scene, source, target)
        yield Shot(scene.begin + number * scene.step, packet, scene.entry)


def overlaps(scene: Scene, network: str) -> bool:
    """Whether a network has addresses inside: those are spoofed, but no bogons here."""
    found = ip_network(network)
    return any(found.version == known.version and found.overlaps(known) for known in scene.survey.inside)


def opening(scene: Scene, source: str, target: str) -> bytes:
    """A SYN to one of the ports."""
    ports = scene.dice.randint(*ODD_PORTS), scene.dice.choice(ports_of(scene.text("ports")))
    return tcp(source, target, ports, "S", seq=scene.any32(), win=64240, options=(("MSS", 1460),))


def datagram(scene: Scene, source: str, target: str) -> bytes:
    """A datagram to one of the ports."""
    ports = scene.dice.randint(*ODD_PORTS), scene.dice.choice(ports_of(scene.text("ports")))
    return udp(source, target, ports, bytes(24))


def ping(scene: Scene, source: str, target: str) -> bytes:
    """An echo request."""
    kind = ECHO_REQUEST_6 if is_v6(target) else ECHO_REQUEST
    return icmp(source, target, kind, 0, scene.dice.getrandbits(16) << 16 | 1, bytes(56))


OPTIONS = (TARGETS, PORTS, counted(60, "packets"), RATE)

FAMILIES = (
    Family(
        "spoof-inside",
        "packets from outside that bear an address from inside, for which rules may do more",
        "RFC 2827 (BCP 38), RFC 3704 (BCP 84); CAPEC-151",
        inside,
        options=OPTIONS,
        evidence=("spoofed-source",),
    ),
    Family(
        "bogon",
        "packets from addresses that can be no source in the Internet",
        "RFC 6890, RFC 3704 (BCP 84)",
        bogon,
        options=OPTIONS,
        evidence=("bogon-source",),
    ),
)
