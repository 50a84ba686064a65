"""Ports and protocols by name."""

from __future__ import annotations

from fwsim.importing.services import PROTOCOLS, SERVICES


def test_services_and_protocols_have_their_numbers() -> None:
    assert (SERVICES["ssh"], SERVICES["domain"], SERVICES["https"], SERVICES["www"]) == (22, 53, 443, 80)
    assert (PROTOCOLS["tcp"], PROTOCOLS["ICMP"], PROTOCOLS["ipv6-icmp"], PROTOCOLS["gre"]) == (6, 1, 58, 47)


def test_ports_fit_into_sixteen_bits() -> None:
    assert all(0 < port < 65536 for port in SERVICES.values())
