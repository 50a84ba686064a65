"""Matches on routes as alternatives of matches on addresses and interfaces. (The kernel: tests/parity/test_fib.py.)"""

from __future__ import annotations

import ipaddress

import pytest

from fwsim.netfilter.fields import Fib
from fwsim.ruleset.addresses import parse_addresses
from fwsim.ruleset.values import Addresses, Masked, Names, Numbers
from fwsim.terms import Hook
from fwsim.topology import Topology
from fwsim.topology.fib import Where, where, within, without
from tests.hosts import ADDRESSES, LINKS, ROUTES, topology

DADDR, SADDR = frozenset({"daddr"}), frozenset({"saddr"})
SADDR_IIF = frozenset({"saddr", "iif"})
LOCAL = Numbers(((2, 2),))
MISSING, EXISTS = Numbers(((0, 0),)), Numbers(((1, 1),))
MACHINE = (LINKS, ADDRESSES, ROUTES)


def is_true(one: object, packet: dict[str, object]) -> bool:
    selector, value = one.selector, one.value  # type: ignore[attr-defined]
    field = packet.get(selector)
    if field is None:
        return False
    if isinstance(value, Names):
        return value.matches(str(field)) is not value.negated
    if isinstance(value, Numbers):
        return any(low <= int(str(field)) <= high for low, high in value.intervals) is not value.negated
    assert isinstance(value, Addresses)
    address = ipaddress.ip_address(str(field))
    return any(low <= int(address) <= high for low, high in (value.v4 if address.version == 4 else value.v6))


def said(found: Where, **packet: object) -> bool | None:
    """True, False or (not known) None for a packet."""
    packet = {"proto": 17, **packet}
    true = sum(all(is_true(match, packet) for match in one) for one in found.true)
    unknown = sum(all(is_true(match, packet) for match in one) for one in found.unknown)
    assert true + unknown <= 1
    return None if unknown else bool(true)


def asked(
    made: Topology, fib: Fib, value: Numbers | Names, hook: Hook = Hook.PREROUTING, **packet: object
) -> bool | None:
    return said(where(made, fib, value, hook), **packet)


def test_own_addresses_are_local_and_others_not() -> None:
    made = topology(*MACHINE)
    found = where(made, Fib(DADDR, "type"), LOCAL, Hook.INPUT)
    assert [said(found, src="192.0.2.1", dst=dst) for dst in ("10.0.0.1", "127.9.9.9", "10.0.0.2", "10.0.255.255")] == [
        True, True, False, False,
    ]  # fmt: skip
    assert said(found, src="::1", dst="::1") is True
    other = Numbers(((2, 2),), negated=True)
    assert asked(made, Fib(DADDR, "type"), other, src="192.0.2.1", dst="10.0.0.1") is False
    assert asked(made, Fib(DADDR, "type"), other, src="192.0.2.1", dst="10.0.0.2") is True


def test_strict_reverse_path_filter_of_nft() -> None:
    found = where(topology(*MACHINE), Fib(SADDR_IIF, "exists"), MISSING, Hook.PREROUTING)
    assert said(found, iif="br0", src="10.0.0.9", dst="192.0.2.1") is False
    assert said(found, iif="eth0", src="10.0.0.9", dst="192.0.2.1") is True
    assert said(found, iif="eth0", src="198.51.100.7", dst="10.0.0.9") is False
    assert said(found, iif="tun0", src="10.9.3.4", dst="10.0.0.9") is False
    assert said(found, iif="br0", src="10.99.3.4", dst="10.0.0.9") is True  # unreachable


def test_a_client_that_has_no_address_yet_is_spared() -> None:
    found = where(topology(*MACHINE), Fib(SADDR_IIF, "exists"), EXISTS, Hook.PREROUTING)
    assert said(found, iif="br0", src="0.0.0.0", dst="255.255.255.255") is True
    assert said(found, iif="br0", src="0.0.0.0", dst="224.0.0.1") is True
    assert said(found, iif="br0", src="0.0.0.0", dst="10.0.0.1") is False  # by eth0, as all that has no route
    assert said(found, iif="br0", src="::", dst="ff02::1:ff00:1", proto=58) is True


def test_what_came_over_the_loopback_interface_is_not_looked_up() -> None:
    found = where(topology(*MACHINE), Fib(SADDR_IIF, "exists"), EXISTS, Hook.PREROUTING)
    assert said(found, iif="lo", src="10.0.0.1", dst="10.0.0.1") is True
    assert said(found, iif="br0", src="10.0.0.1", dst="10.0.0.1") is False
    plain = where(topology(*MACHINE), Fib(SADDR, "oif"), Names(("lo",)), Hook.PREROUTING)
    assert said(plain, iif="lo", src="192.0.2.1", dst="10.0.0.1") is True
    assert said(plain, iif="eth0", src="192.0.2.1", dst="10.0.0.1") is False
    assert asked(topology(*MACHINE), Fib(SADDR, "oif"), Names(("eth0",)), Hook.FORWARD, iif="lo", src="192.0.2.1",
                 dst="10.0.0.1") is True  # fmt: skip


