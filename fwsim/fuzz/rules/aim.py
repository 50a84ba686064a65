"""A packet that meets all that a rule asks, or all but one thing.

Read first: `aimed`. Values are drawn until they fit together; a rule that nothing fits within some draws is let go.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from fwsim.fuzz.rules.asking import LOCAL, Ask, Packet
from fwsim.fuzz.rules.conditions import Condition
from fwsim.fuzz.rules.places import LOOPBACK, Places
from fwsim.fuzz.rules.points import points
from fwsim.ruleset.values import Addresses, MatchValue
from fwsim.terms import CtState, Direction, Hook, Proto

TRIES = 40
STATES = (CtState.NEW, CtState.ESTABLISHED, CtState.RELATED, CtState.INVALID)
TCP, UDP = int(Proto.TCP), int(Proto.UDP)
ICMP = {4: int(Proto.ICMP), 6: int(Proto.ICMPV6)}
ICMP_OF = {number: family for family, number in ICMP.items()}
PORTS = (22, 80, 443, 1024, 40_000, 53)
USUAL: dict[str, tuple[int, ...]] = {
    "ttl": (64,), "dscp": (0,), "fragment": (0,), "length": (), "ip_id": (), "tcp_window": (65_535,),
    "tcp_seq": (), "tcp_ack": (), "ct_direction": (int(Direction.ORIGINAL),),
}  # fmt: skip
"""What a field is if nobody asks; nothing where it follows from the rest."""
WAYS = {
    Hook.PREROUTING: (Hook.INPUT, Hook.FORWARD),
    Hook.POSTROUTING: (Hook.FORWARD, Hook.OUTPUT),
}
"""The hooks of filters that packets at another one pass."""


@dataclass(frozen=True, slots=True)
class Aimed:
    """A packet by its fields, as rules at `hook` see it; `way` is the hook of filters that it passes.

    `spoken` are the fields that rules speak of: the others may become what they must for a conversation.
    """

    way: Hook
    packet: Packet
    hook: Hook
    spoken: frozenset[str] = frozenset()

    @property
    def seen_on(self) -> str:
        """The interface where it is captured: where it comes in, or if it is the firewall's own, where it goes out."""
        return str(self.packet["oif" if self.way == Hook.OUTPUT else "iif"])


