"""The declared interfaces by number, options that change them, captures bound to them, and what is said of it."""

from __future__ import annotations

import ipaddress

import pytest

from fwsim.topology import Topology
from tests.declaring import Declared, Ruleset, rules
from tests.placed import COOKED, IN, Captures, Interface, Place, chunk, office, packet, place, topology


def test_numbers_follow_the_ruleset_then_the_options_then_loopback() -> None:
    where = Topology.build(rules(), {"dmz": ["192.0.2.0/28"], "lan": ["10.2.0.0/16"]})
    assert where.names == ["lan", "wan", "dmz", "lo"]
    assert where.declared == 3


def test_capture_interfaces_that_appear_later_are_bound_by_name() -> None:
    where = office(on=["lan"])
    assert place(where, "10.1.4.5", "198.51.100.9", 0).iif == "lan"
    later = chunk(packet("198.51.100.9", "10.1.4.5", 1), packet("10.1.4.5", "198.51.100.9", 0))
    where.locate(Captures([Interface("lan"), Interface("wan")]), later)
    assert later.frames["interface"].tolist() == [2, 0]


def test_other_captures_with_as_many_interfaces_are_bound_anew() -> None:
    where = office(on=["lan"])
    where.bind([Interface("wan")])
    assert place(where, "10.1.4.5", "192.0.2.2", 0, sent_or_received=IN).iif == "wan"


def test_whether_a_packet_may_be_seen_twice_follows_from_the_capture_interfaces() -> None:
    assert not office(on=["wan"]).count("several")
    assert office(on=["wan", "lan"]).count("several")
    assert office(on=[Interface(None, COOKED)]).count("several")
    assert office(on=["wan", "lan", "eth7"]).count("captured") == 2


def test_vlan_interfaces_of_a_captured_trunk_are_captured() -> None:
    where = topology(
        {"eth0": [], "eth0.10": ["10.1.0.0/16"], "eth0.20": ["any"], "eth0.x": [], "eth0.4095": []}, on=["eth0"]
    )
    assert where.count("captured") == 3
    first = packet("10.1.4.5", "198.51.100.9", vlan=10)
    got = chunk(first, first | {"vlan": 20, "ttl": 63, "ts": 0})
    where.locate(Captures([Interface("eth0")]), got)
    assert got.frames["interface"].tolist() == [1, 2]
    assert got.frames["reason"].tolist() == [0, 11]


@pytest.mark.parametrize("name", ["lo", "lo0", r"\Device\NPF_Loopback"])
def test_loopback_interface_is_known_by_its_names_on_several_systems(name: str) -> None:
    assert place(office(on=[name]), "127.0.0.1", "127.0.0.1").hook == "local"


def test_state_carries_over_from_chunk_to_chunk() -> None:
    where = office(on=[Interface(None, 276)])
    first = packet("10.1.4.5", "198.51.100.9", ifindex=2)
    assert place(where, "10.1.4.5", "198.51.100.9", ifindex=2) == Place("forward", "lan", "wan")
    second = chunk(first | {"ifindex": 3, "ttl": 63, "ts": 1})
    where.locate(Captures([Interface(None, 276)]), second)
    assert second.frames["reason"].tolist() == [11]
    assert where.count("copies") == 1


def test_capture_that_hardly_touches_the_named_networks_gets_advice_with_options_that_fit() -> None:
    where = Topology.build(rules("10.1.0.1"))
    for number in range(30):
        place(where, "192.168.178.20", f"198.51.100.{number}")
    assert where.hardly_touched
    assert where.advice() == (
        "only 0 of 30 packets concern the networks and addresses that the ruleset names; "
        "try --interface lan=192.168.178.0/24 --local 192.168.178.20"
    )


def test_host_ruleset_is_advised_a_local_address_only() -> None:
    where = topology({"eth0": ["any"]}, ["10.1.0.1"], on=[None])
    place(where, "192.168.178.20", "198.51.100.1")
    place(where, "198.51.100.2", "192.168.178.20")
    assert where.advice() == (
        "only 0 of 2 packets concern the networks and addresses that the ruleset names; try --local 192.168.178.20"
    )


def test_capture_that_fits_gets_no_advice() -> None:
    where = office(on=[None])
    assert where.advice() is None
    place(where, "10.1.4.5", "198.51.100.9")
    assert not where.hardly_touched
    assert where.advice() is None


def test_ruleset_that_names_no_networks_gets_no_advice() -> None:
    where = topology({"wan": ["any"]}, on=[None])
    place(where, "192.168.178.20", "198.51.100.9")
    assert where.advice() is None


def test_notes_are_silent_when_nothing_was_guessed() -> None:
    where = office()
    place(where, "10.1.4.5", "198.51.100.9", 0)
    assert where.notes() == []


def test_ranges_of_local_addresses_are_local_to_their_ends() -> None:
    where = Topology.build(Ruleset({"eth0": Declared("any")}, "192.0.2.4-192.0.2.9"))
    hooks = [place(where, "198.51.100.9", str(ipaddress.ip_address("192.0.2.3") + n)).hook for n in range(8)]
    assert hooks == ["forward", *["input"] * 6, "forward"]
