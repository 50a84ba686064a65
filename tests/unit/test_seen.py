"""Where a frame was seen, and which way it was going there."""

from __future__ import annotations

import pytest

from fwsim.terms import ABSENT, Reason
from fwsim.topology.declared import Behind
from tests.placed import IN, OFFICE, OUT, Place, networks, office, place, topology

LAN, DMZ, WAN = 0, 1, 2
STATION, OWN, ROUTER = 0x020000000001, 0x0200000000FE, 0x020000000099


@pytest.mark.parametrize(
    ("vlan", "interface"),
    [(ABSENT, "eth0"), (10, "eth0.10"), (20, "eth0")],
)
def test_vlan_is_its_declared_subinterface_else_the_interface_itself(vlan: int, interface: str) -> None:
    where = topology({"eth0": ["any"], "eth0.10": ["10.1.0.0/16"], "eth1": ["192.0.2.0/28"]}, on=["eth0"])
    assert place(where, "198.51.100.1", "192.0.2.2", vlan=vlan, sent_or_received=IN).iif == interface


def test_destination_behind_the_interface_and_source_elsewhere_is_an_egress_copy() -> None:
    where = office()
    assert place(where, "10.1.4.5", "198.51.100.9", WAN) == Place("forward", "?", "wan", reason=Reason.EGRESS_COPY)
    assert where.count("copies") == 1
    assert where.count("packets") == 0


def test_direction_flag_wins_over_addresses() -> None:
    assert place(office(), "10.1.4.5", "198.51.100.9", WAN, sent_or_received=IN) == Place(
        "forward", "wan", "wan", ("spoofed-source",)
    )
    assert place(office(), "198.51.100.9", "203.0.113.5", DMZ, sent_or_received=OUT).reason == Reason.EGRESS_COPY


def test_direction_flag_that_means_nothing_is_passed_over() -> None:
    assert place(office(), "10.1.4.5", "198.51.100.9", WAN, sent_or_received=3).reason == Reason.EGRESS_COPY
    assert place(office(on=[None]), "10.1.4.5", "198.51.100.9", sent_or_received=3) == Place("forward", "lan", "wan")


def test_station_known_by_its_mac_is_coming_in() -> None:
    interfaces = OFFICE | {"wan": Behind(networks("any"), macs=(STATION,))}
    where = topology(interfaces, on=["lan", "dmz", "wan"])
    assert place(where, "10.1.4.5", "198.51.100.9", WAN, source_mac=STATION) == Place(
        "forward", "wan", "wan", ("spoofed-source",)
    )


def test_frame_with_the_firewalls_own_mac_is_going_out_and_any_other_coming_in() -> None:
    interfaces = OFFICE | {"lan": Behind(networks("10.1.0.0/16"), own_macs=(OWN,))}
    where = topology(interfaces, on=["lan", "dmz", "wan"])
    assert place(where, "10.1.4.5", "10.1.4.6", LAN, source_mac=OWN).reason == Reason.EGRESS_COPY
    assert place(where, "198.51.100.9", "10.1.4.6", LAN, source_mac=ROUTER) == Place(
        "forward", "lan", "lan", ("spoofed-source",)
    )


def test_known_mac_tells_the_interface_where_the_capture_does_not() -> None:
    interfaces = OFFICE | {"lan": Behind(networks("10.1.0.0/16"), macs=(STATION,), own_macs=(OWN,))}
    where = topology(interfaces, on=[None])
    assert place(where, "198.51.100.9", "192.0.2.2", source_mac=STATION) == Place(
        "forward", "lan", "dmz", ("spoofed-source",)
    )
    assert where.count("guessed") == 0


def test_mac_on_several_interfaces_tells_the_way_but_not_the_interface() -> None:
    interfaces = {
        name: Behind(networks(*v), own_macs=(OWN,)) for name, v in OFFICE.items() if not isinstance(v, Behind)
    }
    assert place(topology(interfaces, on=[None]), "10.1.4.5", "198.51.100.9", source_mac=OWN) == Place(
        "forward", "lan", "wan"
    )
    where = topology(interfaces, on=["lan", "dmz", "wan"])
    assert place(where, "192.0.2.2", "10.1.4.5", LAN, source_mac=OWN).reason == Reason.EGRESS_COPY


def test_mac_declared_as_a_stations_and_as_the_firewalls_own_is_its_own() -> None:
    interfaces = OFFICE | {"lan": Behind(networks("10.1.0.0/16"), macs=(OWN,)), "dmz": Behind(own_macs=(OWN,))}
    where = topology(interfaces, on=["lan", "dmz", "wan"])
    assert place(where, "198.51.100.9", "192.0.2.2", DMZ, source_mac=OWN).reason == Reason.EGRESS_COPY


def test_capture_of_one_interface_has_no_ingress_copies_so_egress_is_evaluated() -> None:
    where = office(on=["wan"])
    assert place(where, "10.1.4.5", "198.51.100.9", 0) == Place("forward", "lan", "wan")
    assert place(where, "10.1.4.5", "198.51.100.9", 0, sent_or_received=OUT) == Place("forward", "lan", "wan")
    assert where.count("copies") == 0


def test_egress_is_evaluated_if_the_interface_it_came_in_by_was_not_captured() -> None:
    where = office(on=["lan", "wan"])
    assert place(where, "192.0.2.2", "198.51.100.9", 1) == Place("forward", "dmz", "wan")
    assert place(where, "10.1.4.5", "198.51.100.9", 1).reason == Reason.EGRESS_COPY


def test_packet_seen_going_out_with_its_last_ttl_has_survived_it() -> None:
    assert place(office(on=["wan"]), "10.1.4.5", "198.51.100.9", ttl=1, sent_or_received=OUT).fault == Reason.NONE
    assert place(office(on=["wan"]), "198.51.100.9", "10.1.4.5", ttl=1).fault == Reason.TTL_EXPIRED


def test_multicast_and_broadcast_are_never_egress_copies_by_their_addresses() -> None:
    for destination in ("224.0.0.251", "239.1.1.1", "255.255.255.255"):
        assert place(office(), "10.1.4.5", destination, WAN).reason == Reason.NONE
    assert place(office(), "192.0.2.2", "10.1.255.255", LAN).reason == Reason.NONE
