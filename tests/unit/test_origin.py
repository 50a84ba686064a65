"""Where packets came from, where they go, and at which hook they are filtered."""

from __future__ import annotations

import pytest

from fwsim.engine.origin import locate
from fwsim.tables import Rows
from fwsim.terms import UNKNOWN_VALUE, Evidence, Reason
from tests.placed import (
    COOKED,
    COOKED_V2,
    IN,
    OUT,
    Interface,
    Place,
    chunk,
    office,
    packet,
    place,
    places,
    topology,
)

LAN, DMZ, WAN = 0, 1, 2
FIREWALL = ["10.1.0.1", "203.0.113.1", "fd00:1::1", "2001:db8:f::1"]
STATION, OWN, ROUTER = 0x020000000001, 0x0200000000FE, 0x020000000099


# --- interfaces -----------------------------------------------------------------------------------------------


def test_packet_seen_on_its_way_in_goes_from_there_to_the_longest_prefix() -> None:
    assert place(office(), "10.1.4.5", "198.51.100.9", LAN) == Place("forward", "lan", "wan")
    assert place(office(), "198.51.100.9", "192.0.2.2", WAN) == Place("forward", "wan", "dmz")
    assert place(office(), "fd00:1::5", "2001:db8::9", LAN) == Place("forward", "lan", "wan")


def test_narrower_network_wins_over_a_wider_one() -> None:
    where = topology({"lan": ["10.0.0.0/8"], "lab": ["10.9.0.0/16"], "wan": ["any"]}, on=["wan"])
    assert place(where, "198.51.100.9", "10.9.1.1").oif == "lab"
    assert place(where, "198.51.100.9", "10.8.1.1").oif == "lan"


def test_without_a_capture_interface_ingress_is_guessed_from_the_source() -> None:
    where = office(on=[None])
    assert place(where, "10.1.4.5", "198.51.100.9") == Place("forward", "lan", "wan")
    assert where.count("guessed") == 1
    assert "guessed from their source addresses" in where.notes()[0]


def test_without_declared_interfaces_both_are_unknown_and_nothing_is_guessed() -> None:
    where = topology({}, on=["eth0"])
    assert place(where, "10.1.4.5", "198.51.100.9") == Place("forward", "?", "?")
    assert where.count("guessed") == 0
    assert where.notes() == []


def test_address_that_no_network_holds_gives_an_unknown_interface() -> None:
    where = topology({"lan": ["10.1.0.0/16"]}, on=[None])
    assert place(where, "10.1.4.5", "198.51.100.9") == Place("forward", "lan", "?")
    assert place(where, "198.51.100.9", "10.1.4.5") == Place("forward", "?", "lan")


def test_network_that_two_interfaces_share_leaves_egress_unknown() -> None:
    where = topology({"lan": ["10.1.0.0/16"], "isp1": ["any"], "isp2": ["any"]}, on=["lan", "isp1", "isp2"])
    assert place(where, "10.1.4.5", "198.51.100.9", 0) == Place("forward", "lan", "?")
    assert place(where, "198.51.100.9", "10.1.4.5", 1) == Place("forward", "isp1", "lan")
    assert place(where, "198.51.100.9", "10.1.4.5", 2, ip_id=8) == Place("forward", "isp2", "lan")


def test_link_local_source_is_not_guessed_to_be_anywhere() -> None:
    assert place(office(on=[None]), "fe80::5", "ff02::1").iif == "?"
    assert place(office(on=[None]), "169.254.3.3", "224.0.0.251").iif == "?"
    assert place(office(), "fe80::5", "ff02::1", LAN).iif == "lan"


def test_undeclared_capture_interface_is_no_interface_and_is_noted() -> None:
    where = office(on=["enp3s0"])
    assert place(where, "198.51.100.9", "10.1.4.5").iif == "wan"
    assert where.notes()[1] == "captured on enp3s0, which the ruleset does not declare (it has lan, dmz, wan)"


