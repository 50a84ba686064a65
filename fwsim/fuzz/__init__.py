"""Traffic worth fearing: conversations of every kind, interleaved, reproducible from a seed.

Read first: `traffic`, and `fwsim.fuzz.tcp` for how a conversation is grown. Nothing here knows of firewalls; what they
make of the traffic is compared in `fwsim.parity`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from fwsim.capture.crafting import Ip, ethernet, mac_of
from fwsim.fuzz import datagrams, ftp, gre, sctp, tcp
from fwsim.fuzz.errors import error_about
from fwsim.fuzz.fragments import in_pieces
from fwsim.fuzz.hosts import USUAL, Hosts
from fwsim.fuzz.options import with_options
from fwsim.fuzz.policy import REFUSED_TOS

__all__ = ["USUAL", "Hosts", "Sent", "traffic"]

LIVE = 12
"""How many conversations are under way at a time."""
RECENT = 40
"""How many packets back an ICMP error may quote."""
GATEWAY = b"\x02\0\0\0\0\x01"

KINDS = (
    (0.5, tcp.conversation),
    (0.09, sctp.conversation),
    (0.08, ftp.conversation),
    (0.03, gre.conversation),
    (0.14, datagrams.udp),
    (0.02, datagrams.udplite),
    (0.1, datagrams.query),
    (0.03, datagrams.stray),
    (0.05, datagrams.other),
    (0.03, datagrams.extended(datagrams.udp)),
    (0.01, datagrams.extended(sctp.conversation)),
    (0.01, datagrams.extended(gre.conversation)),
)
"""What a conversation is, and how often."""


@dataclass(frozen=True)
class Sent:
    """A packet that arrived on an interface: 0 the first side's, 1 the other's."""

    side: int
    packet: bytes
    trailer: bytes = b""

    @property
    def frame(self) -> bytes:
        """The packet on Ethernet, from a host to the firewall."""
        return ethernet(mac_of(f"10.0.0.{1 + self.side}"), GATEWAY, self.packet + self.trailer, padded=False)


def traffic(
    seed: int | str, count: int, hosts: Hosts = USUAL, *, fragments: float = 0.04, options: float = 0.03
) -> Iterator[Sent]:
    """At least `count` packets, the same for the same arguments.

    `fragments` is the share that comes in pieces, `options` that of packets with options in their IP header.
    """
    chance = Random(seed)
    talks: list[Iterator[tuple[int, Ip]]] = []
    recent: deque[tuple[int, Ip]] = deque(maxlen=RECENT)
    sent = 0
    while sent < count:
        if recent and chance.random() < 0.05:
            side, ip = optioned(chance, error_about(chance, recent, strangers(hosts)), options)
        else:
            found = spoken(chance, talks, hosts)
            if found is None:
                continue
            side, ip = optioned(chance, found, options)
            recent.append((side, ip))
        for arrived in arrivals(chance, side, ip, fragments):
            sent += 1
            yield arrived


def optioned(chance: Random, sent: tuple[int, Ip], share: float) -> tuple[int, Ip]:
    """The same packet, or one with options in its IP header."""
    side, ip = sent
    return (side, with_options(chance, ip)) if chance.random() < share else sent


def spoken(chance: Random, talks: list[Iterator[tuple[int, Ip]]], hosts: Hosts) -> tuple[int, Ip] | None:
    """The next packet of some conversation; None if that one has just ended."""
    while len(talks) < LIVE:
        talks.append(conversation(chance, hosts))
    place = chance.randrange(len(talks))
    found = next(talks[place], None)
    if found is None:
        del talks[place]
    return found


def conversation(chance: Random, hosts: Hosts) -> Iterator[tuple[int, Ip]]:
    """A conversation of some kind between hosts of both sides."""
    begins, pair = hosts.pair(chance)
    (talk,) = chance.choices([kind for _, kind in KINDS], [share for share, _ in KINDS])
    for side, ip in talk(chance, pair):
        yield side ^ begins, ip


def strangers(hosts: Hosts) -> tuple[str, ...]:
    """The hosts of the other side, as routers that report errors."""
    return hosts.sides[1][0] + hosts.sides[1][1] + hosts.sides[0][0] + hosts.sides[0][1]


def arrivals(chance: Random, side: int, ip: Ip, fragments: float) -> Iterator[Sent]:
    """The packet as it arrives: whole or in pieces, some marked to be refused, some with bytes behind their end."""
    if chance.random() < 0.04:
        ip = replace(ip, tos=REFUSED_TOS)
    if chance.random() < 0.003:
        ip = replace(ip, ttl=1)
    if ip.family == 4 and chance.random() < 0.002:
        ip = replace(ip, bad_header_checksum=True)
    pieces = in_pieces(chance, ip) if chance.random() < fragments else [ip]
    for part in pieces:
        yield Sent(side, part.encode(), b"trailer" if chance.random() < 0.02 else b"")
