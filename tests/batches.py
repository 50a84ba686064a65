"""Batches of frames and decisions made by hand, for tests of what reads them (selection, reports, commands)."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from fwsim.naming import Naming, RuleNames
from fwsim.tables import DECISION, FRAME, PACKET, V6, empty
from fwsim.terms import ABSENT, CtState, Direction, Hook, Proto, Reason, Verdict

Decisions = Sequence[Mapping[str, int]]


@dataclass
class FakeBatch:
    """What the reports read of a batch."""

    frames: npt.NDArray[np.void]
    packets: npt.NDArray[np.void]
    stateless: npt.NDArray[np.void]
    stateful: npt.NDArray[np.void]
    buffer: npt.NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, dtype=np.uint8))
    comments: dict[int, list[str]] = field(default_factory=dict)
    departures: dict[str, npt.NDArray[np.void]] = field(default_factory=dict)

    def __len__(self) -> int:
        """How many frames."""
        return len(self.frames)


@dataclass
class FakeRule:
    """What the reports read of a rule."""

    name: str | None
    position: int
    line: int | None
    chain: int = 0
    path: str = ""
    text: str = ""
    not_simulated: tuple[str, ...] = ()


@dataclass
class FakeChain:
    """What the reports read of a chain."""

    name: str
    line: int | None


RULES = [FakeRule("replies", 1, 13), FakeRule("broken", 2, 14), FakeRule(None, 3, 15), FakeRule("public web", 4, 16)]
CHAINS = [FakeChain("forward", 8)]
STATELESS = {"ct_state": 0, "ct_direction": int(Direction.NONE), "tcp_state_before": -1, "tcp_state": -1}
PACKET_FIELDS = frozenset(PACKET.names or ())
BASE_TS = 1_772_438_403_000_000_000


def naming(rules: list[FakeRule] | None = None, files: list[str] | None = None) -> Naming:
    """The names of a run on `office.pcapng` with interfaces lan and wan."""
    names = RuleNames(RULES if rules is None else rules, CHAINS)
    return Naming(files or ["office.pcapng"], ["lan", "wan"], {"stateless": names, "stateful": names})


def put_address(row: Any, name: str, text: str) -> None:
    """Write an address into the four fields of a row."""
    address = ipaddress.ip_address(text)
    value = int(address)
    words = [value, 0, 0, 0]
    if address.version == 6:
        words = [(value >> 96) + V6, value >> 64 & 0xFFFFFFFF, value >> 32 & 0xFFFFFFFF, value & 0xFFFFFFFF]
    for digit, number in enumerate(words):
        row[f"{name}{digit}"] = number


def decide(row: Any, **given: int) -> None:
    """A decision, accepted as new by the third rule unless told otherwise."""
    usual = {
        "verdict": Verdict.ACCEPT,
        "reason": Reason.RULE,
        "hook": Hook.FORWARD,
        "chain": 0,
        "rule": 2,
        "tried": 3,
        "ct_state": CtState.NEW,
        "ct_direction": Direction.ORIGINAL,
        "tcp_state_before": 0,
        "tcp_state": 1,
    }
    for name, value in {**usual, **given}.items():
        row[name] = int(value)


def batch(
    *packets: dict[str, Any],
    stateless: Decisions = (),
    stateful: Decisions = (),
) -> FakeBatch:
    """A batch of packets, each told by what differs from a SYN of 10.1.4.23 to 203.0.113.80:443."""
    count = len(packets)
    made = FakeBatch(empty(FRAME, count), empty(PACKET, count), empty(DECISION, count), empty(DECISION, count))
    for place, given in enumerate(packets):
        frame, packet = made.frames[place], made.packets[place]
        usual = {
            "family": 4,
            "proto": int(Proto.TCP),
            "length": 60,
            "ttl": 64,
            "sport": 51822,
            "dport": 443,
            "flags": 2,
            "seq": 1000,
            "ack": 0,
            "win": 64240,
            "icmp_type": ABSENT,
            "icmp_code": ABSENT,
            "vlan": ABSENT,
            "iif": 0,
            "oif": 1,
            "hook": int(Hook.FORWARD),
        }
        headers = {**usual, **{name: value for name, value in given.items() if name in PACKET_FIELDS}}
        for name, value in headers.items():
            packet[name] = value
        put_address(packet, "src", given.get("src", "10.1.4.23"))
        put_address(packet, "dst", given.get("dst", "203.0.113.80"))
        frame["number"], frame["ts"], frame["length"] = place + 1, BASE_TS + place, 74
        frame["connection"] = 1
        for name in ("number", "file", "ts", "evidence", "connection", "reason", "further"):
            if name in given:
                frame[name] = int(given[name])
        if "frame_length" in given:
            frame["length"] = given["frame_length"]
        decide(made.stateless[place], **STATELESS)
        decide(made.stateful[place])
    for place, decision in enumerate(stateless):
        decide(made.stateless[place], **{**STATELESS, **decision})
    for place, decision in enumerate(stateful):
        decide(made.stateful[place], **decision)
    return made
