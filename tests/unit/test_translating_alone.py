"""Translation without a memory: what rules see behind it."""

from __future__ import annotations

from scapy.layers.inet import IP, TCP

from fwsim.terms import Verdict
from tests.gateway import FORWARD, IN, OUTSIDE, PUBLIC, Gateway


def stateless(gateway: Gateway, port: int) -> Verdict:
    """The verdict on a packet to a port of the public address."""
    packet = IP(src=OUTSIDE, dst=PUBLIC) / TCP(sport=5000, dport=port, flags="S")
    return Verdict(int(gateway.batch("wan", IN, packet).stateless[0]["verdict"]))


def test_rules_see_that_a_packet_is_translated() -> None:
    gateway = Gateway(FORWARD)
    assert stateless(gateway, 80) == Verdict.ACCEPT  # ct status dnat
    assert stateless(gateway, 81) == Verdict.DROP
