"""Longest prefix match, against `ipaddress`."""

from __future__ import annotations

import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from fwsim.engine import places as p
from fwsim.engine.places import Places
from fwsim.engine.routes import is_behind, is_bound_to_link, is_claimed, route_of_destination, route_of_source
from fwsim.tables import plain
from fwsim.terms import UNKNOWN_VALUE
from fwsim.topology import Topology
from fwsim.topology.address_plan import ANY, IPAddress, IPNetwork
from fwsim.topology.declared import Behind
from tests.placed import networks, packet

INTERFACES = 4


def v4_networks() -> st.SearchStrategy[IPNetwork]:
    # Few different leading bits, so that networks nest and meet.
    number = st.builds(lambda high, low: high << 24 | low, st.sampled_from([10, 11, 198]), st.integers(0, 2**24 - 1))
    return st.builds(lambda n, prefix: ipaddress.ip_network((n, prefix), strict=False), number, st.integers(1, 32))


def v6_networks() -> st.SearchStrategy[IPNetwork]:
    number = st.builds(
        lambda high, at, low: high << 112 | low << at,
        st.sampled_from([0x2001, 0x2002, 0xFD00]), st.sampled_from([0, 32, 64, 80]), st.integers(0, 2**32 - 1),
    )  # fmt: skip
    return st.builds(lambda n, prefix: ipaddress.ip_network((n, prefix), strict=False), number, st.integers(1, 128))


any_network = st.one_of(v4_networks(), v6_networks(), st.sampled_from(ANY))
layouts = st.lists(st.lists(any_network, max_size=6), min_size=1, max_size=INTERFACES)


def owners_by_ipaddress(layout: list[list[IPNetwork]], address: IPAddress) -> set[int]:
    """The interfaces with the longest prefix that holds the address."""
    holding = [
        (network.prefixlen, number)
        for number, behind in enumerate(layout)
        for network in behind
        if network.version == address.version and address in network
    ]
    longest = max((prefix for prefix, _ in holding), default=-1)
    return {number for prefix, number in holding if prefix == longest}


def tables(layout: list[list[IPNetwork]], local: tuple[IPNetwork, ...] = ()) -> Places:
    return Topology({f"if{number}": Behind(tuple(behind)) for number, behind in enumerate(layout)}, local).places


def route(where: Places, address: IPAddress | str) -> dict[str, int]:
    asked = packet(str(address), str(address))
    row = route_of_source(where, asked)
    assert row == route_of_destination(where, asked)
    return plain(where.routes[row])


@given(layouts, st.data())
def test_longest_prefix_agrees_with_ipaddress(layout: list[list[IPNetwork]], data: st.DataObject) -> None:
    where = tables(layout)
    # Ends of networks and their neighbours are where mistakes would be.
    near = [address for behind in layout for network in behind for address in ends(network)]
    probes = data.draw(st.lists(st.sampled_from(near), max_size=8)) if near else []
    for address in [*probes, data.draw(st.ip_addresses())]:
        found = route(where, address)
        expected = owners_by_ipaddress(layout, address)
        if found["classes"] & p.UNROUTED and not found["classes"] & p.DECLARED:
            expected = set()
        behind = {number for number in range(len(layout)) if is_behind(where, found, number)}
        assert behind == expected
        assert is_claimed(found) == bool(expected)
        assert found["interface"] == (next(iter(expected)) if len(expected) == 1 else UNKNOWN_VALUE)


def ends(network: IPNetwork) -> list[IPAddress]:
    """The first and last address of a network, and the ones beside it."""
    kind = type(network.network_address)
    low, high = int(network.network_address), int(network.broadcast_address)
    return [kind(n) for n in (low - 1, low, high, high + 1) if 0 <= n < 1 << network.max_prefixlen]


def test_network_declared_for_link_local_addresses_holds_them() -> None:
    where = tables([[], list(networks("fe80::/64", "169.254.0.0/16"))])
    found = route(where, "fe80::1")
    assert found["interface"] == 1
    assert not is_bound_to_link(found)
