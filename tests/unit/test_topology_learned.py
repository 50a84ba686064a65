"""What follows for a topology from the description of a machine."""

from __future__ import annotations

import ipaddress

from fwsim.terms import Reason
from fwsim.topology import Topology
from fwsim.topology.learned import Learned, learned
from tests.hosts import ADDRESSES, ETH0_MAC, LINKS, ROUTES, info, read
from tests.hosts import topology as topology_of
from tests.placed import IN, Interface, Place, place


def texts(networks: object) -> list[str]:
    return [str(network) for network in networks]  # type: ignore[attr-defined]


def behind(known: Learned) -> dict[str, list[str]]:
    return {name: texts(one.networks) for name, one in known.interfaces.items()}


def bound(made: Topology, *names: str) -> Topology:
    made.bind([Interface(name) for name in names])
    return made


def test_addresses_alone_give_connected_networks_own_addresses_and_broadcasts() -> None:
    known = learned(read(ADDRESSES))
    assert behind(known) == {
        "eth0": ["203.0.113.0/24", "2001:db8::/64"],
        "br0": ["10.0.0.0/16"],
        "tun0": ["10.8.0.2/32"],
    }
    assert sorted(texts(known.local)) == [
        "10.0.0.1/32", "10.8.0.1/32", "2001:db8::2/128", "203.0.113.2/32", "fe80::1/128",
    ]  # fmt: skip
    assert texts(known.interfaces["br0"].broadcasts) == ["10.0.255.255/32"]
    assert known.complete == frozenset()
    assert known.knows_local == {4, 6}


def test_routes_alone_give_what_they_say_of_own_addresses_too() -> None:
    known = learned(read(ROUTES))
    assert behind(known)["eth0"] == ["0.0.0.0/0", "203.0.113.0/24"]
    assert sorted(texts(known.local)) == ["10.0.0.1/32", "10.8.0.1/32", "203.0.113.2/32"]
    assert texts(known.interfaces["eth0"].broadcasts) == ["203.0.113.255/32"]
    assert known.complete == {4}


def test_of_routes_to_one_network_that_with_the_lowest_metric_is_taken() -> None:
    known = learned(read(ROUTES))
    assert "10.9.0.0/16" in behind(known)["tun0"]
    assert "10.9.0.0/16" not in behind(known)["eth0"]


def test_only_networks_on_the_link_have_a_broadcast_address() -> None:
    made = bound(topology_of(LINKS, ADDRESSES, ROUTES), "br0", "eth0")
    assert place(made, "203.0.113.7", "10.9.255.255", 1, sent_or_received=IN) == Place("forward", "eth0", "tun0")
    assert place(made, "203.0.113.7", "10.0.255.255", 1, sent_or_received=IN).hook == "input"


def test_a_packet_to_where_no_route_leads_is_not_forwarded() -> None:
    made = bound(topology_of(LINKS, ADDRESSES, ROUTES), "br0", "eth0")
    assert place(made, "10.0.0.9", "10.77.0.1", sent_or_received=IN).fault == Reason.NO_ROUTE  # unreachable 10/8
    assert place(made, "10.0.0.9", "192.0.2.1", sent_or_received=IN) == Place("forward", "br0", "eth0")
    without = bound(topology_of(LINKS, ADDRESSES, ROUTES[1:]), "br0")
    assert place(without, "10.0.0.9", "192.0.2.1", sent_or_received=IN).fault == Reason.NO_ROUTE
    alone = bound(topology_of(LINKS, ADDRESSES), "br0")
    assert place(alone, "10.0.0.9", "192.0.2.1", sent_or_received=IN) == Place("forward", "br0", "?")


