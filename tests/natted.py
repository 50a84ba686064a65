"""A home gateway with rules of nft, asked packet by packet: it masquerades who is inside, and forwards ports."""

from __future__ import annotations

import io
from collections.abc import Sequence

from fwsim.naming import address_text
from fwsim.ruleset import load_ruleset
from fwsim.simulator import Mode, Simulator
from fwsim.tables import plain
from fwsim.terms import UNKNOWN_VALUE
from tests.deciding import START_NS, Wall

HOST, SERVER, SELF = "10.1.0.11", "10.1.0.12", "10.1.0.1"
PEER, PUBLIC = "203.0.113.80", "203.0.113.1"
INTERFACES = {"lan": ["10.1.0.0/16", "fd00:1::/64"], "wan": ["any"]}
OWN = [SELF, PUBLIC, "fd00:1::1", "2001:db8:2::1"]

RULES = """table inet nat {
  chain pre {
    type nat hook prerouting priority dstnat
    iifname "wan" ip daddr 203.0.113.1 tcp dport 8080 dnat ip to 10.1.0.12:80
    iifname "lan" udp dport 53 redirect to :5353
    iifname "wan" ip daddr 203.0.113.1 tcp dport 99 dnat ip to 10.1.0.12
  }
  chain post {
    type nat hook postrouting priority srcnat
    oifname "wan" udp dport 123 masquerade random
    oifname "wan" masquerade
  }
}
table inet filter {
  chain forward {
    type filter hook forward priority 0; policy drop
    ct state established,related accept
    tcp dport 99 drop
    ct status dnat accept
    iifname "lan" oifname "wan" accept
  }
}
"""


class Gateway(Wall):
    """A firewall with rules of nft."""

    def __init__(self, rules: str = RULES, mode: Mode = "stateful", own: Sequence[str] = OWN) -> None:
        """`rules` as nft reads them; its `own` addresses."""
        ruleset = load_ruleset(io.StringIO(rules), interfaces=INTERFACES, local=own)
        self.simulator = Simulator(ruleset, mode=mode, interfaces=INTERFACES, local=own, key=1)
        self.mode: Mode = mode
        self.now_ns, self.number = START_NS, 0

    @property
    def left(self) -> str | None:
        """How the last packet looked when it left: `src.port > dst.port`, an ICMP id behind; None as it came."""
        row = plain(self.batch.departures[self.mode][0])
        return told(row) if row["left"] else None


def told(row: dict[str, int]) -> str:
    """A row of DEPARTURE in words."""
    ends = []
    for end, port in (("src", "sport"), ("dst", "dport")):
        words = [row[f"{end}{word}"] for word in range(4)]
        address = "?" if words[0] == UNKNOWN_VALUE else address_text(words)
        ends.append(address + _number(".", row[port]))
    return " > ".join(ends) + _number(" id ", row["icmp_id"])


def _number(before: str, number: int) -> str:
    """A number, if there is one."""
    return f"{before}{'?' if number == UNKNOWN_VALUE else number}" if number != -1 else ""