@dataclass
class Draw:
    """One try: fields are chosen one after the other, from what is asked of them."""

    chance: Random
    places: Places
    way: Hook
    wanted: dict[str, list[MatchValue]]
    spoken: dict[str, list[MatchValue]]
    """The values that are asked for, and all that are spoken of, by field."""
    packet: Packet

    def choose(self, field: str, usual: Sequence[int | str], fits: Callable[[int | str], bool] | None = None) -> None:
        """Choose a field's value among those that rules speak of, else a usual one; there may be none that fits."""
        family = int(self.packet.get("family", 4))
        found = [point for value in self.spoken.get(field, ()) for point in points(self.chance, field, value, family)]
        if not found or (usual and not self.wanted.get(field) and self.chance.random() < 0.5):
            found = found + [*usual] * (1 + len(found) // max(len(usual), 1))
        asked = Ask((tuple((field, value) for value in self.wanted.get(field, ())),))
        self.chance.shuffle(found)
        for point in found:
            if (fits is None or fits(point)) and asked.holds({**self.packet, field: point}):
                self.packet[field] = point
                return


def aimed(chance: Random, condition: Condition, places: Places, missed: int | None = None) -> Aimed | None:
    """A packet that meets a condition, but for the ask number `missed`, which it does not."""
    for _ in range(TRIES):
        way = chance.choice(WAYS.get(condition.hook, (condition.hook,)))
        drawn = draw(chance, condition.asks, places, way, missed)
        if drawn is not None and all(ask.holds(drawn) == (at != missed) for at, ask in enumerate(condition.asks)):
            return Aimed(way, drawn, condition.hook, spoken_of(condition.asks))
    return None


def spoken_of(asks: tuple[Ask, ...]) -> frozenset[str]:
    """The fields that rules ask about."""
    return frozenset(field for ask in asks for one in ask.alternatives for field, _ in one)


def draw(chance: Random, asks: tuple[Ask, ...], places: Places, way: Hook, missed: int | None) -> Packet | None:
    """A packet that may fit."""
    wanted: dict[str, list[MatchValue]] = {}
    spoken: dict[str, list[MatchValue]] = {}
    for at, ask in enumerate(asks):
        alternative = chance.choice(ask.alternatives) if ask.alternatives else ()
        for field, value in alternative:
            spoken.setdefault(field, []).append(value)
            if at != missed and not ask.negated:
                wanted.setdefault(field, []).append(value)
    one = Draw(chance, places, way, wanted, spoken, {})
    if not (families(one) and protocols(one) and interfaces(one) and addresses(one)):
        return None
    for field, usual in USUAL.items():
        one.choose(field, usual)
    states(one)
    return one.packet


def families(one: Draw) -> bool:
    """Choose the family: that of the addresses and protocols that are asked for."""
    meant = [4, 6]
    for values in one.wanted.values():
        for value in values:
            if isinstance(value, Addresses):
                meant = [family for family in meant if (value.v4 if family == 4 else value.v6)]
    one.choose("family", meant or [4], lambda family: family in meant)
    return "family" in one.packet


def protocols(one: Draw) -> bool:
    """Choose the protocol and what it has: ports, flags, a type and a code."""
    family, asked = int(one.packet.get("family", 4)), one.spoken.keys()
    usual = [TCP, UDP, TCP, UDP, ICMP[family]]
    if "tcp_flags" in asked or "tcp_window" in asked:
        usual = [TCP]
    elif "icmp_type" in asked or "icmp_code" in asked:
        usual = [ICMP[family]]
    elif "sport" in asked or "dport" in asked:
        usual = [TCP, UDP]
    one.choose("proto", usual)
    proto = one.packet.get("proto")
    if proto in (TCP, UDP, Proto.SCTP, Proto.UDPLITE):
        one.choose("sport", [one.chance.choice(PORTS), one.chance.randrange(1024, 65_536)])
        one.choose("dport", [one.chance.choice(PORTS), one.chance.randrange(1, 65_536)])
    if proto == TCP:
        one.choose("tcp_flags", [0x02, 0x02, 0x10])
    if proto in ICMP_OF:
        one.choose("icmp_type", [8 if proto == 1 else 128])
        one.choose("icmp_code", [0])
    return proto is not None


def interfaces(one: Draw) -> bool:
    """Choose where the packet comes in, and where it is to go out, if it does."""
    names = [*one.places.interfaces]
    if one.way != Hook.OUTPUT:
        one.choose("iif", names, lambda name: name in names or (name == LOOPBACK and one.way == Hook.INPUT))
        if "iif" not in one.packet:
            return False
    if one.way != Hook.INPUT:
        one.choose("oif", names, lambda name: name in names or (name == LOOPBACK and one.way == Hook.OUTPUT))
        return "oif" in one.packet
    return True


def addresses(one: Draw) -> bool:
    """Choose where from and where to, so that the way and the interfaces come about."""
    places, packet = one.places, one.packet
    family = int(packet["family"])
    own, lo = places.locals(family), LOOPBACK in (packet.get("iif"), packet.get("oif"))

    def towards(address: int | str) -> bool:
        mine = (family, address) in places.own
        if one.way == Hook.OUTPUT and not address:
            return False  # what a socket sends to nobody goes to the sender itself
        return (
            mine if one.way == Hook.INPUT or lo else not mine and places.behind(family, int(address)) == packet["oif"]
        )

    def from_here(address: int | str) -> bool:
        return ((family, address) in places.own) == (one.way == Hook.OUTPUT or lo)

    there = own if one.way == Hook.INPUT or lo else places.hosts(family, str(packet["oif"]))
    here = own if one.way == Hook.OUTPUT or lo else places.hosts(family, str(packet["iif"]))
    one.choose("dst", one.chance.sample(there, len(there)), towards)
    one.choose("src", one.chance.sample(here, len(here)), from_here)
    for field, hosts in (("dst", there), ("src", here)):  # where none that rules speak of fits
        if field not in packet and hosts:
            packet[field] = one.chance.choice(hosts)
    packet[LOCAL] = int((family, packet.get("dst")) in places.own)
    return "src" in packet and "dst" in packet


def states(one: Draw) -> None:
    """Choose the state that the packet is to have."""
    asked = Ask((tuple(("ct_state", value) for value in one.wanted.get("ct_state", ())),))
    fitting = [int(state) for state in STATES if asked.holds({**one.packet, "ct_state": int(state)})]
    if "ct_state" not in one.spoken:
        fitting = [int(CtState.NEW)]
    if fitting:
        one.packet["ct_state"] = one.chance.choice(fitting)
