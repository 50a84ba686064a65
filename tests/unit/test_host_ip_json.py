"""What iproute2 prints, object by object."""

from __future__ import annotations

import pytest

from fwsim.ruleset.host import Address, Link, Route
from fwsim.ruleset.host.ip_json import IpLink, IpRoute, IpRule, kind_of
from fwsim.ruleset.host.model import LOCAL, MAIN


def route(**tree: object) -> Route | None:
    return IpRoute.model_validate(tree).as_route()


def test_objects_are_told_apart_by_their_keys() -> None:
    assert kind_of({"ifname": "eth0", "addr_info": []}) is IpLink
    assert kind_of({"dst": "default", "dev": "eth0"}) is IpRoute
    assert kind_of({"priority": 0, "src": "all", "table": "local"}) is IpRule
    assert kind_of({"priority": 9, "src": "all", "dst": "10.0.0.0", "dstlen": 8, "table": "7"}) is IpRule
    assert kind_of({"handle": 1}) is None


def test_a_default_route_has_the_family_of_what_stands_beside_it() -> None:
    assert route(dst="default", gateway="10.0.0.1", dev="e") == Route(4, 0, 0, "unicast", ("e",), gateway=True)
    assert route(dst="default", gateway="fe80::1", dev="e") == Route(6, 0, 0, "unicast", ("e",), gateway=True)
    assert route(dst="default", dev="tun0", metric=1024, pref="medium") == Route(
        6, 0, 0, "unicast", ("tun0",), metric=1024
    )
    assert route(dst="default", dev="ppp0", scope="link") == Route(4, 0, 0, "unicast", ("ppp0",))


def test_next_hops_of_the_other_family_and_several_of_them() -> None:
    via = {"family": "inet6", "host": "fe80::1"}
    assert route(dst="10.0.0.0/8", via=via, dev="e") == Route(4, 0x0A000000, 8, "unicast", ("e",), gateway=True)
    hops = [{"gateway": "10.0.0.2", "dev": "b", "flags": []}, {"dev": "a", "flags": ["linkdown"]}]
    assert route(dst="10.9.9.9", nexthops=hops) == Route(4, 0x0A090909, 32, "unicast", ("b", "a"), gateway=True)


def test_what_leads_nowhere_any_more_is_no_route() -> None:
    assert route(dst="10.0.0.0/8", dev="e", flags=["dead", "linkdown"]) is None
    hops = [{"dev": "a", "flags": ["dead"]}, {"dev": "b", "flags": []}]
    left = route(dst="10.0.0.0/8", nexthops=hops)
    assert left is not None
    assert left.interfaces == ("b",)


def test_kinds_and_tables() -> None:
    assert route(type="unreachable", dst="10.0.0.0/8", dev="lo", metric=9) == Route(
        4, 0x0A000000, 8, "unreachable", metric=9
    )
    own = route(type="local", dst="10.0.0.1", dev="e", table="local", protocol="kernel", prefsrc="10.0.0.1")
    assert own == Route(4, 0x0A000001, 32, "local", ("e",), LOCAL, 0, 0x0A000001, True)
    numbered = route(dst="10.0.0.0/8", dev="e", table="100")
    assert numbered is not None
    assert numbered.table == 100
    named = route(dst="10.0.0.0/8", dev="e", table="office")
    assert named is not None
    assert named.table not in (MAIN, LOCAL)


def test_addresses_with_their_far_end() -> None:
    link = IpLink.model_validate(
        {"ifname": "tun0", "addr_info": [
            {"family": "inet", "local": "10.8.0.1", "address": "10.8.0.2", "prefixlen": 32},
            {"family": "inet6", "local": "fe80::1", "prefixlen": 64, "noprefixroute": True},
            {},
        ]}
    )  # fmt: skip
    assert list(link.as_addresses()) == [
        Address("tun0", 4, 0x0A080001, 32, 0x0A080002),
        Address("tun0", 6, (0xFE80 << 112) + 1, 64, connected=False),
    ]


def test_only_ethernet_has_macs_and_only_vlans_an_id() -> None:
    plain = {
        "ifname": "sit0",
        "link_type": "sit",
        "address": "0.0.0.0",
        "linkinfo": {"info_kind": "sit", "info_data": {}},
    }
    assert IpLink.model_validate(plain).as_link() == Link("sit0", kind="sit")
    other = {"ifname": "v", "link": "e", "linkinfo": {"info_kind": "vxlan", "info_data": {"id": 70000}}}
    assert IpLink.model_validate(other).as_link() == Link("v", kind="vxlan")


def test_rules_of_policy_routing_beyond_the_usual_ones_are_told() -> None:
    usual = [(0, "local"), (32766, "main"), (32767, "default")]
    rules = [IpRule.model_validate({"priority": number, "src": "all", "table": table}) for number, table in usual]
    assert [rule.text() for rule in rules] == [None] * 3
    own = IpRule.model_validate({"priority": 9, "src": "10.1.0.0", "srclen": 16, "table": "100"})
    assert own.text() == "9: from 10.1.0.0/16 lookup 100"


@pytest.mark.parametrize(
    "tree", [{"dst": "10.0.0.0/33"}, {"dst": "office"}, {"dst": "10.0.0.0/8", "type": "wild"}, {"dst": True}]
)
def test_a_route_that_cannot_be_read_is_refused(tree: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"expected"):
        IpRoute.model_validate(tree)
