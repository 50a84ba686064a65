"""On which interface each of the firewall's own addresses is."""

from __future__ import annotations

from ipaddress import ip_network

from fwsim.ruleset import Ruleset
from fwsim.topology import Topology
from fwsim.topology.homes import homes


def found(local: list[str], **interfaces: dict[str, list[str]]) -> dict[str, str | None]:
    topology = Topology.build(Ruleset.model_validate({"interfaces": interfaces}), local=local)
    return {str(address.network_address): name for address, name in homes(topology.interfaces, topology.local).items()}


def test_an_address_is_where_it_is_declared_even_if_its_network_lies_elsewhere() -> None:
    lan, dmz = {"networks": ["10.0.0.0/8"]}, {"networks": ["192.0.2.0/24"], "addresses": ["10.0.0.1"]}
    assert found([], lan=lan, dmz=dmz) == {"10.0.0.1": "dmz"}


def test_else_it_is_where_the_narrowest_network_that_holds_it_lies() -> None:
    lan, wan = {"networks": ["10.0.0.0/8", "fd00::/16"]}, {"networks": ["any"]}
    assert found(["10.0.0.1", "203.0.113.1", "fd00::1", "2001:db8::1"], lan=lan, wan=wan) == {
        "10.0.0.1": "lan", "203.0.113.1": "wan", "fd00::1": "lan", "2001:db8::1": "wan",
    }  # fmt: skip


def test_what_several_claim_equally_and_what_none_does_is_on_none() -> None:
    network = {"networks": ["10.0.0.0/8"]}
    assert found(["10.0.0.1", "192.0.2.1"], one=network, other=network) == {"10.0.0.1": None, "192.0.2.1": None}


def test_the_order_is_that_of_the_declarations() -> None:
    addresses = homes({}, [ip_network("192.0.2.9"), ip_network("192.0.2.1")])
    assert [str(address.network_address) for address in addresses] == ["192.0.2.9", "192.0.2.1"]
