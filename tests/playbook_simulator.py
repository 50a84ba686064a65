"""The simulator as a firewall for playbooks.

Read first: `playbook_stage.Firewall`. A frame goes the whole way: decoded, located, tracked, judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from ipaddress import ip_address
from typing import Any

from scapy.layers.l2 import Ether

from fwsim.capture import from_scapy
from fwsim.ruleset import Ruleset
from fwsim.simulator import Batch, Mode, Simulator
from fwsim.tables import V6, plain
from fwsim.tracker import connections_listing
from tests.playbook_stage import BEHIND, Key

STAGE_INTERFACES: dict[str, Any] = {
    "lan": {"networks": [n for n in BEHIND["lan"] if not n.startswith("fe80")], "addresses": ["10.1.0.1", "fd00:1::1"]},
    "dmz": {"networks": list(BEHIND["dmz"]), "addresses": ["192.0.2.1"]},
    "wan": {"networks": ["any"], "addresses": ["203.0.113.1", "2001:db8::1"]},
}

KNOWN = {"name": "known", "ct_state": ["established", "related"], "verdict": "accept"}
BROKEN = {"name": "broken", "ct_state": "invalid", "verdict": "drop"}
UNTRACKED = {"name": "untracked", "ct_state": "untracked", "verdict": "accept"}
NEW = {"name": "new", "ct_state": "new", "verdict": "accept"}

POLICIES: dict[str, list[dict[str, Any]]] = {
    "open": [KNOWN, BROKEN, UNTRACKED, NEW],
    "edge": [KNOWN, BROKEN, UNTRACKED, {**NEW, "iif": "lan"}],
}
"""Rules on stage. `open`: anybody may open a connection; `edge`: only who comes from lan."""


def stage_rules(rules: list[Any] | dict[str, Any], *, local: list[str], **conntrack: object) -> Ruleset:
    """A ruleset for the stage: these rules wherever a packet is filtered, else drop; or these chains."""
    settings: dict[str, Any] = {"interfaces": STAGE_INTERFACES, "conntrack": conntrack}
    settings |= {"chains": rules} if isinstance(rules, dict) else {"policy": "drop", "rules": rules}
    return Ruleset.model_validate({**settings, **({"local": local} if local else {})})


@dataclass
class Judged:
    """A decision as playbooks look at it."""

    verdict: int
    reason: int
    ct_state: int
    ct_direction: int
    tcp_state_before: int
    tcp_state: int
    evidence: int
    rule: str


@dataclass
class Entry:
    """A connection as playbooks look at it."""

    state: int
    status: int
    timeout: float


class SimulatedFirewall:
    """A simulator that is told frames and asked for connections."""

    def __init__(self, ruleset: Ruleset, mode: Mode = "stateful") -> None:
        """An empty connection table; its hash key is fixed, since nothing depends on it."""
        self.simulator = Simulator(ruleset, mode=mode, key=4711)
        self.mode: Mode = mode

    def decide(self, frame: bytes, at_ns: int, interface: str) -> Judged:
        """Judge one frame."""
        batch = self.batch_of(frame, at_ns, interface)
        values = plain(batch.decisions(self.mode)[0])
        decision = self.simulator.decision_of(batch, 0, self.mode)
        return Judged(
            verdict=values["verdict"],
            reason=values["reason"],
            ct_state=max(values["ct_state"], 0),
            ct_direction=values["ct_direction"],
            tcp_state_before=values["tcp_state_before"],
            tcp_state=values["tcp_state"],
            evidence=int(batch.frames[0]["evidence"]),
            rule=decision.rule or "",
        )

    def batch_of(self, frame: bytes, at_ns: int, interface: str) -> Batch:
        """One frame as a batch of its own."""
        packet = Ether(frame)
        packet.time = Decimal(at_ns) / 1_000_000_000
        captures = from_scapy([packet], interface=interface)
        (chunk,) = captures
        self.simulator.topology.locate(captures, chunk)
        return self.simulator.run(chunk)

    def connection(self, key: Key, at_ns: int) -> Entry | None:
        """The live connection with this original tuple."""
        self.simulator.stateful.settle()
        wanted = tuple_fields(key)
        for listed in connections_listing(self.simulator.stateful.tracker):
            original = listed["original"]
            if all(original[name] == value for name, value in wanted.items()) and listed["expires"] > at_ns:
                return Entry(listed["state"], listed["status"], (listed["expires"] - at_ns) / 1e9)
        return None


def tuple_fields(key: Key) -> dict[str, int]:
    """An original tuple as fields of TUPLE."""
    proto, src, src_id, dst, dst_id = key
    fields = {"proto": proto, "src_id": src_id, "dst_id": dst_id}
    for end, address in (("src", src), ("dst", dst)):
        fields |= {f"{end}{n}": word for n, word in enumerate(address_words(address))}
    return fields


def address_words(address: str) -> list[int]:
    """An address as four fields (`fwsim.tables`)."""
    number = ip_address(address)
    if number.version == 4:
        return [int(number), 0, 0, 0]
    words = [int(number) >> shift & 0xFFFFFFFF for shift in (96, 64, 32, 0)]
    return [words[0] + V6, *words[1:]]
