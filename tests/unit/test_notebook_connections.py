"""The connection table in notebooks."""

from __future__ import annotations

from pathlib import Path

from scapy.layers.inet import IP, TCP

import fwsim
from fwsim.ruleset import Ruleset
from tests.shown_html import Read

ROOT = Path(__file__).parent.parent.parent
OFFICE = str(ROOT / "rulesets" / "office.yaml")


def test_a_connection_is_a_row() -> None:
    firewall = fwsim.Simulator(fwsim.load_ruleset(OFFICE), key=1)
    packet = IP(src="10.1.2.3", dst="203.0.113.9") / TCP(sport=4000, dport=443, flags="S")
    assert firewall.decide(packet, at=1, iif="lan").admitted
    connections = firewall.connections()
    (one,) = connections
    assert connections[0] is one
    assert (one["state"], one["original"]["dport"], one["timeout"]) == ("SYN_SENT", 443, 120)
    assert str(connections).startswith("tcp      6 120 SYN_SENT src=10.1.2.3 dst=203.0.113.9 sport=4000 dport=443")
    (_, row) = Read(connections._repr_html_()).rows
    assert row[1:7] == [
        "tcp", "SYN_SENT", "120", "10.1.2.3:4000 → 203.0.113.9:443", "203.0.113.9:443 → 10.1.2.3:4000", "unreplied",
    ]  # fmt: skip


def test_what_has_timed_out_is_not_there() -> None:
    firewall = fwsim.Simulator(fwsim.load_ruleset(OFFICE), key=1)
    packet = IP(src="10.1.2.3", dst="203.0.113.9") / TCP(sport=4000, dport=443, flags="S")
    firewall.decide(packet, at=1, iif="lan")
    firewall.decide(IP(src="203.0.113.9", dst="10.9.9.9") / TCP(flags="S"), at=200, iif="wan")
    assert len(firewall.connections()) == 0


def test_without_tracking_there_is_no_table() -> None:
    firewall = fwsim.Simulator(Ruleset.model_validate({"policy": "accept", "rules": []}))
    assert "no connection table" in Read(firewall.connections()._repr_html_()).text
