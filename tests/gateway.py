"""A gateway that translates, and packets as they were seen at its interfaces; for tests."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO
from typing import Any

from fwsim.capture import from_scapy
from fwsim.ruleset import load_ruleset
from fwsim.simulator import Batch, Simulator
from fwsim.terms import Reason, Verdict, word
from tests.placed import Captures, Interface

PUBLIC = "198.51.100.1"
INSIDE = "10.1.0.11"
OUTSIDE = "203.0.113.80"
INTERFACES = {"lan": ["10.1.0.0/24"], "dmz": ["10.2.0.0/24"], "wan": ["any"]}
LOCAL = ["10.1.0.1", "10.2.0.1", PUBLIC]
IN, OUT = 1, 2
RAW = 101

FILTER = """
table inet filter {
  chain input { type filter hook input priority 0; policy drop; ct state established accept; ct status dnat accept; }
  chain forward {
    type filter hook forward priority 0; policy drop;
    ct state established,related accept
    ct status dnat accept
    iifname "lan" accept
  }
}
"""


def nat(*lines: str, hook: str = "postrouting", priority: int = 100) -> str:
    """A table that translates at one hook."""
    rules = "\n".join(lines)
    return f"table ip {hook} {{\nchain c {{\ntype nat hook {hook} priority {priority};\n{rules}\n}}\n}}\n"


MASQUERADE = nat('oifname "wan" masquerade')
FORWARD = nat(f"ip daddr {PUBLIC} tcp dport 80 dnat to 10.2.0.2:8080", hook="prerouting", priority=-100)


class Gateway:
    """A gateway; `on` are the interfaces that are captured."""

    def __init__(self, *rules: str, on: tuple[str, ...] = ("lan", "wan"), local: Sequence[str] = LOCAL) -> None:
        """Load the rules, behind those that filter; `local` are the addresses of its own that it is told."""
        self.simulator = Simulator(
            load_ruleset(StringIO(FILTER + "".join(rules))), key=1, interfaces=INTERFACES, local=local
        )
        self.on = on
        self.number = 0

    def batch(self, on: str, way: int, packet: Any) -> Batch:
        """Decide about a packet that was seen at an interface."""
        self.number += 1
        (chunk,) = from_scapy([packet], interface=on, ts=self.number * 1_000_000)
        chunk.frames["sent_or_received"] = way
        chunk.frames["number"] = self.number
        chunk.frames["capture_interface"] = self.on.index(on)
        self.simulator.topology.locate(Captures([Interface(name, RAW) for name in self.on]), chunk)
        return self.simulator.run(chunk)

    def see(self, on: str, way: int, packet: Any) -> str:
        """The stateful verdict in words, and the reason of packets that no rule decides."""
        decision = self.batch(on, way, packet).stateful[0]
        said = word(Verdict(int(decision["verdict"])))
        if decision["verdict"] in (Verdict.UNKNOWN, Verdict.NOT_EVALUATED):
            said += " " + word(Reason(int(decision["reason"])))
        return said
