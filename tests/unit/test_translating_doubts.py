"""Translations of connections that may not be there, or whose ports were drawn: nothing is taken for sure."""

from __future__ import annotations

from typing import Any

from scapy.layers.inet import IP, TCP, UDP

from tests.gateway import IN, OUTSIDE, PUBLIC, Gateway, nat

PERHAPS = """table inet early {
chain c { type filter hook prerouting priority -300; ip saddr 10.1.0.3 meta cpu 1 notrack; }
}
"""


def test_one_port_may_be_that_which_was_drawn_for_another() -> None:
    gateway = Gateway(
        nat(
            f"ip saddr 10.1.0.2 udp dport 53 snat to {PUBLIC}:4000-4001 random",
            f"ip saddr 10.1.0.3 udp dport 53 snat to {PUBLIC}:4000",
        )
    )
    query = UDP(sport=5000, dport=53)
    assert gateway.see("lan", IN, IP(src="10.1.0.2", dst=OUTSIDE) / query) == "accept"
    assert gateway.see("lan", IN, IP(src="10.1.0.3", dst=OUTSIDE) / query) == "unknown nat-clash"


def test_what_may_not_be_tracked_takes_nothing_from_another_for_sure() -> None:
    """A connection in TIME_WAIT gives way to a new one only if that is one."""
    gateway = Gateway(nat(f'oifname "wan" tcp dport 80 snat to {PUBLIC}:4000'), PERHAPS)

    def out(src: str, sport: int, flags: str, seq: int, ack: int = 0) -> str:
        return gateway.see("lan", IN, IP(src=src, dst=OUTSIDE) / segment(sport, 80, flags, seq, ack))

    def back(flags: str, seq: int, ack: int) -> str:
        return gateway.see("wan", IN, IP(src=OUTSIDE, dst=PUBLIC) / segment(80, 4000, flags, seq, ack))

    opened = [out("10.1.0.2", 5000, "S", 1000), back("SA", 1, 1001), out("10.1.0.2", 5000, "A", 1001, 2)]
    closed = [out("10.1.0.2", 5000, "FA", 1001, 2), back("FA", 2, 1002), out("10.1.0.2", 5000, "A", 1002, 3)]
    assert opened + closed == ["accept"] * 6
    assert out("10.1.0.3", 5001, "S", 900_000) != "drop"
    assert out("10.1.0.2", 5000, "A", 1002, 3) != "drop"


def segment(sport: int, dport: int, flags: str, seq: int, ack: int) -> Any:
    """A segment with a window."""
    return TCP(sport=sport, dport=dport, flags=flags, seq=seq, ack=ack, window=60000)