def test_the_interface_towards_an_address_by_name_and_beginning() -> None:
    made = topology(*MACHINE)
    assert asked(made, Fib(DADDR, "oif"), Names(("tun0",)), iif="br0", src="10.0.0.9", dst="10.9.0.1") is True
    assert asked(made, Fib(DADDR, "oifname"), Names((), ("tu",)), iif="br0", src="10.0.0.9", dst="10.9.0.1") is True
    assert asked(made, Fib(DADDR, "oifname"), Names(("tun0",), negated=True), iif="br0", src="10.0.0.9",
                 dst="10.0.0.1") is True  # an own address has no way  # fmt: skip


def test_a_link_local_address_is_looked_for_on_the_packets_own_link() -> None:
    made = topology(
        *MACHINE, [{"dst": "fe80::/64", "dev": name, "metric": 256, "pref": "medium"} for name in ("br0", "eth0")]
    )
    found = where(made, Fib(DADDR, "type"), LOCAL, Hook.PREROUTING)
    assert said(found, iif="br0", src="fe80::9", dst="fe80::1") is True
    assert said(found, iif="eth0", src="fe80::9", dst="fe80::1") is False
    at_output = where(made, Fib(DADDR, "type"), LOCAL, Hook.OUTPUT)
    assert said(at_output, oif="br0", src="fe80::9", dst="fe80::1") is True
    assert said(at_output, iif="br0", src="fe80::9", dst="fe80::1") is False


def test_addrtype_of_several_types_asks_for_each_in_ipv6() -> None:
    both = Numbers(((1, 2),))
    made = topology(*MACHINE)
    assert asked(made, Fib(DADDR, "addrtype"), both, iif="br0", src="2001:db8::9", dst="2001:db8::8") is False
    assert asked(made, Fib(DADDR, "type"), both, iif="br0", src="2001:db8::9", dst="2001:db8::8") is True
    assert asked(made, Fib(DADDR, "addrtype"), both, iif="br0", src="2001:db8::9", dst="2001:db8::2") is True
    assert asked(made, Fib(DADDR, "addrtype"), both, iif="br0", src="10.0.0.9", dst="10.0.0.8") is True


def test_without_any_topology_nothing_is_known() -> None:
    found = where(topology(), Fib(DADDR, "type"), LOCAL, Hook.INPUT)
    assert (found.true, found.unknown) == ((), ((),))
    assert "--topology" in found.why


def test_only_what_is_not_known_is_unknown_and_it_is_said_why() -> None:
    lan = topology(ruleset={"interfaces": {"lan": {"networks": ["10.0.0.0/8"]}}})
    found = where(lan, Fib(DADDR, "type"), LOCAL, Hook.INPUT)
    assert said(found, src="10.0.0.9", dst="10.0.0.1") is None
    assert said(found, src="10.0.0.9", dst="224.0.0.1") is False
    assert said(found, src="10.0.0.9", dst="127.0.0.1") is True
    assert found.why == (
        "not known of the machine: all IPv4 and IPv6 routes, own IPv4 addresses, own IPv6 addresses (--topology)"
    )
    strict = where(lan, Fib(SADDR_IIF, "exists"), MISSING, Hook.PREROUTING)
    assert said(strict, iif="lan", src="10.0.0.9", dst="192.0.2.1") is False
    assert said(strict, iif="lan", src="192.0.2.1", dst="10.0.0.9") is None


def test_policy_routing_makes_everything_unknown() -> None:
    rules = [{"priority": 100, "src": "10.1.0.0", "srclen": 16, "table": "7"}]
    found = where(topology(*MACHINE, rules), Fib(DADDR, "type"), LOCAL, Hook.INPUT)
    assert (found.true, found.unknown) == ((), ((),))
    assert found.why.startswith("policy routing is not simulated")


@pytest.mark.parametrize(
    ("result", "value"),
    [
        ("type", Names(("eth0",))),
        ("oif", Numbers(((2, 2),))),
        ("type", Masked(())),
        ("type", Numbers(sets=("s",))),
    ],
)
def test_a_value_of_another_kind_is_unknown(result: str, value: Names | Numbers | Masked) -> None:
    assert where(topology(*MACHINE), Fib(DADDR, result), value, Hook.INPUT).unknown == ((),)


def test_addresses_without_and_within_others() -> None:
    ten, part = parse_addresses(["10.0.0.0/8", "::1"]), parse_addresses(["10.1.0.0/16", "192.0.2.1", "::1"])
    assert without(ten, part) == parse_addresses(["10.0.0.0/16", "10.2.0.0-10.255.255.255"])
    assert within(ten, part) == parse_addresses(["10.1.0.0/16", "::1"])


def test_no_interface_is_found_where_the_route_leads_elsewhere() -> None:
    none = Names((), ("",), negated=True)  # `fib saddr . iif oif 0`
    made = topology(*MACHINE)
    by_device = Fib(frozenset({"saddr", "iif"}), "oif")
    assert asked(made, by_device, none, iif="eth0", src="10.0.0.9", dst="192.0.2.1") is True
    assert asked(made, by_device, none, iif="br0", src="10.0.0.9", dst="192.0.2.1") is False
    some = Names((), ("",))
    assert asked(made, by_device, some, iif="br0", src="10.0.0.9", dst="192.0.2.1") is True
