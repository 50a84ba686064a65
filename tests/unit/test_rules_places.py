"""A topology made up from what rules say."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from fwsim.fuzz.from_rules import places_for
from fwsim.fuzz.rules.places import ELSEWHERE, Places
from fwsim.netfilter import Chain, Netfilter, NetfilterRule, Table
from fwsim.netfilter.steps import Match, Step
from fwsim.ruleset.values import Addresses, Names
from fwsim.terms import Hook


def net(field: str, text: str) -> Match:
    network = ip_network(text)
    interval = (int(network.network_address), int(network.broadcast_address))
    return Match(field, Addresses(v4=(interval,)) if network.version == 4 else Addresses(v6=(interval,)))


def named(field: str, *names: str, prefixes: tuple[str, ...] = (), negated: bool = False) -> Match:
    return Match(field, Names(names, prefixes, negated))


def places(*rules: tuple[Step, ...], hook: Hook = Hook.FORWARD, interfaces: tuple[str, ...] = ()) -> Places:
    chain = Chain("c", "c", (hook,), rules=tuple(NetfilterRule(steps) for steps in rules))
    return places_for(Netfilter((Table("inet", "t", {"c": chain}),), interfaces=interfaces))


def behind(found: Places, text: str) -> str:
    address = ip_address(text)
    return found.behind(address.version, int(address))


def test_a_network_named_with_an_interface_lies_behind_it() -> None:
    found = places(
        (named("oif", "eth1"), net("dst", "10.1.0.0/16")),
        (named("iif", "eth2"), net("src", "fd00:2::/64")),
        (named("oif", "eth3"), net("dst", "10.1.2.0/24")),
    )
    assert behind(found, "10.1.9.9") == "eth1"
    assert behind(found, "fd00:2::7") == "eth2"
    assert behind(found, "10.1.2.3") == "eth3"
    assert behind(found, "192.0.2.1") == ELSEWHERE


def test_the_interface_that_is_named_most_has_a_network() -> None:
    once, twice = (named("oif", "a"), net("dst", "10.0.0.0/8")), (named("oif", "b"), net("dst", "10.0.0.0/8"))
    assert behind(places(once, twice, twice), "10.1.1.1") == "b"


def test_what_an_input_rule_names_is_the_firewalls_own() -> None:
    found = places((net("dst", "192.0.2.7/32"),), (net("dst", "198.51.100.0/24"),), hook=Hook.INPUT)
    own = {str(ip_address(address)) for address in found.locals(4)}
    assert {"192.0.2.7", "198.51.100.1"} <= own


def test_a_beginning_of_a_name_has_one_interface_unless_one_is_named_that_fits() -> None:
    assert "docker0" in places((named("iif", prefixes=("docker",)),)).interfaces
    found = places((named("iif", prefixes=("eth",)),), (named("iif", "eth7", "lo"),)).interfaces
    assert "eth7" in found
    assert "eth0" not in found
    assert "lo" not in found


def test_there_is_an_interface_that_no_rule_names_and_hosts_behind_every_one() -> None:
    found = places((named("iif", "a", negated=True),), interfaces=("a", "b*"))
    assert list(found.interfaces) == ["a", "b0", ELSEWHERE]
    for name in found.interfaces:
        for family in (4, 6):
            assert found.hosts(family, name)
            assert all(found.behind(family, host) == name for host in found.hosts(family, name))


def test_groups_and_everything_lie_behind_nothing() -> None:
    found = places((named("oif", "a"), net("dst", "224.0.0.0/4")), (named("oif", "a"), net("dst", "0.0.0.0/0")))
    assert behind(found, "8.8.8.8") == ELSEWHERE
    assert not any(ip_network(text).is_multicast for text in found.interfaces["a"])


def test_a_known_topology_is_taken_as_it_is() -> None:
    networks = {"lan": [ip_network("10.0.0.0/8")], "wan": [ip_network("0.0.0.0/0"), ip_network("::/0")]}
    found = Places.given(networks, [ip_network("10.0.0.1/32")])
    assert (found.home, found.locals(4), behind(found, "10.2.3.4")) == ("wan", [int(ip_address("10.0.0.1"))], "lan")
    assert all(found.behind(4, host) == "wan" for host in found.hosts(4, "wan"))
