"""Networks, local addresses and special-purpose blocks as one ordered list of intervals."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwsim.engine import places as p
from fwsim.engine.places import UNCLAIMED
from fwsim.tables import plain
from fwsim.topology.address_plan import ANY, IPAddress, IPNetwork, common_number, plan, words_of
from tests.placed import networks


def found_in(behind: Sequence[IPNetwork], address: IPAddress | str, local: Sequence[IPNetwork] = ()) -> dict[str, int]:
    """The route of an address when these networks lie behind the only interface."""
    made = plan({0: behind}, local, 1)
    wanted = words_of(common_number(ipaddress.ip_address(address)))
    starts = [tuple(words) for words in made.boundaries.reshape(-1, 4).tolist()]
    return plain(made.routes[sum(start <= wanted for start in starts) - 1])


def classes_of(address: IPAddress | str) -> int:
    """The classes of an address when nothing is declared."""
    return found_in([], address)["classes"]


@given(st.ip_addresses())
def test_classes_agree_with_ipaddress(address: IPAddress) -> None:
    classes = classes_of(address)
    assert bool(classes & p.MULTICAST) == address.is_multicast
    assert bool(classes & p.LOOPBACK) == address.is_loopback
    assert bool(classes & p.LINK_LOCAL) == address.is_link_local
    assert bool(classes & p.UNSPECIFIED) == address.is_unspecified


@pytest.mark.parametrize(
    ("address", "classes"),
    [
        ("0.0.0.0", p.NEVER | p.UNROUTED | p.UNSPECIFIED),
        ("0.0.0.1", p.NEVER),
        ("10.0.0.0", p.PRIVATE), ("10.255.255.255", p.PRIVATE), ("11.0.0.0", 0), ("9.255.255.255", 0),
        ("100.63.255.255", 0), ("100.64.0.0", p.PRIVATE), ("100.127.255.255", p.PRIVATE), ("100.128.0.0", 0),
        ("127.255.255.255", p.NEVER | p.UNROUTED | p.LOOPBACK), ("128.0.0.0", 0),
        ("169.254.0.1", p.NEVER | p.LINK_LOCAL),
        ("172.15.255.255", 0), ("172.16.0.0", p.PRIVATE), ("172.31.255.255", p.PRIVATE), ("172.32.0.0", 0),
        ("192.168.0.0", p.PRIVATE), ("192.169.0.0", 0),
        ("192.0.2.1", 0), ("198.51.100.1", 0), ("203.0.113.1", 0), ("2001:db8::1", 0),
        ("223.255.255.255", 0), ("224.0.0.255", p.NEVER | p.UNROUTED | p.MULTICAST | p.LINK_MULTICAST),
        ("224.0.1.0", p.NEVER | p.UNROUTED | p.MULTICAST), ("239.255.255.255", p.NEVER | p.UNROUTED | p.MULTICAST),
        ("240.0.0.0", p.NEVER), ("255.255.255.254", p.NEVER),
        ("255.255.255.255", p.NEVER | p.UNROUTED | p.BROADCAST | p.LIMITED),
        ("::", p.NEVER | p.UNROUTED | p.UNSPECIFIED), ("::1", p.NEVER | p.UNROUTED | p.LOOPBACK), ("::2", p.NEVER),
        ("::ffff:10.0.0.1", p.NEVER), ("::1:0:0:1", 0), ("fbff::", 0), ("fc00::", p.PRIVATE), ("fdff::1", p.PRIVATE),
        ("fe80::1", p.UNROUTED | p.LINK_LOCAL), ("fec0::1", p.PRIVATE),
        ("ff00::1", p.NEVER | p.UNROUTED | p.MULTICAST | p.NODE_MULTICAST),
        ("ff11::1", p.NEVER | p.UNROUTED | p.MULTICAST | p.NODE_MULTICAST),
        ("ff32::1", p.NEVER | p.UNROUTED | p.MULTICAST | p.LINK_MULTICAST),
        ("ff05::2", p.NEVER | p.UNROUTED | p.MULTICAST), ("ff0e::1", p.NEVER | p.UNROUTED | p.MULTICAST),
    ],
)  # fmt: skip
def test_special_purpose_blocks_have_exact_ends(address: str, classes: int) -> None:
    assert classes_of(address) == classes


def test_any_does_not_hold_what_is_never_routed() -> None:
    for address in ("0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "ff02::1"):
        assert found_in([*ANY], address)["interface"] == UNCLAIMED
    for address in ("0.1.2.3", "240.0.0.1", "169.254.1.1", "10.0.0.1", "8.8.8.8", "2001:db8::1", "fd00::1"):
        assert found_in([*ANY], address)["interface"] == 0


def test_last_address_of_a_declared_network_is_broadcast_unless_it_is_point_to_point() -> None:
    behind = networks("10.1.0.0/16", "192.0.2.0/30", "192.0.2.8/31", "192.0.2.12/32", "fd00::/64")
    for address in ("10.1.255.255", "192.0.2.3"):
        assert found_in(behind, address)["classes"] & p.BROADCAST
    for address in ("10.1.255.254", "192.0.2.9", "192.0.2.12", "fd00::ffff:ffff:ffff:ffff"):
        assert not found_in(behind, address)["classes"] & p.BROADCAST


def test_local_address_keeps_the_interface_of_its_network() -> None:
    found = found_in(networks("10.1.0.0/16"), "10.1.0.1", networks("10.1.0.1/32"))
    assert found["interface"] == 0
    assert found["classes"] == p.LOCAL | p.DECLARED | p.PRIVATE


def test_boundaries_ascend_from_zero_and_neighbours_differ() -> None:
    behind = {0: networks("10.0.0.0/8", "any"), 1: networks("10.1.0.0/16", "2001:db8::/32")}
    made = plan(behind, networks("10.1.0.1"), 2)
    starts = [tuple(words) for words in made.boundaries.reshape(-1, 4).tolist()]
    assert starts[0] == (0, 0, 0, 0)
    assert starts == sorted(set(starts))
    assert len(starts) == len(made.routes)
    assert all(one.tolist() != other.tolist() for one, other in zip(made.routes, made.routes[1:], strict=False))


def test_networks_that_several_interfaces_share_are_grouped() -> None:
    made = plan({0: networks("any"), 1: networks("10.1.0.0/16"), 2: networks("any", "10.1.0.0/16")}, (), 3)
    groups = made.members.reshape(-1, 3).tolist()
    assert sorted(groups) == [[0, 1, 1], [1, 0, 1]]
    assert set(made.routes["interface"].tolist()) == {UNCLAIMED}


def test_many_networks_are_laid_out_in_the_order_of_their_number_only() -> None:
    many = [ipaddress.ip_network((0x0A000000 + number * 512, 24)) for number in range(5000)]
    made = plan({0: many}, (), 1)
    assert (made.routes["interface"] == 0).sum() == 2 * len(many)  # each has a broadcast address of its own


def test_private_block_of_a_local_address_towards_any_is_not_suspicious() -> None:
    behind = networks("any")
    assert not found_in(behind, "192.168.1.9", networks("192.168.1.7"))["classes"] & p.PRIVATE
    assert found_in(behind, "10.0.0.9", networks("192.168.1.7"))["classes"] & p.PRIVATE
    inside = networks("any", "192.168.1.0/24")
    assert found_in(inside, "192.168.2.9", networks("192.168.1.7"))["classes"] & p.PRIVATE


@given(st.ip_addresses())
def test_order_of_families_and_addresses_is_that_of_their_words(address: IPAddress) -> None:
    number = common_number(address)
    words = words_of(number)
    assert sum(word << 96 - 32 * position for position, word in enumerate(words)) == number
    assert (words[0] < 1 << 32) == (address.version == 4)
    assert all(0 <= word < 1 << 32 for word in words[1:])
