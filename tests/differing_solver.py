"""The verdict on any packet as a formula, so that a solver says whether two rulesets ever differ; by words alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import z3

from tests.differing import Json, asks_for_states, ends

PROTOCOLS = {"tcp": 6, "udp": 17, "icmp": 1}
WITH_PORTS = (6, 17, 132, 136)
NEW, ESTABLISHED, RELATED, INVALID = range(4)
STATES = {"new": NEW, "established": ESTABLISHED, "related": RELATED, "invalid": INVALID}
ACCEPT, DROP, REJECT, ON = range(4)
"""Verdicts; ON: the chain has none."""
VERDICTS = {"accept": ACCEPT, "drop": DROP, "reject": REJECT, "return": ON}
NOT_SOURCES = ("0.0.0.0", "127.0.0.0/8", "224.0.0.0/4", "255.255.255.255")


class Packet:
    """Any IPv4 packet that is forwarded."""

    def __init__(self, *, tracked: bool) -> None:
        """`tracked`: it has a ct state, and is whole."""
        self.src, self.dst = z3.BitVecs("src dst", 32)
        self.proto, self.dport, self.state = z3.Ints("proto dport state")
        self.inwards, self.outwards, self.ported = z3.Bools("inwards outwards ported")
        has_ports = z3.Or(*(self.proto == one for one in WITH_PORTS))
        self.there = [
            self.proto >= 0, self.proto <= 255, self.dport >= 0, self.dport <= 65_535,
            z3.Implies(self.ported, has_ports),
            *(z3.Not(within(side, network)) for side in (self.src, self.dst) for network in NOT_SOURCES),
        ]  # fmt: skip
        if tracked:
            known = z3.Or(has_ports, self.proto == 1)
            self.there += [
                self.state >= 0, self.state <= INVALID, z3.Implies(self.state == INVALID, known),
                z3.Implies(self.state == RELATED, self.proto == 1),
                z3.Implies(z3.And(has_ports, self.state != INVALID), self.ported),
            ]  # fmt: skip


def within(side: Any, written: str) -> Any:
    """Whether an address is in a network or range."""
    low, high = ends(written)
    return z3.And(z3.UGE(side, z3.BitVecVal(low, 32)), z3.ULE(side, z3.BitVecVal(high, 32)))


def ever_differ(before: Json, after: Json) -> bool:
    """Whether there is a packet on which two rulesets decide differently."""
    packet = Packet(tracked=asks_for_states(before) or asks_for_states(after))
    solver = z3.Solver()
    solver.add(*packet.there, verdict(before, packet) != verdict(after, packet))
    found = solver.check()
    assert found != z3.unknown
    return bool(found == z3.sat)


def verdict(written: Json, packet: Packet) -> Any:
    """The verdict of a ruleset as a term."""
    found: Any = z3.IntVal(ACCEPT)
    chains = sorted(written["chains"].items(), key=lambda item: -item[1].get("priority", 0))
    for name, chain in chains:
        if "hook" in chain:
            own = _chain(written, name, packet, z3.IntVal(VERDICTS[chain.get("policy", "accept")]))
            found = z3.If(own == ACCEPT, found, own)
    return found


def _chain(written: Json, name: str, packet: Packet, otherwise: Any) -> Any:
    """The verdict of a chain, or `otherwise`."""
    found = otherwise
    for one in reversed(written["chains"][name]["rules"]):
        kind = one.get("verdict")
        if kind is None:
            continue
        if kind.startswith("jump"):
            then = _chain(written, kind.split()[1], packet, found)
        elif kind.startswith("goto"):
            then = _chain(written, kind.split()[1], packet, otherwise)
        else:
            then = otherwise if kind == "return" else z3.IntVal(VERDICTS[kind])
        found = z3.If(_applies(written, one, packet), then, found)
    return found


def _applies(written: Json, one: Mapping[str, Any], packet: Packet) -> Any:
    """Whether all that a rule asks is true, as a term."""
    asked = []
    for key, term in (("src", packet.src), ("dst", packet.dst)):
        if key in one:
            asked.append(_address(written, one[key], term))
    for key, term in (("iif", packet.inwards), ("oif", packet.outwards)):
        if key in one:
            is_lan = (one[key].removeprefix("!") == "lan") != one[key].startswith("!")
            asked.append(term if is_lan else z3.Not(term))
    if "proto" in one:
        wanted = one["proto"] if isinstance(one["proto"], list) else [one["proto"]]
        asked.append(z3.Or(*(packet.proto == PROTOCOLS[each] for each in wanted)))
    if "dport" in one:
        asked += [packet.ported, _port(one["dport"], packet.dport)]
    if "ct_state" in one:
        asked.append(_state(one["ct_state"], packet.state))
    return z3.And(*asked) if asked else z3.BoolVal(True)


def _address(written: Json, wanted: Any, term: Any) -> Any:
    if isinstance(wanted, list):
        return z3.Or(*(_address(written, each, term) for each in wanted))
    if wanted.startswith("!"):
        return z3.Not(_address(written, wanted[1:], term))
    return _address(written, written["sets"][wanted[1:]], term) if wanted.startswith("@") else within(term, wanted)


def _port(wanted: Any, term: Any) -> Any:
    if isinstance(wanted, list):
        return z3.Or(*(_port(each, term) for each in wanted))
    text = str(wanted)
    if text.startswith("!"):
        return z3.Not(_port(text[1:], term))
    low, _, high = text.partition("-")
    return z3.And(term >= int(low), term <= int(high or low))


def _state(wanted: Any, term: Any) -> Any:
    if isinstance(wanted, list):
        return z3.Or(*(_state(each, term) for each in wanted))
    return z3.Not(_state(wanted[1:], term)) if wanted.startswith("!") else term == STATES[wanted]
