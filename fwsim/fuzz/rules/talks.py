"""What is said before and after a packet, so that it has the state that a rule asks for.

Read first: `talk`. A packet that opens a conversation is often answered, so that the rules for replies are met too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from fwsim.capture.crafting import Ip
from fwsim.fuzz.rules.aim import ICMP_OF, TCP, Aimed
from fwsim.fuzz.rules.asking import Packet
from fwsim.fuzz.rules.crafted import ERRORS, about, crafted, text_of
from fwsim.fuzz.rules.places import LOOPBACK, Places
from fwsim.terms import CtState, Direction, Hook, TcpFlag

INBOUND, OUTBOUND = 1, 2
SYN, ACK, RST = int(TcpFlag.SYN), int(TcpFlag.ACK), int(TcpFlag.RST)
SYN_ACK = SYN | ACK
ANSWERS = {8: 0, 13: 14, 15: 16, 17: 18, 128: 129}
REQUESTS = {answer: request for request, answer in ANSWERS.items()}
BACK = {Hook.INPUT: Hook.OUTPUT, Hook.OUTPUT: Hook.INPUT, Hook.FORWARD: Hook.FORWARD}
SWAPPED = (("src", "dst"), ("sport", "dport"), ("iif", "oif"))
MIRRORED = frozenset((*sum(SWAPPED, ()), "family", "proto", "icmp_id"))
GOES_ON = 0.4
"""How often a conversation that was only to be opened goes on."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """An IP packet as it was captured: on an interface, coming in or going out."""

    interface: str
    direction: int
    ip: Ip


NOBODY = ("0.0.0.0", "::")


def talk(chance: Random, aimed: Aimed, places: Places) -> Iterator[Spoken]:
    """The packet with all that belongs to it, but what the firewall would say to nobody: that goes to itself."""
    for one in conversation(chance, aimed, places):
        if one.direction == INBOUND or one.ip.dst not in NOBODY:
            yield one


def conversation(chance: Random, aimed: Aimed, places: Places) -> Iterator[Spoken]:
    """The packet with what comes before and after."""
    state = aimed.packet.get("ct_state", int(CtState.NEW))
    if state == CtState.RELATED and aimed.packet["proto"] in ICMP_OF:
        yield from related(aimed, places)
    elif state == CtState.ESTABLISHED:
        yield from established(aimed, places)
    elif state == CtState.INVALID:
        yield from said(stray(aimed))
    else:
        yield from said(aimed)
        if chance.random() < GOES_ON:
            yield from answered(chance, aimed, places)


def said(aimed: Aimed) -> Iterator[Spoken]:
    """The packet alone."""
    direction = OUTBOUND if aimed.way == Hook.OUTPUT else INBOUND
    for ip in crafted(aimed):
        yield Spoken(aimed.seen_on, direction, ip)


def changed(aimed: Aimed, **fields: int | str) -> Aimed:
    """The same packet with some fields changed that rules do not speak of."""
    free = {field: value for field, value in fields.items() if field not in aimed.spoken}
    return replace(aimed, packet={**aimed.packet, **free})


def back(aimed: Aimed, places: Places, **fields: int | str) -> Aimed:
    """A packet the other way: what a rule has asked for of this one does not hold for it."""
    way, family = BACK[aimed.way], int(aimed.packet["family"])
    packet: Packet = {field: value for field, value in aimed.packet.items() if field in MIRRORED}
    for one, other in SWAPPED:
        pair = packet.pop(one, None), packet.pop(other, None)
        packet.update({name: value for name, value in ((one, pair[1]), (other, pair[0])) if value is not None})
    if way == Hook.OUTPUT and packet.get("oif") != LOOPBACK:
        packet["oif"] = places.behind(family, int(packet["dst"]))
    return Aimed(way, {**packet, **fields}, aimed.hook)


def established(aimed: Aimed, places: Places) -> Iterator[Spoken]:
    """The packet in a conversation that was opened, in the direction that is asked for."""
    proto = int(aimed.packet["proto"])
    replies = aimed.packet.get("ct_direction") == Direction.REPLY or aimed.packet.get("icmp_type") in REQUESTS.values()
    replies &= aimed.packet.get("icmp_type") not in ANSWERS
    if aimed.packet.get("icmp_type") in REQUESTS:
        replies = True
    if replies:
        yield from said(back(aimed, places, **opening(proto, aimed.packet)))
        yield from said(changed(aimed, tcp_flags=SYN_ACK, tcp_seq=7_000, tcp_ack=1_001))
        return
    first = Aimed(aimed.way, {**aimed.packet, **opening(proto, aimed.packet)}, aimed.hook)
    yield from said(first)
    yield from said(back(aimed, places, **answer(proto, aimed.packet)))
    yield from said(changed(aimed, tcp_flags=ACK, tcp_seq=1_001, tcp_ack=7_001))


def opening(proto: int, packet: Packet) -> dict[str, int]:
    """The fields of a packet that opens a conversation in which this one is said."""
    if proto == TCP:
        return {"tcp_flags": SYN, "tcp_seq": 1_000, "tcp_ack": 0}
    if proto in ICMP_OF:
        kind = int(packet.get("icmp_type", 8))
        return {"icmp_type": REQUESTS.get(kind, kind), "icmp_code": 0}
    return {}


def answer(proto: int, packet: Packet) -> dict[str, int]:
    """The fields of the first answer to an opening."""
    if proto == TCP:
        return {"tcp_flags": SYN_ACK, "tcp_seq": 7_000, "tcp_ack": 1_001}
    if proto in ICMP_OF:
        kind = int(packet.get("icmp_type", 8))
        return {"icmp_type": ANSWERS.get(kind, kind), "icmp_code": 0}
    return {}


def answered(chance: Random, aimed: Aimed, places: Places) -> Iterator[Spoken]:
    """What may follow an opening: an answer, and more."""
    proto = int(aimed.packet["proto"])
    if proto in ICMP_OF and aimed.packet.get("icmp_type") not in ANSWERS:
        return
    yield from said(back(aimed, places, **answer(proto, aimed.packet)))
    if proto == TCP and aimed.packet.get("tcp_flags") == SYN and chance.random() < 0.7:
        yield from said(Aimed(aimed.way, {**aimed.packet, **AFTER}, aimed.hook))
    if chance.random() < 0.3:
        yield from error_about(aimed, places)


AFTER = {"tcp_flags": ACK, "tcp_seq": 1_001, "tcp_ack": 7_001}


def error_about(aimed: Aimed, places: Places) -> Iterator[Spoken]:
    """An ICMP error about the packet, from where it went."""
    family = int(aimed.packet["family"])
    kind = ERRORS[family][0]
    proto = next(number for number, of in ICMP_OF.items() if of == family)
    error = back(aimed, places, proto=proto, icmp_type=kind, icmp_code=1)
    (ip,) = crafted(error)
    (quote,) = crafted(replace(aimed, packet={**aimed.packet, "fragment": 0}))
    whole = replace(ip, payload=with_quote(ip, kind, quote))
    yield Spoken(error.seen_on, OUTBOUND if error.way == Hook.OUTPUT else INBOUND, whole)


def with_quote(ip: Ip, kind: int, quote: Ip) -> bytes:
    """An ICMP error's message about another packet."""
    from fwsim.capture.crafting import icmp_message

    return icmp_message(ip.src, ip.dst, kind, 1, bytes(4), quote.encode()[:64])


def related(aimed: Aimed, places: Places) -> Iterator[Spoken]:
    """An ICMP error, behind the datagram that it is about."""
    family = int(aimed.packet["family"])
    error = changed(aimed, icmp_type=ERRORS[family][0], icmp_code=1)
    ends = (text_of(family, int(error.packet[end])) for end in ("src", "dst"))
    first = back(error, places)
    yield Spoken(first.seen_on, OUTBOUND if first.way == Hook.OUTPUT else INBOUND, about(*ends))
    yield from said(error)


def stray(aimed: Aimed) -> Aimed:
    """A packet that belongs to no conversation and opens none."""
    if aimed.packet["proto"] == TCP:
        return changed(aimed, tcp_flags=RST)
    return changed(aimed, icmp_type=0 if aimed.packet["family"] == 4 else 129)
