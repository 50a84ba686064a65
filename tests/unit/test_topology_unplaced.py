"""Which interfaces of a ruleset nothing is known of."""

from __future__ import annotations

from fwsim.netfilter.model import Netfilter
from fwsim.topology.unplaced import interfaces_without_network
from tests.hosts import ADDRESSES, LINKS, topology

RULES = Netfilter((), interfaces=("lo", "eth0", "wg0", "eth1", "tun*", "ppp*", "office", "wg0"))


def test_names_and_beginnings_that_no_network_is_known_of_are_told_in_order() -> None:
    assert interfaces_without_network(RULES, topology(LINKS, ADDRESSES)) == ["wg0", "ppp*", "office"]


def test_with_nothing_known_all_are_told_but_the_loopback_interface() -> None:
    assert interfaces_without_network(RULES, topology()) == ["eth0", "wg0", "eth1", "tun*", "ppp*", "office"]


def test_an_option_places_one() -> None:
    placed = topology(LINKS, ADDRESSES, interfaces={"wg0": ["10.66.0.0/16"]})
    assert interfaces_without_network(RULES, placed) == ["ppp*", "office"]
