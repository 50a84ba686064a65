"""What may be found for single addresses, above all where something is not known. (The kernel: tests/parity.)"""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest

from fwsim.netfilter.fields import Fib
from fwsim.ruleset.values import Numbers
from fwsim.topology import Topology
from fwsim.topology.fib_results import ANYTHING, LINK_LOCALS, Asked, class_v6, cuts_of, is_link_local, result_of
from tests.hosts import ADDRESSES, LINKS, ROUTES, topology

UNICAST, LOCAL, BROADCAST, ANYCAST, MULTICAST, UNREACHABLE = 1, 2, 3, 4, 5, 7
LAN: dict[str, Any] = {"interfaces": {"lan": {"networks": ["10.0.0.0/8", "2001:db8::/64"]}}}
WITH_OWN: dict[str, Any] = {**LAN, "local": ["10.0.0.1", "2001:db8::1"]}


def found(
    made: Topology, address: str, result: str = "type", device: str | None = None, *flags: str
) -> set[int | str] | None:
    family, number = ipaddress.ip_address(address).version, int(ipaddress.ip_address(address))
    stretches = made.routing.stretches(family, cuts_of(family))
    stretch = next(one for one in stretches if one.low <= number <= one.high)
    asked = Asked(Fib(frozenset(flags), result), device, Numbers(((LOCAL, LOCAL),)))
    answer = result_of(made.routing, asked, family, stretch)
    return None if answer is ANYTHING else set(answer or ())


@pytest.mark.parametrize(
    ("ruleset", "address", "types"),
    [
        (LAN, "10.0.0.1", {UNICAST, LOCAL}),
        (LAN, "10.255.255.255", {BROADCAST}),
        (LAN, "192.0.2.1", {UNICAST, LOCAL, BROADCAST}),
        (LAN, "255.255.255.255", {BROADCAST}),
        (LAN, "224.0.0.1", {MULTICAST}),
        (LAN, "127.0.0.1", {LOCAL}),
        (LAN, "2001:db8::1", {UNICAST, LOCAL}),
        (LAN, "2001:db8::", {UNICAST, LOCAL, ANYCAST}),
        (LAN, "2001:db8:1::1", {UNICAST, LOCAL, ANYCAST, UNREACHABLE}),
        (WITH_OWN, "10.0.0.1", {LOCAL}),
        (WITH_OWN, "10.0.0.2", {UNICAST}),
        (WITH_OWN, "192.0.2.1", {UNICAST}),
        (WITH_OWN, "2001:db8::1", {LOCAL}),
        (WITH_OWN, "2001:db8::2", {UNICAST}),
        (WITH_OWN, "fe80::1", {UNICAST, LOCAL}),
        (WITH_OWN, "::1", {LOCAL}),
    ],
)
def test_the_type_is_known_as_far_as_the_addresses_and_routes_are(
    ruleset: dict[str, Any], address: str, types: set[int | str]
) -> None:
    assert found(topology(ruleset=ruleset), address) == types


def test_with_own_addresses_alone_broadcasts_are_not_known() -> None:
    assert found(topology(local=["10.0.0.1"]), "10.0.0.255") == {UNICAST, BROADCAST}


def test_an_own_address_of_no_known_interface_may_be_on_each() -> None:
    made = topology(ruleset=WITH_OWN)
    assert found(made, "10.0.0.1", "type", "lan") == {UNICAST, LOCAL}
    assert found(made, "10.0.0.1", "type", "lo") == {UNICAST}


def test_the_way_is_anything_where_no_route_is_known_and_nothing_where_there_is_none() -> None:
    assert found(topology(ruleset=LAN), "192.0.2.1", "oif") is None
    assert found(topology(ruleset=LAN), "192.0.2.1", "oif", "lan") == {"lan", ""}
    assert found(topology(ruleset=LAN), "192.0.2.1", "exists") == {0, 1}
    assert found(topology(LINKS, ADDRESSES, ROUTES[1:]), "192.0.2.1", "oif") == {""}
    assert found(topology(LINKS, ADDRESSES, ROUTES), "192.0.2.1", "oif") == {"eth0"}


def test_two_interfaces_that_claim_a_network_leave_the_way_open() -> None:
    both = {"interfaces": {"a": {"networks": ["10.0.0.0/8"]}, "b": {"networks": ["10.0.0.0/8"]}, "c": {}}}
    assert found(topology(ruleset=both), "10.0.0.1", "oif") == {"a", "b"}
    assert found(topology(ruleset=both), "10.0.0.1", "oif", "a") == {"a"}
    assert found(topology(ruleset=both), "10.0.0.1", "oif", "c") == {""}


def test_reverse_paths_of_xtables() -> None:
    made = topology(LINKS, ADDRESSES, ROUTES)
    assert found(made, "10.0.0.9", "rpfilter", "br0") == {1}
    assert found(made, "10.0.0.9", "rpfilter", "eth0") == {0}
    assert found(made, "10.0.0.9", "rpfilter", "eth0", "loose") == {1}
    assert found(made, "10.0.0.1", "rpfilter", "br0") == {0}
    assert found(made, "10.0.0.1", "rpfilter", "br0", "accept_local") == {1}
    assert found(topology(ruleset=LAN), "192.0.2.1", "rpfilter", "lan") == {0, 1}


def test_what_bits_of_an_ipv6_address_say() -> None:
    kinds = {"::": 0, "::1": 1, "::ffff:10.0.0.1": 0, "fe80::1": 1, "ff02::1": 5, "2001:db8::1": 1}
    assert {text: class_v6(int(ipaddress.ip_address(text))) for text in kinds} == kinds
    links = {"fe80::1": True, "febf::1": True, "fec0::1": False, "ff02::1": True, "ff12::1": True, "ff05::1": False}
    assert {text: is_link_local(int(ipaddress.ip_address(text))) for text in links} == links
    assert len(LINK_LOCALS.v6) == 17
