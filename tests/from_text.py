"""Rulesets as text of nft or iptables, and datagrams to throw at them, on the way out over the loopback interface."""

from __future__ import annotations

import io

from scapy.layers.inet import IP, UDP

from fwsim.ruleset import load_ruleset
from fwsim.simulator import Decision, Mode, Simulator

START = 1_700_000_000
"""When the first datagram is sent, in seconds."""
OWN = tuple(f"127.0.0.{host}" for host in range(1, 9))


def nft(rules: str, sets: str = "", policy: str = "drop") -> str:
    """A table with these sets, and a chain on the way out with a rule in each line."""
    chain = f"chain o {{\ntype filter hook output priority 0; policy {policy};\n{rules}\n}}"
    return f"table ip t {{\n{sets}\n{chain}\n}}\n"


def iptables(rules: str, policy: str = "DROP") -> str:
    """The same as iptables-save prints it; the rules are those of OUTPUT."""
    lines = "".join(f"-A OUTPUT {line}\n" for line in rules.strip().splitlines())
    return f"*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT {policy} [0:0]\n{lines}COMMIT\n"


class FromText:
    """A ruleset of text, simulated."""

    def __init__(self, text: str, mode: Mode = "stateful", key: int = 1) -> None:
        ruleset = load_ruleset(io.StringIO(text))
        self.simulator = Simulator(ruleset, mode=mode, interfaces={"lo": ["127.0.0.0/8"]}, local=OWN, key=key)

    def accepts(
        self, at: float = 0, *, host: int = 1, sport: int = 3000, dport: int = 2000, length: int = 100
    ) -> bool | None:
        """Whether a datagram of so many bytes from 127.0.0.`host` at a time is accepted; None if that is unknown."""
        decision = self.decide(at, host=host, sport=sport, dport=dport, length=length)
        return {"ACCEPT": True, "DROP": False, "UNKNOWN": None}[decision.verdict.name]

    def decide(
        self, at: float = 0, *, host: int = 1, sport: int = 3000, dport: int = 2000, length: int = 100
    ) -> Decision:
        """The decision about such a datagram."""
        packet = IP(src=f"127.0.0.{host}", dst="127.0.0.1") / UDP(sport=sport, dport=dport) / bytes(length - 28)
        return self.simulator.decide(packet, at=START + at)
