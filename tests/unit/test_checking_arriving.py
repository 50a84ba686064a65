"""Where forged packets go that come in."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from fwsim.checking.arriving import kinds_of_addresses, number_of, spoofed_arrivals
from fwsim.ruleset import Ruleset
from fwsim.ruleset.host import Host
from fwsim.space.fields import V4_ADDRESSES, V6_ADDRESSES
from fwsim.space.intervals import Set, holds, size, union
from fwsim.terms import Hook
from fwsim.topology import Topology

RULESET = Ruleset.model_validate(
    {
        "interfaces": {"lan": {"networks": ["10.1.0.0/16"]}, "wan": {"networks": ["any"]}},
        "local": ["10.1.0.1", "2001:db8::1"],
    }
)


def topology(**sysctls: str) -> Topology:
    values = {f"net.ipv4.conf.{name}.rp_filter": value for name, value in sysctls.items()}
    return Topology.build(RULESET, host=Host(sysctls=values))


def of(text: str) -> int:
    return number_of(ip_address(text))


@pytest.mark.parametrize("family", [V4_ADDRESSES, V6_ADDRESSES], ids=["v4", "v6"])
def test_every_address_is_of_one_kind(family: Set) -> None:
    kinds = list(kinds_of_addresses(topology(), family))
    assert union(kinds) == family
    assert sum(map(size, kinds)) == size(family)


@pytest.mark.parametrize(
    ("interface", "src", "dst", "hook", "forged"),
    [
        ("lan", "192.0.2.1", "198.51.100.1", Hook.FORWARD, True),
        ("lan", "10.1.2.3", "198.51.100.1", Hook.FORWARD, False),
        ("wan", "10.1.2.3", "198.51.100.1", Hook.FORWARD, True),
        ("wan", "10.1.2.3", "10.1.0.1", Hook.INPUT, True),
        ("wan", "198.51.100.1", "10.1.2.3", Hook.FORWARD, False),
        ("wan", "10.1.0.1", "10.1.2.3", Hook.FORWARD, False),  # its own address: a martian, discarded
        ("wan", "127.0.0.1", "10.1.2.3", Hook.FORWARD, False),
    ],
)
def test_forged_packets_arrive_unless_they_are_discarded(
    interface: str, src: str, dst: str, hook: Hook, forged: bool
) -> None:
    here = spoofed_arrivals(topology(), interface, 4)
    found = [one for one in here if holds(one.src, of(src)) and holds(one.dst, of(dst))]
    assert [one.hook for one in found] == [hook] * forged


def test_what_has_no_hop_left_is_delivered_and_not_forwarded() -> None:
    for one in spoofed_arrivals(topology(), "wan", 4):
        assert one.ttl == (((0, 255),) if one.hook == Hook.INPUT else ((2, 255),))


@pytest.mark.parametrize(("mode", "left"), [("0", True), ("1", False), ("2", True)])
def test_reverse_path_filtering_keeps_them_out(mode: str, left: bool) -> None:
    arrivals = spoofed_arrivals(topology(wan=mode), "wan", 4)
    inside = [one for one in arrivals if holds(one.src, of("10.1.2.3"))]
    assert bool(inside) == left


def test_an_interface_without_ipv6_networks_has_no_ipv6_sources() -> None:
    sources = union(one.src for one in spoofed_arrivals(topology(), "lan", 6))
    assert holds(sources, of("2001:db8:7::7"))


def test_what_is_discarded_for_its_destination_only_arrives_where_that_may_change() -> None:
    plain = spoofed_arrivals(topology(), "wan", 4)
    redirected = spoofed_arrivals(topology(), "wan", 4, redirected=True)
    assert [one for one in redirected if not one.lost] == plain
    lost = [one for one in redirected if one.lost]
    assert any(holds(one.src, of("10.1.2.3")) and holds(one.dst, of("127.0.0.5")) for one in lost)
    assert not any(holds(one.src, of("127.0.0.1")) for one in lost)
    strict = spoofed_arrivals(topology(wan="1"), "wan", 4, redirected=True)
    assert not any(holds(one.src, of("10.1.2.3")) for one in strict)
