"""Where hosts live."""

from __future__ import annotations

from fwsim.expectations.ground import OWN_MAC, UPSTREAM_MAC, ground_of
from fwsim.ruleset import Ruleset
from fwsim.topology import Topology

RULES = Ruleset.model_validate(
    {
        "interfaces": {
            "lan": {"networks": ["10.1.0.0/16"], "addresses": ["10.1.0.1"], "own_macs": ["02:00:00:00:00:07"]},
            "lab": {"networks": ["10.1.9.0/24"]},
            "wan": {"networks": ["any"]},
        },
        "local": ["192.0.2.1"],
        "policy": "drop",
    }
)
GROUND = ground_of(Topology.build(RULES))


def test_the_longest_prefix_tells_behind_which_interface_a_host_lives() -> None:
    hosts = ["10.1.2.3", "10.1.9.3", "8.8.8.8", "2001:db8::1"]
    assert [GROUND.behind(host) for host in hosts] == ["lan", "lab", "wan", "wan"]


def test_the_firewall_itself_lives_behind_none_of_them() -> None:
    assert [GROUND.behind(own) for own in ("10.1.0.1", "192.0.2.1")] == ["", ""]
    assert [GROUND.is_own(host) for host in ("10.1.0.1", "10.1.0.2")] == [True, False]


def test_frames_of_everybody_come_from_the_router_and_those_of_neighbours_from_themselves() -> None:
    assert GROUND.mac_behind("wan", "8.8.8.8") == UPSTREAM_MAC
    assert GROUND.mac_behind("lan", "10.1.2.3") == b"\x02\x00\x0a\x01\x02\x03"


def test_the_firewalls_own_macs_are_the_declared_ones_or_made_up() -> None:
    assert GROUND.own_mac("lan") == b"\x02\x00\x00\x00\x00\x07"
    assert GROUND.own_mac("lab") == OWN_MAC + b"\x02"
