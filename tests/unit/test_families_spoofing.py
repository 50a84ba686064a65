"""Spoofed and impossible sources: where they come from, and that they leave their words."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from fwsim.attack.families.spoofing import BOGONS, BOGONS_6
from fwsim.attack.segment import addresses
from tests.attacking import dissected, forge, inside, needs_tshark, outcomes


def test_a_source_inside_comes_from_outside() -> None:
    found = forge("spoof-inside", count=30)
    for one in found:
        source, target = (ip_address(address) for address in addresses(one.packet))
        assert any(source in network for network in inside())
        assert source != target
        assert one.seen.name == "wan"


@needs_tshark
def test_they_are_syns_datagrams_and_pings_in_turn() -> None:
    rows = dissected(forge("spoof-inside", count=6), "ip.proto", "tcp.flags", "icmp.type")
    assert rows == [("6", "0x0002", ""), ("17", "", ""), ("1", "", "8")] * 2


def test_a_bogon_is_none_of_the_addresses_inside_and_in_a_block_that_nobody_has() -> None:
    blocks = [ip_network(text) for text in (*BOGONS, *BOGONS_6)]
    for one in forge("bogon", count=40):
        source = ip_address(addresses(one.packet)[0])
        assert any(source in block for block in blocks)
        assert not any(source in network for network in inside())


def test_each_leaves_its_word() -> None:
    assert {"spoofed-source"} <= set(outcomes("spoof-inside", count=6)[0].evidence)
    assert all(one.evidence == ("bogon-source",) for one in outcomes("bogon", count=20))
