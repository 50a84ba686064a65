"""Raw IP packets for both firewalls: seen on named interfaces, decided by the kernel and, if asked, by the simulator.

Read first: `captures_by_hand`. The ruleset of the stage is the policy of a small router that also guards itself.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from fwsim.capture import Chunk, Input, open_captures
from fwsim.kernel import Answer, KernelFirewall, probe
from fwsim.ruleset import Ruleset
from fwsim.simulator import Simulator
from fwsim.tables import RULE_POLICY, each
from fwsim.terms import CtState, Direction, Hook, Verdict, word
from tests.captures_by_hand import Pcapng, ether, ip4, ip6, tcp, udp

IN, OUT = 1, 2
INTERFACES = ("lan", "wan")

STAGE: dict[str, Any] = {
    "interfaces": {
        "lan": {"networks": ["10.0.0.0/8", "fd00::/16"], "addresses": ["10.0.0.254", "fd00::fe", "fe80::fe"]},
        "wan": {"networks": ["any"], "addresses": ["203.0.113.1"]},
    },
    "conntrack": {"tcp_loose": False},
    "chains": {
        "early": {"hook": "prerouting", "priority": -300, "rules": [
            {"name": "exempt", "proto": "udp", "dport": 7777, "notrack": True},
            {"name": "early drop", "proto": "udp", "dport": 6666, "verdict": "drop"},
        ]},
        "forward": {"hook": "forward", "policy": "drop", "rules": [
            {"name": "known", "ct_state": ["established", "related"], "verdict": "accept"},
            {"name": "broken", "ct_state": "invalid", "verdict": "drop"},
            {"name": "untracked", "ct_state": "untracked", "verdict": "accept"},
            {"name": "ident", "proto": "tcp", "dport": 113, "verdict": "reject", "reject_with": "tcp-reset"},
            {"name": "open", "iif": "lan", "oif": "wan", "ct_state": "new", "verdict": "accept"},
        ]},
        "input": {"hook": "input", "policy": "drop", "rules": [
            {"name": "known here", "ct_state": ["established", "related"], "verdict": "accept"},
            {"name": "ssh", "iif": "lan", "proto": "tcp", "dport": 22, "verdict": "accept"},
            {"name": "refuse", "proto": "udp", "verdict": "reject"},
        ]},
        "output": {"hook": "output", "rules": [
            {"name": "no mail", "proto": "tcp", "dport": 25, "verdict": "drop"},
        ]},
    },
}  # fmt: skip


@functools.cache
def forbidden() -> str:
    """Why the kernel cannot be used here, or nothing."""
    return probe()


def needs_kernel() -> None:
    """Skip the test where the kernel does not let us, and say which call it forbade."""
    if forbidden():
        pytest.skip(forbidden())


class Seen(NamedTuple):
    """A packet from its IP header on, where it was seen, and whether it was coming IN or going OUT."""

    interface: str
    data: bytes
    way: int = IN


def capture_of(packets: Sequence[Seen], interfaces: Sequence[str] = INTERFACES) -> bytes:
    """The packets as a capture, a millisecond apart."""
    made = Pcapng().section()
    for name in interfaces:
        made.interface(1, 0, (2, name.encode()))
    for number, (interface, data, way) in enumerate(packets):
        frame = ether(data, 0x0800 if data[0] >> 4 == 4 else 0x86DD)
        made.packet(frame, number * 1000, (2, way.to_bytes(4, "little")), interface=interfaces.index(interface))
    return made.content


class Said(NamedTuple):
    """What the kernel said of one packet, in words."""

    verdict: str
    rule: str | None
    state: str
    direction: str


@dataclass
class Stage:
    """A kernel with a ruleset, and packets for it."""

    ruleset: Ruleset
    firewall: KernelFirewall
    answers: list[Answer] = field(default_factory=list)

    def play(self, *packets: Seen, connections: bool = False) -> list[Said]:
        """What the kernel says of each packet, in words."""
        chunk = self.chunk(packets)
        self.answers.append(self.firewall.answer(chunk, connections=connections))
        return [self.said(decision) for decision in each(self.answers[-1].decisions)]

    @property
    def hooks(self) -> list[str | None]:
        """Where it was decided about each of the last packets."""
        numbers = self.answers[-1].decisions["hook"].tolist()
        return [word(Hook(number)) if number >= 0 else None for number in numbers]

    def rules(self, chunk: Chunk) -> list[str | None]:
        """Who decides about each packet of a chunk."""
        return [self.said(decision).rule for decision in each(self.firewall.run(chunk))]

    def chunk(self, packets: Sequence[Seen]) -> Chunk:
        """The packets, decoded and located."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "capture")
            path.write_bytes(capture_of(packets))
            captures = open_captures([Input(str(path))], chunk_rows=100_000)
            (chunk,) = captures
        self.firewall.topology.locate(captures, chunk)
        return chunk

    def said(self, decision: dict[str, int]) -> Said:
        """A decision in words."""
        rule = None
        if decision["rule"] == RULE_POLICY:
            rule = "policy of " + self.firewall.lowered.chains[decision["chain"]].name
        elif decision["rule"] >= 0:
            rule = self.firewall.lowered.rules[decision["rule"]].label
        return Said(
            word(Verdict(decision["verdict"])),
            rule,
            word(CtState(decision["ct_state"])),
            word(Direction(decision["ct_direction"])),
        )

    def assert_like_simulator(self, *packets: Seen) -> None:
        """Both firewalls say the same of every packet: verdict, rule, ct state, direction."""
        simulator = Simulator(self.ruleset, key=4711)
        chunk = self.chunk(packets)
        ours = simulator.run(chunk).stateful
        theirs = self.firewall.run(chunk)
        for name in ("verdict", "ct_state", "ct_direction", "hook", "chain", "rule"):
            assert ours[name].tolist() == theirs[name].tolist(), name


HOST = {4: bytes([10, 0, 0, 1]), 6: bytes.fromhex("fd00" + "00" * 13 + "01")}
PEER = {4: bytes([192, 0, 2, 2]), 6: bytes.fromhex("20010db8" + "00" * 11 + "02")}
SELF = {4: bytes([10, 0, 0, 254]), 6: bytes.fromhex("fd00" + "00" * 13 + "fe")}


def ip(payload: bytes, src: bytes, dst: bytes, proto: int, **fields: Any) -> bytes:
    """An IP packet of the family of its addresses."""
    return (ip4 if len(src) == 4 else ip6)(payload, proto, src=src, dst=dst, **fields)


def tcp_packet(src: bytes, dst: bytes, sport: int, dport: int, flags: int, *, ttl: int = 64, **fields: Any) -> bytes:
    """A TCP packet."""
    return ip(tcp(flags, sport=sport, dport=dport, src=src, dst=dst, **fields), src, dst, 6, ttl=ttl)


def udp_packet(src: bytes, dst: bytes, sport: int, dport: int, **fields: Any) -> bytes:
    """A UDP packet."""
    return ip(udp(sport=sport, dport=dport, src=src, dst=dst), src, dst, 17, **fields)
