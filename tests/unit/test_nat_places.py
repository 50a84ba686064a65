"""Who is where around a translating firewall, and who talks to whom."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from random import Random

from fwsim.fuzz.nat.places import HOSTS, INTERFACES, LOCAL, OWN, PUBLIC, WAN, behind, pair


def network_of(address: str) -> str:
    """The interface with the narrowest network."""
    found = {
        network.prefixlen: name
        for name, text in INTERFACES.items()
        for network in map(ip_network, (one for one in text.split(",") if one != "any"))
        if ip_address(address) in network
    }
    return found[max(found)] if found else WAN


def test_all_addresses_lie_behind_the_interface_that_they_are_said_to() -> None:
    for family in (4, 6):
        for name, hosts in HOSTS[family].items():
            assert {behind(host) for host in hosts} == {network_of(host) for host in hosts} == {name}
        for name, own in OWN[family].items():
            assert network_of(own) == name
        assert {behind(public) for public in PUBLIC[family]} == {WAN}
        assert not {*PUBLIC[family]} & {*LOCAL}


def test_conversations_are_begun_everywhere_and_addressed_to_hosts_public_addresses_and_the_firewall() -> None:
    chance = Random(1)
    pairs = [pair(chance) for _ in range(500)]
    assert {name for name, _ in pairs} == {*INTERFACES}
    assert all(behind(client) == name for name, (client, _) in pairs)
    targets = {target for _, (_, target) in pairs}
    assert {*LOCAL} <= targets
    assert {*PUBLIC[4], *PUBLIC[6], *HOSTS[4]["dmz"]} <= targets
