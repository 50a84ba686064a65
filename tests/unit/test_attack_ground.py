"""The invented office: where everybody is, and that it is honest."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from fwsim.attack import ground
from fwsim.errors import UsageError
from fwsim.result import compare
from fwsim.terms import Verdict
from tests.attacking import ground_path, interfaces, office, own, packets


def test_its_packets_are_in_order_and_the_same_each_time() -> None:
    times = [packet.ts for packet in packets()]
    assert times == sorted(times)
    assert ground.ground(interfaces(), "0/ground", own()) == list(packets())
    assert ground.ground(interfaces(), "1/ground", own()) != list(packets())


def test_no_mode_refuses_any_of_it_and_nothing_is_wrong_with_it() -> None:
    for batch in compare(ground_path(), office()):
        assert set(batch.stateful["verdict"].tolist()) == {int(Verdict.ACCEPT)}
        assert set(batch.frames["evidence"].tolist()) == {0}


def test_without_networks_it_lives_in_those_kept_for_documentation() -> None:
    named = ground.declared({})
    documented = [ip_network(text) for text in (*ground.OUTSIDE, *ground.DEFAULT["lan"])]
    for packet in ground.ground(named, "0"):
        if packet.data[0] >> 4 == 4:
            for part in (packet.data[12:16], packet.data[16:20]):
                assert any(ip_address(part) in network for network in documented)


def test_an_interface_to_the_world_is_added_where_none_is_named() -> None:
    assert list(ground.declared({"inner": [ip_network("10.0.0.0/8")]})) == ["inner", "wan"]
    assert list(ground.declared({"inner": [ip_network("10.0.0.0/8")], "uplink": []})) == ["inner", "uplink"]
    assert list(ground.declared({})) == ["lan", "wan"]


def test_strangers_do_not_live_inside() -> None:
    named = ground.declared({"lan": [ip_network("203.0.113.0/24")]})
    found = ground.ground(named, "0")
    assert {packet.data[12:15] for packet in found if packet.seen.name == "wan"} == {bytes([198, 51, 100])}


def test_where_no_address_is_left_that_is_told() -> None:
    with pytest.raises(UsageError, match="--into"):
        ground.ground(ground.declared({"lan": [ip_network("128.0.0.0/1")]}), "0")


@pytest.mark.parametrize("network", ["10.0.0.0/30", "10.0.0.8/32", "fd00::/64"])
def test_a_small_or_single_family_network_will_do(network: str) -> None:
    assert isinstance(ground.ground(ground.declared({"lan": [ip_network(network)]}), "0"), list)
