"""The rules of `finding_rules` as formulas of a solver (z3): what reaches a rule, what is accepted."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

import z3

from tests.finding_rules import INTERFACES, STATES, Json

PROTOS = {"tcp": 6, "udp": 17}


class Packet:
    """A packet as variables."""

    def __init__(self) -> None:
        self.v6, self.later = z3.Bools("v6 later")
        self.proto, self.iif, self.state = z3.BitVecs("proto iif state", 8)
        self.dport = z3.BitVec("dport", 16)
        self.src = z3.BitVec("src", 32)

    @property
    def exists(self) -> Any:
        """What is true of every packet."""
        return z3.And(z3.Or([self.state == state for state in STATES.values()]), z3.ULT(self.iif, len(INTERFACES) + 1))

    def meets(self, rule: Json) -> Any:
        """Whether it is as a rule asks."""
        asked = [self.is_protocol(rule["proto"])] if "proto" in rule else []
        if "dport" in rule:
            has_ports = z3.And(z3.Not(self.later), z3.Or(self.proto == 6, self.proto == 17))
            asked += [has_ports, among(rule["dport"], self.is_port)]
        if "src" in rule:
            asked += [z3.Not(self.v6), among(rule["src"], self.is_host)]
        if "iif" in rule:
            asked.append(among(rule["iif"], lambda name: self.iif == INTERFACES.index(name)))
        if "ct_state" in rule:
            asked.append(among(rule["ct_state"], lambda state: self.state == STATES[state]))
        return z3.And(asked)

    def is_protocol(self, protos: Any) -> Any:
        return among(protos, lambda name: self.proto == PROTOS[name])

    def is_port(self, text: str) -> Any:
        low, _, high = text.partition("-")
        return z3.And(z3.UGE(self.dport, int(low)), z3.ULE(self.dport, int(high or low)))

    def is_host(self, text: str) -> Any:
        low, _, high = text.partition("-")
        if not high:
            network = ip_network(low)
            low, high = str(network[0]), str(network[-1])
        return z3.And(z3.UGE(self.src, int(ip_address(low))), z3.ULE(self.src, int(ip_address(high))))


def among(asked: Any, one: Any) -> Any:
    """Whether any of some values is met; if they are negated, none."""
    texts = [str(each) for each in (asked if isinstance(asked, list) else [asked])]
    found = z3.Or([one(text.removeprefix("!")) for text in texts])
    return z3.Not(found) if texts[0].startswith("!") else found


@dataclass
class Walk:
    """What becomes of packets: which reach a rule, and which are accepted."""

    chains: Json
    packet: Packet
    left_out: int = -1
    reach: dict[int, Any] = field(default_factory=dict)
    accepted: list[Any] = field(default_factory=list)

    def run(self) -> None:
        """The base chain."""
        left = self.chain("forward", self.packet.exists)
        if self.chains["forward"]["policy"] == "accept":
            self.accepted.append(left)

    def chain(self, name: str, arriving: Any) -> Any:
        """One chain: what goes on behind it."""
        first = 0 if name == "forward" else len(self.chains["forward"]["rules"])
        back = [z3.BoolVal(False)]
        for number, rule in enumerate(self.chains[name]["rules"], first):
            if number == self.left_out:
                continue
            meets = self.packet.meets(rule)
            here = z3.And(arriving, meets)
            self.reach[number] = z3.Or(self.reach.get(number, False), here)
            verdict = rule["verdict"]
            if verdict == "continue":
                continue
            arriving = z3.And(arriving, z3.Not(meets))
            if verdict == "accept":
                self.accepted.append(here)
            elif verdict == "return":
                back.append(here)
            elif verdict == "jump below":
                arriving = z3.Or(arriving, self.chain("below", here))
        return z3.Or(arriving, *back)


def is_possible(formula: Any) -> bool:
    """Whether some packet is so."""
    solver = z3.Solver()
    solver.add(formula)
    return bool(solver.check() == z3.sat)


def never_applying(chains: Json) -> set[int]:
    """The rules that no packet reaches."""
    walk = Walk(chains, Packet())
    walk.run()
    return {number for number, reached in walk.reach.items() if not is_possible(reached)}


def redundant(chains: Json) -> set[int]:
    """The rules that are reached, accept or drop, and without which every packet gets the same verdict."""
    packet = Packet()
    whole = Walk(chains, packet)
    whole.run()
    rules = [rule for chain in chains.values() for rule in chain["rules"]]
    found = set()
    for number, reached in whole.reach.items():
        if rules[number]["verdict"] in ("accept", "drop") and is_possible(reached):
            less = Walk(chains, packet, left_out=number)
            less.run()
            if not is_possible(z3.And(packet.exists, z3.Or(whole.accepted) != z3.Or(less.accepted))):
                found.add(number)
    return found