def test_what_is_captured_on_the_port_of_a_bridge_came_in_by_the_bridge() -> None:
    made = bound(topology_of(LINKS, ADDRESSES, ROUTES), "eth1")
    assert "eth1" not in made.names
    assert place(made, "10.0.0.9", "192.0.2.1", sent_or_received=IN) == Place("forward", "br0", "eth0")
    unknown_kind = [{"ifname": "eth1", "link_type": "ether", "master": "br0"}, {"ifname": "br0", "link_type": "ether"}]
    assert learned(read(unknown_kind)).ports == {"eth1": "br0"}
    vrf = [{"ifname": "eth1", "master": "red"}, {"ifname": "red", "linkinfo": {"info_kind": "vrf"}}]
    assert learned(read(vrf)).ports == {}
    assert learned(read(vrf)).unlike == ("VRFs are not simulated, only the main table is used: red",)


def test_a_vlan_is_known_by_its_id_whatever_its_name() -> None:
    made = bound(topology_of(LINKS, ADDRESSES, [*ROUTES, {"dst": "10.3.0.0/16", "dev": "office"}]), "eth0")
    assert place(made, "10.3.0.9", "192.0.2.1", vlan=30, sent_or_received=IN).iif == "office"
    assert place(made, "203.0.113.7", "10.0.0.9", sent_or_received=IN).iif == "eth0"
    named = [{"ifname": "eth0.7", "link": "eth0", "linkinfo": {"info_kind": "vlan", "info_data": {"id": 8}}}]
    assert bound(topology_of(named), "eth0").names.index("eth0.7") == 0
    assert place(bound(topology_of(named), "eth0"), "10.3.0.9", "10.0.0.9", vlan=8, sent_or_received=IN).iif == "eth0.7"


def test_own_macs_tell_which_way_a_frame_went() -> None:
    made = bound(topology_of(LINKS, ADDRESSES, ROUTES), "eth0", "br0")
    mac = int(ETH0_MAC.replace(":", ""), 16)
    assert mac in made.interfaces["eth0"].own_macs
    assert place(made, "203.0.113.2", "192.0.2.1", source_mac=mac).hook == "output"


def test_the_description_goes_before_the_ruleset_and_an_option_before_both() -> None:
    declared = {"interfaces": {"eth0": {"networks": ["any"]}, "lan": {"networks": ["172.16.0.0/12"]}}}
    made = topology_of(LINKS, ADDRESSES, ruleset=declared, local=["192.0.2.9"])
    assert made.names[:2] == ["eth0", "lan"]
    assert texts(made.interfaces["eth0"].networks) == ["203.0.113.0/24", "2001:db8::/64"]
    assert texts(made.interfaces["lan"].networks) == ["172.16.0.0/12"]
    assert ipaddress.ip_network("192.0.2.9/32") in made.local
    asked = topology_of(LINKS, ADDRESSES, ruleset=declared, interfaces={"eth0": ["198.51.100.0/24"]})
    assert texts(asked.interfaces["eth0"].networks) == ["198.51.100.0/24"]


def test_a_link_that_no_network_is_known_of_leaves_the_declared_ones() -> None:
    declared = {"interfaces": {"eth0": {"networks": ["any"]}}}
    assert texts(topology_of(LINKS, ruleset=declared).interfaces["eth0"].networks) == ["0.0.0.0/0", "::/0"]


def test_policy_routing_is_told() -> None:
    rules = [{"priority": 100, "src": "10.1.0.0", "srclen": 16, "table": "7"}]
    (told,) = topology_of(ROUTES, rules).notes()
    assert told == "policy routing is not simulated, only the main table is used: 100: from 10.1.0.0/16 lookup 7"


def test_addresses_without_their_route_and_small_networks() -> None:
    listing = [{"ifname": "e", "addr_info": [
        info("10.1.0.1", 24, noprefixroute=True), info("192.0.2.4", 31), info("198.51.100.1", 32),
    ]}]  # fmt: skip
    known = learned(read(listing))
    assert behind(known)["e"] == ["192.0.2.4/31", "198.51.100.1/32"]
    assert known.interfaces["e"].broadcasts == ()


def test_routes_of_other_tables_are_not_used() -> None:
    known = learned(read([{"dst": "10.1.0.0/16", "dev": "a", "table": "100"}, {"dst": "10.2.0.0/16", "dev": "b"}]))
    assert behind(known) == {"b": ["10.2.0.0/16"]}