def test_frame_that_is_not_ip_is_only_told_where_it_was_seen() -> None:
    got = place(office(), "0.0.0.0", "0.0.0.0", DMZ, family=0, reason=int(Reason.NOT_IP))
    assert got == Place("none", "dmz", "?", reason=Reason.NOT_IP)


# --- seen twice -------------------------------------------------------------------------------------------------


def test_second_sighting_on_another_interface_of_a_cooked_capture_is_an_egress_copy() -> None:
    where = office(on=[Interface(None, COOKED_V2)])
    first = packet("10.1.4.5", "198.51.100.9", ifindex=2, sent_or_received=IN)
    second = first | {"ifindex": 3, "sent_or_received": OUT, "ttl": 63}
    assert [got.reason for got in places(where, first, second)] == [Reason.NONE, Reason.EGRESS_COPY]


def test_second_sighting_in_the_other_direction_is_enough_for_a_cooked_capture_without_ifindex() -> None:
    where = office(on=[Interface("any", COOKED)])
    first = packet("10.1.4.5", "198.51.100.9", sent_or_received=IN)
    second = first | {"sent_or_received": OUT, "ttl": 63}
    assert [got.reason for got in places(where, first, second)] == [Reason.NONE, Reason.EGRESS_COPY]


def test_packet_going_out_that_was_not_seen_coming_in_is_evaluated_in_a_cooked_capture() -> None:
    where = office(on=[Interface("any", COOKED)])
    assert place(where, "10.1.4.5", "198.51.100.9", sent_or_received=OUT) == Place("forward", "lan", "wan")


def test_same_packet_seen_tagged_and_in_another_vlan_is_an_egress_copy() -> None:
    where = topology({}, on=["trunk"])
    first = packet("10.1.4.5", "198.51.100.9", vlan=10)
    assert [p.reason for p in places(where, first, first | {"vlan": 20, "ttl": 63})] == [0, Reason.EGRESS_COPY]


