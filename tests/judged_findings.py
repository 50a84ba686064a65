"""Rulesets with findings of every kind that packets show, and the packets that show them, for the kernel to judge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from fwsim.checking.confirming import frame_of
from fwsim.checking.findings import EVERY, NOT_OF_PACKETS
from fwsim.checking.ground import Sample
from fwsim.checking.kinds import Kind
from fwsim.checking.packet_text import ANOTHER, interface, named
from fwsim.checking.spoofed import STEPS
from fwsim.checking.spoofing import Spoofing
from fwsim.checking.telling import BROUGHT, Telling
from fwsim.engine.path import LOCAL
from fwsim.lower import lower
from fwsim.ruleset import Ruleset
from fwsim.space.fields import CT_STATE, IIF, OIF
from fwsim.tables import RULE_POLICY
from fwsim.terms import CtState, Hook
from fwsim.topology import Topology
from tests.differing import rule

Json = dict[str, Any]
PLACES: Json = {
    "lan": {"networks": ["10.0.0.0/16", "198.51.100.0/24", "2001:db8:7::/48"], "addresses": ["10.0.255.1"]},
    "wan": {"networks": ["any"], "addresses": ["192.0.2.1"]},
}
HERE = "203.0.113.7"
"""Where packets that show findings go to: another host, or in rulesets of the hook `input` the firewall itself."""
TYPICAL: list[Json] = [
    {"ct_state": ["established", "related"], "verdict": "accept"},
    {"ct_state": "invalid", "verdict": "drop"},
    {"ct_state": "new", "verdict": "accept"},
    {"iif": "lan", "ct_state": "new", "verdict": "accept"},
    {"proto": "tcp", "dport": 443, "verdict": "accept"},
    {"proto": "udp", "dport": [53, 80], "verdict": "accept"},
    {"src": "10.0.0.0/24", "verdict": "drop"},
    {"iif": "wan", "verdict": "accept"},
]
PORTED = frozenset((6, 17, 132, 136))
FIRST_PORT = 41_000
ETHERNET = 14


def document(chance: Random) -> Json:
    """A random ruleset of the forward or the input hook, perhaps with a later chain, and with what is not tracked."""
    hook = "forward" if chance.random() < 0.8 else "input"
    rules = [routed(chance, ["below"]) for _ in range(chance.randrange(1, 5))]
    for one in chance.sample(TYPICAL, chance.randrange(1, 4)):
        rules.insert(chance.randrange(len(rules) + 1), one)
    chains: Json = {
        "main": {"hook": hook, "policy": chance.choice(("accept", "drop", "drop")), "rules": rules},
        "below": {"rules": [routed(chance, []) for _ in range(chance.randrange(1, 4))]},
    }
    if chance.random() < 0.3:
        late = [routed(chance, []), *chance.sample(TYPICAL, 1)]
        chains["late"] = {"hook": hook, "priority": 10, "policy": chance.choice(("accept", "drop")), "rules": late}
    if chance.random() < 0.3:
        exempt = {"proto": "udp", "dport": [53, 80, 443], "notrack": True}
        chains["early"] = {"hook": "prerouting", "priority": -300, "rules": [exempt]}
    wan = {**PLACES["wan"], "addresses": [*PLACES["wan"]["addresses"], *([HERE] if hook == "input" else [])]}
    sets = {"hosts": ["10.0.0.1", "10.0.1.0/24"]}
    return {"interfaces": {**PLACES, "wan": wan}, "sets": sets, "chains": chains}


def routed(chance: Random, targets: list[str]) -> Json:
    """A random rule for packets that go where the examples of findings go, from anywhere."""
    found = {key: value for key, value in rule(chance, targets, states=True).items() if key != "oif"}
    if "dst" in found:
        found["dst"] = chance.choice((HERE, "!203.0.113.9", "203.0.113.0-203.0.113.7"))
    return found


@dataclass(frozen=True)
class Way:
    """A packet as bytes from its IP header on, where it is seen, and what is foretold of it."""

    data: bytes
    iif: str | None
    oif: str | None
    hook: int
    state: int
    verdict: int
    rule: int
    chain: int


@dataclass(frozen=True)
class Shown:
    """A finding and the packets that show it, in their order."""

    kind: Kind
    rule: int
    ways: tuple[Way, ...]


class Showing:
    """A ruleset whose findings are shown."""

    def __init__(self, ruleset: Ruleset) -> None:
        self.ruleset = ruleset
        topology = Topology.build(ruleset)
        self.names = topology.names
        self.telling = Telling(lower(ruleset, interfaces=topology.names), "rules")

    def shown(self) -> Iterator[Shown]:
        """Each finding for which a packet can be made; no two of them are of the same connection."""
        for number, found in enumerate(self.telling.found(EVERY - NOT_OF_PACKETS)):
            if found.sample is None or self.telling.finding(found) is None:
                continue
            samples = [one for one in (found.before, found.sample) if one is not None]
            damaged = found.kind not in BROUGHT  # whose packets are invalid, if they are, for what they are
            ways = [self._way(one, FIRST_PORT + number, place > 0, damaged) for place, one in enumerate(samples)]
            if None not in ways:
                yield Shown(found.kind, found.rule, tuple(way for way in ways if way is not None))
        yield from self._spoofed()

    def _way(self, sample: Sample, port: int, back: bool, damaged: bool) -> Way | None:
        """The packet of a sample, with a port of its own where a client has it; `damaged` if it is invalid."""
        packet = named(sample.packet)
        if packet["proto"] in PORTED and packet["sport"] >= 0:
            packet["dport" if back else "sport"] = port
        if packet["proto"] in (1, 58) and packet["icmp_type"] >= 0:
            packet["icmp_id"] = port
        iif = interface(sample.packet[IIF], self.names) if sample.hook != Hook.OUTPUT else None
        oif = interface(sample.packet[OIF], self.names) if sample.hook != Hook.INPUT else None
        state = sample.packet[CT_STATE]
        if sample.hook == LOCAL or ANOTHER in (iif, oif):
            return None  # no packet can be made that is seen so
        damaged &= state == CtState.INVALID and self.telling.lowered.tracking
        frame = frame_of(packet, bad_checksum=damaged)
        if frame is None:
            return None
        rule = self.telling.ground.sources[sample.trip.rule] if sample.trip.rule >= 0 else RULE_POLICY
        return Way(frame[ETHERNET:], iif, oif, sample.hook, state, sample.trip.verdict, rule, sample.trip.chain)

    def _spoofed(self) -> Iterator[Shown]:
        """What gets in by an interface behind which its source cannot be."""
        for one in Spoofing(self.ruleset, steps=STEPS).certificates():
            if one.witness is not None and one.asked.mode == "stateful":
                told = one.witness.decision
                way = (one.asked.interface, None, int(one.asked.hook), told["ct_state"], told["verdict"])
                yield Shown(Kind.SPOOFING, -1, (Way(one.witness.data[ETHERNET:], *way, told["rule"], told["chain"]),))
