"""What several listings say of a machine together."""

from __future__ import annotations

from fwsim.ruleset.host import Host, Link, Route, united
from tests.hosts import ADDRESSES, ETH0_MAC, LINKS, read


def test_nothing_is_known_of_nothing() -> None:
    assert not Host()
    assert not united([])
    assert Host(sysctls={"net.ipv4.ip_forward": "0"})
    assert read("local: [10.0.0.1]")


def test_links_of_two_listings_complete_each_other() -> None:
    host = read(ADDRESSES, LINKS)
    assert host.links["office"] == Link("office", int(ETH0_MAC.replace(":", ""), 16), False, "vlan", 30, "eth0")
    assert host.links["lo"].loopback
    assert {address.interface for address in host.addresses} == {"lo", "eth0", "br0", "tun0"}


def test_the_order_of_listings_does_not_matter_but_of_settings_the_last_counts() -> None:
    assert read(LINKS, ADDRESSES) == read(ADDRESSES, LINKS)
    both = united([Host(sysctls={"a": "1", "b": "1"}), Host(sysctls={"a": "2"})])
    assert both.sysctls == {"a": "2", "b": "1"}


def test_what_two_files_declare_of_an_interface_adds_up() -> None:
    host = read(
        "interfaces: {lan: {networks: [10.0.0.0/8], addresses: [10.0.0.1]}}",
        "interfaces: {lan: {networks: [fd00::/8, 10.0.0.0/8], own_macs: '02:00:00:00:00:01'}}\nlocal: [10.0.0.2]\n",
    )
    lan = host.interfaces["lan"]
    assert [network.source for network in lan.networks] == ["10.0.0.0/8", "fd00::/8"]
    assert lan.own_macs == (0x020000000001,)
    assert lan.addresses.v4 == ((0x0A000001, 0x0A000001),)
    assert host.local.v4 == ((0x0A000002, 0x0A000002),)


def test_a_route_listed_twice_is_one() -> None:
    listing = [{"dst": "10.0.0.0/8", "dev": "eth0"}]
    assert read(listing, listing).routes == {Route(4, 0x0A000000, 8, "unicast", ("eth0",))}
