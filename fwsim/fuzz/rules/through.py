"""What is said through a firewall that translates: answers, and errors, as those who heard the rest would send them.

Read first: `fwsim.fuzz.rules.talks`, whose answers know of no translation. `Relay` tells what became of a packet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address

from fwsim.capture.crafting import ICMP, ICMPV6, Ip, icmp_message
from fwsim.capture.ends import QUERIES, Ends, ends_of
from fwsim.fuzz.readdressed import readdressed
from fwsim.fuzz.rules.places import LOOPBACK, Places
from fwsim.fuzz.rules.talks import INBOUND, Spoken

Relay = Callable[[Sequence[tuple[str, bytes]]], dict[int, bytes]]
"""Lets packets come in by interfaces, in order; returns by place the first bytes of those that came through, as they
left: of a datagram in pieces under the place of its first one."""

QUOTED_AT = 8
"""Where in an ICMP error the packet begins that it quotes."""


@dataclass(frozen=True)
class Heard:
    """A packet with its ends as it was sent, and as it arrived."""

    sent: Ends
    arrived: Ends


def through(spoken: Iterable[Spoken], places: Places, relay: Relay) -> Iterator[Spoken]:
    """The packets of a conversation; what the firewall itself says stays as it is, and is not relayed.

    An answer that only the firewall could give, to what was led to itself, is left out: as it leaves, it is translated.
    """
    heard: list[Heard] = []
    for one in spoken:
        moved = one
        if one.direction == INBOUND and one.interface != LOOPBACK:
            answered = answer(one.ip, heard)
            if answered is not None:
                family, address = of(answered.src)
                if (family, address) in places.own:
                    continue
                moved = Spoken(places.behind(family, address), INBOUND, answered)
            listen(moved, relay, heard)
        yield moved


def of(address: str) -> tuple[int, int]:
    """The family of an address, and its number."""
    found = ip_address(address)
    return found.version, int(found)


def listen(one: Spoken, relay: Relay, heard: list[Heard]) -> None:
    """Remember what became of a packet."""
    data = one.ip.encode()
    left = relay([(one.interface, data)]).get(0, b"")
    sent, arrived = ends_of(data), ends_of(left)
    if sent is not None and arrived is not None and sent != arrived:
        heard.append(Heard(sent, arrived))


def answer(ip: Ip, heard: Sequence[Heard]) -> Ip | None:
    """The packet as an answer, or an error, to one that was translated; None if it is neither."""
    ends = ends_of(ip.encode())
    for one in reversed(heard):
        if ends is None or (ends[0], ends[2]) != (one.sent[2], one.sent[0]):
            continue
        if is_error(ip):
            if ends_of(ip.payload[QUOTED_AT:]) == one.sent:
                return about(ip, one)
            continue
        query = ip.proto in QUERIES
        if query and ends[1] == one.sent[1]:
            return readdressed(ip, (one.arrived[2], one.arrived[1], one.arrived[0], 0))
        if not query and (ends[1], ends[3]) == (one.sent[3], one.sent[1]):
            return readdressed(ip, (one.arrived[2], one.arrived[3], one.arrived[0], one.arrived[1]))
    return None


def is_error(ip: Ip) -> bool:
    """Whether an ICMP message quotes a packet."""
    kinds = (3, 4, 5, 11, 12) if ip.proto == ICMP else range(1, 5) if ip.proto == ICMPV6 else ()
    return len(ip.payload) > QUOTED_AT and ip.payload[0] in kinds


def about(ip: Ip, heard: Heard) -> Ip:
    """The error as who heard the quoted packet sends it."""
    quote = ip.payload[QUOTED_AT:]
    header = 40 if ip.family == 6 else (quote[0] & 15) * 4
    inner = Ip(heard.sent[0], heard.sent[2], quote[6] if ip.family == 6 else quote[9], quote[header:])
    arrived = rewritten(quote[:header], heard) + readdressed(inner, heard.arrived).payload
    src, dst = heard.arrived[2], heard.arrived[0]
    kind, code, rest = ip.payload[0], ip.payload[1], ip.payload[4:QUOTED_AT]
    return replace(ip, src=src, dst=dst, payload=icmp_message(src, dst, kind, code, rest, arrived))


def rewritten(header: bytes, heard: Heard) -> bytes:
    """An IP header with the addresses that the packet arrived with; nobody checks the checksum of a quoted one."""
    addresses = b"".join(ip_address(end).packed for end in (heard.arrived[0], heard.arrived[2]))
    at = 8 if len(addresses) == 32 else 12
    return header[:at] + addresses + header[at + len(addresses) :]
