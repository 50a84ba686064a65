"""Rulesets written out and read again, and packets made of the values that their rules mention, to compare the two."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from random import Random
from typing import Any

import numpy as np
import pytest

from fwsim.engine.match import walk
from fwsim.engine.program import Memory
from fwsim.headers.selecting import There
from fwsim.lower import Lowered, lower
from fwsim.netfilter import Netfilter
from fwsim.netfilter.model import every_step
from fwsim.netfilter.steps import Choose, Lookup, Match
from fwsim.ruleset import Ruleset, load_ruleset
from fwsim.ruleset.values import Addresses, Masked, MatchValue, Names, Numbers
from fwsim.tables import EXTRA, PACKET, empty
from fwsim.terms import ABSENT, UNKNOWN_VALUE, Hook, Verdict
from tests.matching import HIGHEST, LOWEST, fresh_decision, packet_row

SIZES = {"ttl": 255, "dscp": 63, "sport": 65535, "dport": 65535, "proto": 255, "icmp_type": 255, "length": 65535}
USUAL: dict[str, list[Any]] = {
    "proto": [6, 6, 6, 17, 17, 1, 58, 47], "sport": [40000], "dport": [80], "ttl": [64], "dscp": [0], "mark": [0, 0, 1],
    "length": [60], "icmp_type": [8, 0, 3, 128], "icmp_code": [0, 1], "tcp_flags": [2, 18, 16, 4, 1, 0, 194],
}  # fmt: skip


def read(text: str) -> Ruleset:
    """A ruleset of any format."""
    return load_ruleset(io.StringIO(text))


def loads(tool: str, text: str) -> str:
    """What a real tool says to a text, in a network namespace of its own; nothing if it takes it."""
    program = shutil.which(tool)
    if sys.platform != "linux" or program is None or shutil.which("unshare") is None:
        pytest.skip(f"{tool} is not there")
    if subprocess.run(["unshare", "-rn", "true"], check=False, capture_output=True).returncode:
        pytest.skip("no network namespace can be had here")
    command = [program, "-f", "-"] if tool == "nft" else [program]
    done = subprocess.run(["unshare", "-rn", *command], check=False, input=text, capture_output=True, text=True)
    return done.stderr if done.returncode else ""


def compared_with(netfilter: Netfilter) -> dict[str, list[MatchValue]]:
    """For each field what rules compare it with."""
    found: dict[str, list[MatchValue]] = defaultdict(list)
    for table in netfilter.tables:
        for own in table.sets.values():
            for element in own.elements:
                for value in element:
                    found["src" if isinstance(value, Addresses) else "dport"].append(value)
        steps = [step for chain in table.chains.values() for rule in chain.rules for step in every_step(rule.steps)]
        for step in steps:
            for selector, value in _compared(step):
                found[str(selector)].append(value)
    return found


def _compared(step: Any) -> Iterator[tuple[Any, MatchValue]]:
    """Selectors and values of a step."""
    if isinstance(step, Match):
        yield step.selector, step.value
    elements = step.elements if isinstance(step, Lookup) else ()
    if isinstance(step, Choose):
        elements = tuple(case.element for case in step.cases)
    for element in elements:
        yield from zip(step.selectors, element, strict=False)


def near(values: list[MatchValue], family: int) -> list[int]:
    """Numbers at, beside and between the boundaries of some values."""
    found: set[int] = set()
    for value in values:
        if isinstance(value, Addresses):
            intervals: Any = value.v4 if family == 4 else value.v6
        elif isinstance(value, Numbers):
            intervals = value.intervals
        elif isinstance(value, Masked):
            intervals = [(choice.low, choice.high) for choice in value.choices]
        else:
            continue
        for low, high in intervals:
            found |= {low, high, max(low - 1, 0), high + 1, (low + high) // 2}
    return sorted(found)


class Packets:
    """Throws packets at rulesets, of values that their rules mention and a few others."""

    def __init__(self, dice: Random, *rulesets: Ruleset) -> None:
        """The values of all the rulesets."""
        self.dice = dice
        self.values: dict[str, list[MatchValue]] = defaultdict(list)
        names: dict[str, None] = {"lan": None, "wan": None}
        for ruleset in rulesets:
            for field, values in compared_with(ruleset.netfilter).items():
                self.values[field] += values
                for value in values:
                    if isinstance(value, Names):
                        names |= dict.fromkeys((*value.names, *(f"{prefix}7" for prefix in value.prefixes)))
        self.interfaces = tuple(names)

    def number(self, field: str, family: int) -> int:
        """A value for a field."""
        highest = SIZES.get(field, 0xFFFFFFFF)
        found = [value for value in near(self.values[field], family) if value <= highest]
        return int(self.dice.choice([*found, *USUAL[field]]))

    def address(self, family: int) -> IPv4Address | IPv6Address:
        """An address."""
        found = near([*self.values["src"], *self.values["dst"]], family)
        own = [0x0A000001, 0x08080808] if family == 4 else [0x20010DB8 << 96, (0xFD000001 << 96) + 5]
        kind = IPv4Address if family == 4 else IPv6Address
        limit = (1 << (32 if family == 4 else 128)) - 1
        return kind(min(self.dice.choice([*found, *own]), limit))

    def packet(self) -> dict[str, Any]:
        """A packet with most fields that its protocol has."""
        dice = self.dice
        family = dice.choice((4, 4, 6))
        proto = self.number("proto", family)
        packet: dict[str, Any] = {"family": family, "proto": proto, "fragment": dice.choice((0, 0, 0, 0, 1, 2))}
        packet |= {"src": self.address(family), "dst": self.address(family)}
        packet |= {field: self.number(field, family) for field in ("ttl", "dscp", "length", "mark")}
        if packet["fragment"] != 2:
            if proto in (6, 17, 132, 33, 136):
                packet |= {field: self.number(field, family) for field in ("sport", "dport")}
            if proto == 6:
                packet["flags"] = self.number("tcp_flags", family) & 0xFF
            if (family, proto) in ((4, 1), (6, 58)):
                packet |= {field: self.number(field, family) & 0xFF for field in ("icmp_type", "icmp_code")}
        return packet | self.connection()

    def connection(self) -> dict[str, Any]:
        """Its ct state, and its connection if it has one."""
        state = self.dice.choice((1, 2, 4, 8, 8, 64))
        if state not in (2, 4, 8):
            return {"ct_state": state, "ct_direction": None, "ct_status": None, "ct_mark": None}
        mark = self.dice.choice([0, 1, *near(self.values["ct_mark"], 4)])
        return {
            "ct_state": state,
            "ct_direction": self.dice.choice((0, 1)),
            "ct_status": self.dice.choice((0, 2, 14, 18, 34, 62)),
            "ct_mark": mark & 0xFFFFFFFF,
        }

    def ways(self, hook: Hook) -> dict[str, Any]:
        """The interfaces that a packet has at a hook."""
        number = len(self.interfaces)
        iif = self.dice.randrange(number) if hook in (Hook.PREROUTING, Hook.INPUT, Hook.FORWARD) else None
        oif = self.dice.randrange(number) if hook in (Hook.FORWARD, Hook.OUTPUT, Hook.POSTROUTING) else None
        return {"iif": iif, "oif": oif}


def assert_same_walks(first: Ruleset, second: Ruleset, *, seed: int = 1, count: int = 300, family: int = 0) -> None:
    """Random packets get the same verdict, answer and marks of both rulesets at every hook, or an unknown verdict."""
    packets = Packets(Random(seed), first, second)
    both = [lower(ruleset, interfaces=packets.interfaces) for ruleset in (first, second)]
    memories = [lowered.memory() for lowered in both]
    known = unknown = 0
    for _ in range(count):
        packet = packets.packet()
        if family and packet["family"] != family:
            continue
        for hook in Hook:
            given = {**packet, **packets.ways(hook)}
            results = [walked(*each, hook, given) for each in zip(both, memories, strict=True)]
            if Verdict.UNKNOWN in (results[0][0], results[1][0]):
                unknown += 1
                continue
            known += 1
            assert results[0] == results[1], (hook, given)
    assert known > unknown


def walked(lowered: Lowered, memory: Memory, hook: Hook, given: dict[str, Any]) -> tuple[int, ...]:
    """What a ruleset makes of a packet at a hook: the verdict, its answer, the marks and the ct state it leaves."""
    decision, known = fresh_decision(), packet_row(**given).view(np.int64)
    beside = empty(EXTRA, 1)
    for field in EXTRA.names or ():
        beside[0][field] = ABSENT
    for number, asked in enumerate(lowered.asked):
        there = isinstance(asked, There) and given["fragment"] != 2
        beside[0][f"slot{number}"] = 1 if there else ABSENT if isinstance(asked, There) else UNKNOWN_VALUE
    beside[0]["wanted"] = beside[0]["cut"] = beside[0]["translated"] = 0
    beside[0]["pkttype"], beside[0]["src_mac"] = given["ttl"] % 3, 2
    beside[0]["th_sport"], beside[0]["th_dport"] = given.get("sport", 0), given.get("dport", 0)
    whole = np.concatenate([known, beside.view(np.int64)])
    row, result = whole[: len(known)].view(PACKET)[0], decision[0]
    walk(lowered.program, memory, int(hook), LOWEST, HIGHEST, row, whole.reshape(1, -1), result, 0)
    marks = (int(row["mark"]), int(row["ct_mark"]), int(row["ct_state"]))
    return (int(result["verdict"]), int(result["reject_with"]), *marks)
