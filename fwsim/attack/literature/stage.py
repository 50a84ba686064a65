"""Where the literature is played: who is where, the firewalls between them, and segments sent one by one.

Read first: `Firewall` and `Play`. Between lan (192.0.2.0/24) and the world there is one firewall, told in rules of
ours; a packet that it refuses does not arrive, so that nobody answers it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fwsim.attack.wire import layers, tcp
from fwsim.engine.serial import wrap
from fwsim.ruleset import Ruleset
from fwsim.simulator import Decision, Mode, Simulator

LAN = "192.0.2.0/24"
CLIENT, WEB, STRANGER = "192.0.2.10", "192.0.2.2", "198.51.100.7"
"""Somebody inside, a server inside, and somebody outside (RFC 5737)."""
INTERFACES = {"lan": {"networks": [LAN]}, "wan": {"networks": ["any"]}}

Rule = Mapping[str, Any]
KNOWN: Rule = {"name": "replies", "ct_state": ["established", "related"], "verdict": "accept"}
BROKEN: Rule = {"name": "broken", "ct_state": "invalid", "verdict": "drop"}
OPEN: Rule = {"name": "outbound", "iif": "lan", "ct_state": "new", "verdict": "accept"}
PERMITTED = [443, 8443]
"""The ports of the server that strangers may call."""
CALLED: Rule = {"name": "web", "dst": WEB, "proto": "tcp", "dport": PERMITTED, "ct_state": "new", "verdict": "accept"}

FIRST = (4_000_000_000, 1_000_000_000)
"""The first sequence numbers of client and server."""

STRICT = {"tcp_loose": False}
NO_WINDOW = {"tcp_loose": False, "tcp_be_liberal": True, "tcp_ignore_invalid_rst": True}


@dataclass(frozen=True)
class Firewall:
    """A firewall: its name in a table, its rules (dropping what none of them takes), and settings of a ruleset."""

    name: str
    rules: Sequence[Rule]
    mode: Mode = "stateful"
    conntrack: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)

    def ruleset(self) -> Ruleset:
        """Its ruleset."""
        return Ruleset.model_validate(
            {
                "interfaces": INTERFACES,
                "conntrack": dict(self.conntrack),
                "chains": {
                    "forward": {"hook": "forward", "policy": "drop", "rules": [dict(one) for one in self.rules]}
                },
                **self.settings,
            }
        )

    def simulator(self) -> Simulator:
        """It, with empty tables."""
        return Simulator(self.ruleset(), mode=self.mode, key=0)


class Play:
    """A conversation through a firewall, by numbers that count from each end's first; packets come 10 ms apart."""

    def __init__(self, simulator: Simulator, client: tuple[str, int], server: tuple[str, int]) -> None:
        """Nothing has been sent."""
        self.simulator = simulator
        self.ends = (client, server)
        self.sent: list[bytes] = []
        self.at = 0.0

    def send(self, side: int, flags: str, seq: int, ack: int = 0, *, size: int = 0, win: int = 65535) -> Decision:
        """A segment of the client (0) or the server (1), and what the firewall makes of it."""
        (src, sport), (dst, dport) = self.ends[side], self.ends[1 - side]
        packet = tcp(
            src, dst, (sport, dport), flags, seq=wrap(FIRST[side] + seq),
            ack=wrap(FIRST[1 - side] + ack) if "A" in flags else 0, win=win, data=bytes(size),
        )  # fmt: skip
        self.sent.append(packet)
        self.at += 0.01
        return self.simulator.decide(layers().IP(packet), at=self.at)

    def capture(self) -> list[Any]:
        """What was sent so far, as scapy packets with their times."""
        return [layers().IP(packet) for packet in self.sent]
