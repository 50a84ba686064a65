"""Routes as stretches of addresses."""

from __future__ import annotations

import ipaddress
from itertools import pairwise

from fwsim.topology.routing import Entry, Stretch, longest
from tests.hosts import ADDRESSES, LINKS, ROUTES, topology


def number(text: str) -> int:
    return int(ipaddress.ip_address(text))


def entry(network: str, kind: str = "unicast", *interfaces: str) -> Entry:
    return Entry(ipaddress.ip_network(network), kind, interfaces)


def at(stretches: list[Stretch], text: str) -> Stretch:
    return next(one for one in stretches if one.low <= number(text) <= one.high)


def test_the_longest_prefix_holds_an_address() -> None:
    wide, narrow, beside = entry("10.0.0.0/8"), entry("10.1.0.0/16"), entry("10.2.0.0/16")
    starts = [number(text) for text in ("9.0.0.0", "10.0.0.0", "10.1.0.0", "10.2.0.0", "10.3.0.0", "11.0.0.0")]
    assert longest([narrow, wide, beside], starts) == [None, wide, narrow, beside, wide, None]
    assert longest([], starts) == [None] * 6


def test_stretches_hold_all_addresses_once() -> None:
    routing = topology(LINKS, ADDRESSES, ROUTES).routing
    for family, bits in ((4, 32), (6, 128)):
        found = routing.stretches(family, (5, 9))
        assert found[0].low == 0
        assert found[-1].high == (1 << bits) - 1
        assert all(one.high + 1 == other.low for one, other in pairwise(found))
        assert {5, 9} <= {one.low for one in found}


def test_ipv4_has_one_tree_of_both_tables_and_ipv6_asks_the_local_one_first() -> None:
    routes = [
        {"type": "local", "dst": "10.40.0.0/16", "dev": "br0", "table": "local"},
        {"dst": "10.40.1.0/24", "dev": "eth0"},
        {"type": "local", "dst": "2001:db8:40::/48", "dev": "br0", "table": "local"},
        {"dst": "2001:db8:40:1::/64", "dev": "eth0"},
    ]
    routing = topology(LINKS, routes).routing
    inside = at(routing.stretches(4, ()), "10.40.1.1")
    assert (inside.local, inside.main and inside.main.interfaces) == (None, ("eth0",))
    assert at(routing.stretches(4, ()), "10.40.2.1").local is not None
    assert at(routing.stretches(6, ()), "2001:db8:40:1::1").local is not None


def test_towards_an_interface_only_its_own_routes_count() -> None:
    routing = topology(LINKS, ADDRESSES, ROUTES).routing
    assert at(routing.stretches(4, (), "tun0"), "10.9.0.1").main == at(routing.stretches(4, ()), "10.9.0.1").main
    assert at(routing.stretches(4, (), "br0"), "10.9.0.1").main is None


def test_what_is_known_of_a_machine_and_what_is_not() -> None:
    nothing = topology().routing
    assert not nothing.knows_networks
    assert not nothing.knows_local
    listed = topology(LINKS, ADDRESSES, ROUTES).routing
    assert listed.complete == {4}
    assert listed.knows_local == {4, 6}
    assert listed.knows_links
    assert not topology(local=["10.0.0.1", "2001:db8::1"]).routing.knows_links


def test_an_own_address_is_on_the_interface_that_has_it_if_that_is_known() -> None:
    declared = {"interfaces": {"lan": {"networks": ["10.0.0.0/8"], "addresses": ["10.0.0.1"]}}, "local": ["192.0.2.1"]}
    stretches = topology(ruleset=declared).routing.stretches(4, ())
    own, elsewhere = at(stretches, "10.0.0.1").local, at(stretches, "192.0.2.1").local
    assert own == Entry(ipaddress.ip_network("10.0.0.1/32"), "local", ("lan",))
    assert elsewhere is not None
    assert not elsewhere.ordered