@pytest.mark.parametrize(
    "change",
    [
        {"ip_id": 8}, {"sport": 4}, {"dport": 4}, {"seq": 5}, {"length": 61}, {"src0": 3}, {"dst0": 3}, {"proto": 6},
        {"ttl": 62}, {"ttl": 65}, {"fragment": 2}, {"icmp_type": 8}, {"icmp_id": 1}, {"ts": 30_000_000},
        {"file": 1}, {"ifindex": 2},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_packet_that_differs_is_not_a_second_sighting(change: dict[str, int]) -> None:
    where = topology({}, on=[Interface(None, COOKED_V2)])
    first = packet("10.1.4.5", "198.51.100.9", ifindex=2)
    assert [p.reason for p in places(where, first, first | {"ifindex": 3} | change)] == [0, 0]


def test_packet_that_came_in_by_two_declared_interfaces_is_two_packets() -> None:
    first = packet("198.51.100.9", "10.1.4.5", WAN, sent_or_received=IN)
    got = places(office(), first, first | {"capture_interface": DMZ})
    assert got == [Place("forward", "wan", "lan"), Place("forward", "dmz", "lan", ("spoofed-source",))]


def test_egress_copy_that_comes_first_does_not_hide_the_packet() -> None:
    first = packet("10.1.4.5", "198.51.100.9", WAN, ttl=63)
    got = places(office(), first, first | {"capture_interface": LAN})
    assert [p.reason for p in got] == [Reason.EGRESS_COPY, Reason.NONE]


def test_egress_copy_teaches_the_interface_of_a_destination_that_no_network_holds() -> None:
    where = topology({"lan": ["10.1.0.0/16"], "wan": []}, on=["lan", "wan"])
    out = packet("10.1.4.5", "198.51.100.9", 0, sent_or_received=IN)
    assert places(where, out)[0].oif == "?"
    assert places(where, out | {"capture_interface": 1, "sent_or_received": OUT})[0].reason == Reason.EGRESS_COPY
    assert places(where, out | {"ip_id": 9})[0].oif == "wan"
    assert place(where, "10.1.4.5", "198.51.100.10", 0).oif == "?"


# --- hooks ------------------------------------------------------------------------------------------------------


def test_packet_to_a_local_address_is_input_without_egress() -> None:
    assert place(office(local=FIREWALL), "198.51.100.9", "203.0.113.1", WAN) == Place("input", "wan", "-")
    assert place(office(local=FIREWALL), "2001:db8::5", "2001:db8:f::1", WAN) == Place("input", "wan", "-")


def test_packet_from_a_local_address_is_output_without_ingress() -> None:
    assert place(office(local=FIREWALL), "203.0.113.1", "198.51.100.9", WAN) == Place("output", "-", "wan")
    assert place(office(local=FIREWALL, on=[None]), "203.0.113.1", "10.1.4.5") == Place("output", "-", "lan")


@pytest.mark.parametrize("destination", ["255.255.255.255", "10.1.255.255", "224.0.0.251", "ff02::fb", "ff12::1"])
def test_broadcast_and_link_scope_multicast_are_input(destination: str) -> None:
    source = "fd00:1::5" if ":" in destination else "10.1.4.5"
    assert place(office(), source, destination, LAN) == Place("input", "lan", "-")


def test_own_packet_to_link_scope_multicast_is_output() -> None:
    assert place(office(local=FIREWALL), "10.1.0.1", "224.0.0.5", LAN) == Place("output", "-", "lan")


@pytest.mark.parametrize(
    ("src", "dst"), [("fe80::1", "fe80::2"), ("0.0.0.0", "255.255.255.255"), ("10.1.9.9", "224.0.0.5")]
)
def test_what_no_router_forwards_and_yet_goes_out_was_sent_here(src: str, dst: str) -> None:
    assert place(office(), src, dst, LAN, sent_or_received=OUT) == Place("output", "-", "lan")


def test_local_to_local_passes_output_and_input_over_loopback() -> None:
    where = office(local=FIREWALL, on=[None])
    assert place(where, "10.1.0.1", "203.0.113.1") == Place("local", "lo", "lo")
    assert place(where, "127.0.0.1", "10.1.0.1") == Place("local", "lo", "lo")


def test_loopback_addresses_are_loopback_traffic_also_without_local_addresses() -> None:
    assert place(topology({}, on=[None]), "127.0.0.1", "127.0.0.1") == Place("local", "lo", "lo")
    assert place(topology({}, on=[None]), "::1", "::1") == Place("local", "lo", "lo")


def test_whatever_is_seen_on_the_loopback_interface_loops() -> None:
    assert place(topology({"eth0": ["any"]}, on=["lo"]), "10.0.0.5", "10.0.0.5") == Place("local", "lo", "lo")


def test_declared_loopback_interface_keeps_its_number() -> None:
    where = topology({"lo": ["127.0.0.0/8"], "eth0": ["any"]}, on=["eth0"])
    assert where.names == ["lo", "eth0"]
    assert place(topology({"lo": [], "eth0": ["any"]}, on=["lo"]), "127.0.0.1", "127.0.0.1").iif == "lo"


# --- forged local sources -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seen", [{"sent_or_received": IN}, {}])
def test_own_address_coming_in_from_outside_is_a_spoofed_martian(seen: dict[str, int]) -> None:
    assert place(office(local=FIREWALL), "10.1.0.1", "10.1.4.5", WAN, **seen) == Place(
        "forward", "wan", "lan", ("spoofed-source",), Reason.MARTIAN_SOURCE
    )


def test_own_address_on_both_ends_on_a_wire_is_a_spoofed_martian() -> None:
    assert place(office(local=FIREWALL), "203.0.113.1", "203.0.113.1", WAN) == Place(
        "input", "wan", "-", ("spoofed-source",), Reason.MARTIAN_SOURCE
    )


def test_own_ipv6_address_coming_in_from_outside_is_spoofed_but_linux_routes_it() -> None:
    where = office(local=FIREWALL)
    assert place(where, "fd00:1::1", "fd00:1::9", WAN, sent_or_received=IN) == Place(
        "forward", "wan", "lan", ("spoofed-source",)
    )
    assert place(where, "2001:db8:f::1", "2001:db8:f::1", WAN).fault == Reason.NONE


def test_own_packet_that_could_be_going_out_is_output() -> None:
    assert place(office(local=FIREWALL), "10.1.0.1", "10.1.4.5", LAN) == Place("output", "-", "lan")
    where = topology({"lan": ["10.1.0.0/16"], "wan": []}, ["10.1.0.1"], on=["lan", "wan"])
    assert place(where, "10.1.0.1", "198.51.100.9", 1) == Place("output", "-", "wan")


# --- evidence ---------------------------------------------------------------------------------------------------


def test_source_of_another_interface_is_spoofed() -> None:
    assert place(office(), "10.1.4.5", "192.0.2.2", WAN) == Place("forward", "wan", "dmz", ("spoofed-source",))
    assert place(office(), "198.51.100.9", "203.0.113.9", LAN).evidence == ("spoofed-source",)


def test_source_outside_all_declared_networks_is_spoofed_only_where_networks_are_declared() -> None:
    where = topology({"lan": ["10.1.0.0/16"], "wan": []}, on=["lan", "wan"])
    assert place(where, "198.51.100.9", "203.0.113.9", 0).evidence == ("spoofed-source",)
    assert place(where, "198.51.100.9", "203.0.113.9", 1).evidence == ()


def test_spoofing_cannot_be_seen_where_ingress_is_guessed() -> None:
    assert place(office(on=[None]), "10.1.4.5", "192.0.2.2").evidence == ()


def test_egress_copy_of_a_spoofed_packet_carries_no_evidence_of_its_own() -> None:
    forged = packet("10.1.4.5", "192.0.2.2", WAN)
    got = places(office(), forged, forged | {"capture_interface": DMZ, "ttl": 63})
    assert [(p.evidence, p.reason) for p in got] == [(("spoofed-source",), 0), ((), Reason.EGRESS_COPY)]


def test_link_local_and_unspecified_sources_belong_to_every_link() -> None:
    for source, destination in (("fe80::5", "ff02::1"), ("::", "ff02::1:ff00:1"), ("0.0.0.0", "255.255.255.255")):
        for interface in (LAN, DMZ, WAN):
            assert place(office(), source, destination, interface).evidence == ()


@pytest.mark.parametrize(
    "source", ["0.1.2.3", "127.0.0.1", "169.254.1.1", "224.0.0.5", "240.0.0.1", "255.255.255.255", "0.0.0.0"]
)
@pytest.mark.parametrize("seen_on", [[None], ["wan"]])
def test_source_that_no_network_has_is_a_bogon_wherever_it_is_seen(source: str, seen_on: list[str | None]) -> None:
    assert place(office(on=seen_on), source, "10.1.4.5").evidence == ("bogon-source",)


@pytest.mark.parametrize(
    "source", ["10.7.7.7", "172.20.0.1", "192.168.3.3", "100.64.0.9", "198.18.0.1", "fd99::1", "fec0::1"]
)
def test_private_source_is_a_bogon_only_where_it_was_seen_to_come_in_by_any(source: str) -> None:
    destination = "fd00:1::5" if ":" in source else "10.1.4.5"
    assert place(office(), source, destination, WAN).evidence == ("bogon-source",)
    assert place(office(on=[None]), source, destination).evidence == ()


def test_private_source_is_no_bogon_behind_the_interface_that_declares_it() -> None:
    where = topology({"lan": ["10.1.0.0/16"], "wan": ["any", "192.168.0.0/24"]}, on=["lan", "wan"])
    assert place(where, "192.168.0.9", "10.1.4.5", 1).evidence == ()
    assert place(where, "192.168.1.9", "10.1.4.5", 1).evidence == ("bogon-source",)


def test_private_neighbours_of_a_host_with_a_private_address_are_no_bogons() -> None:
    where = topology({"eth0": ["any"]}, ["192.168.1.7"], on=["eth0"])
    assert place(where, "192.168.1.9", "192.168.1.7").evidence == ()
    assert place(where, "10.0.0.9", "192.168.1.7").evidence == ("bogon-source",)


@pytest.mark.parametrize("source", ["192.0.2.200", "198.51.100.9", "203.0.113.9", "2001:db8::9"])
def test_documentation_networks_are_no_bogons(source: str) -> None:
    assert place(office(), source, "fd00:1::5" if ":" in source else "10.1.4.5", WAN).evidence == ()


def test_ipv4_link_local_source_is_in_order_within_its_link() -> None:
    for destination in ("169.254.2.2", "224.0.0.251", "255.255.255.255"):
        assert place(office(), "169.254.1.1", destination, LAN).evidence == ()


def test_evidence_of_decoding_is_kept() -> None:
    got = place(office(), "10.1.4.5", "192.0.2.2", WAN, evidence=int(Evidence.BAD_LENGTH))
    assert got.evidence == ("spoofed-source", "bad-length")


# --- both ways of running -----------------------------------------------------------------------------------------


@pytest.mark.uncompiled
def test_arrays_and_rows_give_the_same() -> None:
    rows = [packet(s, d, on, ttl=ttl) for s, d in PAIRS for on in (LAN, WAN) for ttl in (1, 64)]
    direct, wrapped = chunk(*rows), chunk(*rows)
    locate(office(local=FIREWALL).places, direct.frames, direct.packets, 0, len(rows))
    frames, packets = Rows(wrapped.frames), Rows(wrapped.packets)
    locate(office(local=FIREWALL).usable(), frames, packets, 0, len(rows))  # type: ignore[arg-type]
    frames.flush()
    packets.flush()
    assert direct.frames.tolist() == wrapped.frames.tolist()
    assert direct.packets.tolist() == wrapped.packets.tolist()


def test_rows_outside_the_range_are_left_alone() -> None:
    located = chunk(*(packet("10.1.4.5", "198.51.100.9", LAN, iif=99) for _ in range(3)))
    locate(office().places, located.frames, located.packets, 1, 2)
    assert located.packets["iif"].tolist() == [99, 0, 99]
    assert located.frames["interface"].tolist() == [0, 0, 0]


def test_capture_interface_that_was_not_made_known_is_no_interface() -> None:
    located = chunk(packet("10.1.4.5", "198.51.100.9", 17))
    locate(office().places, located.frames, located.packets, 0, 1)
    assert located.frames["interface"].tolist() == [UNKNOWN_VALUE]


PAIRS = [
    ("10.1.4.5", "198.51.100.9"), ("198.51.100.9", "10.1.4.5"), ("10.1.0.1", "10.1.4.5"), ("203.0.113.1", "10.1.0.1"),
    ("0.0.0.0", "255.255.255.255"), ("127.0.0.1", "10.1.4.5"), ("10.1.4.5", "239.1.1.1"), ("fe80::1", "ff02::1"),
    ("fd00:1::5", "2001:db8::1"), ("::1", "fd00:1::1"), ("2001:db8::1", "ff05::2"), ("240.0.0.1", "10.1.255.255"),
]  # fmt: skip


def test_of_an_undeclared_capture_interface_it_is_said_what_helps_if_anything_is_not_placed() -> None:
    where = topology({"lan": []}, on=["wan"])
    place(where, "198.51.100.9", "10.1.4.5")
    advice = "--interface NAME=CIDR or --topology tells what lies where"
    assert where.notes()[-1] == f"captured on wan, which the ruleset does not declare (it has lan); {advice}"
