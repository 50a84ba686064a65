"""A ruleset as devices, routes, nft texts and sysctls; no kernel is needed for that."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fwsim.kernel.observers import GROUP, stack
from fwsim.kernel.orders import Plan, Route, RouteKind
from fwsim.kernel.plan import LAST, OTHER, UNKNOWN, Devices, plan_of, routes_of, stack_settings, translates
from fwsim.lower import lower
from fwsim.netfilter import Chain, Netfilter, Table
from fwsim.ruleset import Ruleset
from fwsim.terms import Hook
from fwsim.topology import Topology
from tests.hosts import ADDRESSES, LINKS, ROUTES
from tests.hosts import topology as described

CT = {"ct_state": "new", "verdict": "accept"}


def planned(*, judged: bool = True, **ruleset: Any) -> Plan:
    model = Ruleset.model_validate(ruleset)
    topology = Topology.build(model)
    tracking = lower(model, interfaces=topology.names).tracking
    return plan_of(model, topology, Devices(topology.names), tracking=tracking, judged=judged)


def routes(**ruleset: Any) -> set[Route]:
    topology = Topology.build(Ruleset.model_validate(ruleset))
    return set(routes_of(topology, Devices(topology.names)))


def test_devices_have_the_names_of_the_interfaces_where_linux_allows_them() -> None:
    devices = Devices(["lan", "default", "much-too-long-for-it", "lo", OTHER])
    assert devices.names == ["lan", "fwsim-if1", "fwsim-if2", "fwsim-if4", UNKNOWN, OTHER, LAST]
    assert [devices.number(n) for n in range(5)] == [0, 1, 2, 4, 3]
    assert devices.names[devices.number(-2)] == UNKNOWN
    assert devices.names[devices.other] == OTHER


def test_a_network_lies_behind_its_interface_and_the_rest_behind_nobodys() -> None:
    found = routes(interfaces={"lan": {"networks": ["10.0.0.0/8", "fd00::/16"]}})
    assert Route("10.0.0.0/8", 0) in found
    assert Route("fd00::/16", 0) in found
    assert Route("10.255.255.255/32", 0, RouteKind.BROADCAST) in found
    assert {Route("0.0.0.0/0", 2), Route("::/0", 2)} <= found


def test_what_two_interfaces_claim_is_nobodys() -> None:
    found = routes(interfaces={"a": {"networks": ["10.0.0.0/8", "any"]}, "b": {"networks": ["10.0.0.0/8"]}})
    assert Route("10.0.0.0/8", 3) in found
    assert Route("0.0.0.0/0", 0) in found


def test_the_firewalls_addresses_are_local() -> None:
    found = routes(interfaces={"lan": {"networks": ["any"], "addresses": ["10.0.0.1"]}}, local=["fd00::1"])
    assert {route.network for route in found if route.kind == RouteKind.LOCAL} == {"10.0.0.1/32", "fd00::1/128"}
    assert {Route("fd00::1/128", 0).version, Route("10.0.0.1/32", 0).version} == {4, 6}


def test_an_address_belongs_to_the_device_of_its_interface_or_to_nobodys() -> None:
    lan = {"networks": ["10.0.0.0/8"]}
    found = routes(
        interfaces={"lan": lan, "wan": {"addresses": ["192.0.2.1"]}, "lo": {}}, local=["10.0.0.1", "fd00::1"]
    )
    local = {route.network: route.device for route in found if route.kind == RouteKind.LOCAL}
    assert local == {"10.0.0.1/32": 0, "192.0.2.1/32": 1, "fd00::1/128": 3}


def test_a_chain_for_nat_translates_even_without_a_rule() -> None:
    chain = Chain("post", "ip nat post", (Hook.POSTROUTING,), kind="nat")
    assert translates(Netfilter((Table("ip", "nat", {"post": chain}),)))
    assert not translates(Netfilter((Table("ip", "nat", {"post": replace(chain, kind="filter")}),)))


def test_the_ends_are_loaded_before_anything_that_tracks() -> None:
    plan = planned(rules=[CT])
    assert [text.count("ct state") > 0 for text in plan.rules] == [False, False, True]
    assert f"priority {(1 << 31) - 1}" in plan.rules[1]


def test_the_stacks_own_packets_are_dropped_before_any_observer_could_hear_of_them() -> None:
    assert "table inet fwsim-stack" in planned(rules=[CT]).rules[0]


def test_without_ct_nothing_makes_the_kernel_track() -> None:
    plan = planned(rules=[{"proto": "tcp", "verdict": "accept"}], conntrack={"tcp_loose": False})
    assert not any("ct " in text.replace("fwsim-", "").replace("# sysctl", "") for text in plan.rules)
    assert plan.sysctls == ()
    assert not plan.log_invalid


def test_settings_of_the_ruleset_are_set_but_for_the_host_wide_one() -> None:
    plan = planned(rules=[CT], conntrack={"tcp_loose": False, "udp_timeout": "2m", "max": 5})
    assert dict(plan.sysctls) == {
        "net/netfilter/nf_conntrack_tcp_loose": 0, "net/netfilter/nf_conntrack_udp_timeout": 120,
    }  # fmt: skip


def test_checksums_that_nobody_judges_are_not_judged_by_the_kernel() -> None:
    assert dict(planned(rules=[CT], judged=False).sysctls) == {"net/netfilter/nf_conntrack_checksum": 0}


def test_the_chains_around_log_to_the_group_of_all() -> None:
    text = stack("last")
    assert text.count(f"group {GROUP}") == 2
    assert 'iifname "last" drop' in text


def test_the_routes_of_a_machine_refuse_and_end_as_there() -> None:
    topology = described(LINKS, ADDRESSES, ROUTES)
    found = set(routes_of(topology, Devices(topology.names)))
    assert Route("10.0.0.0/8", len(topology.names), RouteKind.REFUSE) in found
    assert {route.network for route in found if route.kind == RouteKind.BROADCAST} == {
        "203.0.113.255/32", "10.0.255.255/32",
    }  # fmt: skip
    bare = described(LINKS, ADDRESSES, ROUTES[1:])
    refused = {route.network for route in routes_of(bare, Devices(bare.names)) if route.kind == RouteKind.REFUSE}
    assert refused == {"0.0.0.0/0", "10.0.0.0/8"}


def test_the_settings_of_the_stack_are_those_of_the_machine() -> None:
    sysctls = {"net.ipv4.ip_forward": "1", "net.ipv4.conf.br0.forwarding": "0", "net.ipv4.conf.eth0.rp_filter": "1"}
    topology = described(LINKS, ADDRESSES, sysctls={**sysctls, "net.ipv6.conf.all.forwarding": "0"})
    assert set(stack_settings(topology, Devices(topology.names))) == {
        ("net/ipv4/conf/br0/forwarding", 0),
        ("net/ipv4/conf/eth0/rp_filter", 1),
        ("net/ipv6/conf/all/forwarding", 0),
    }
    assert list(stack_settings(described(LINKS, ADDRESSES), Devices(topology.names))) == []
