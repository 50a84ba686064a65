"""Every link layer that is read, and what is not IP."""

from __future__ import annotations

import struct

import pytest

from fwsim.terms import ABSENT, Evidence, Reason
from tests.captures_by_hand import SOURCE_MAC, decoded, ether, ip4, ip6, tcp, udp

PACKET = ip4(tcp(), 6)
PACKET6 = ip6(b"\0" * 8, 59)


def tagged(*tags: tuple[int, int], kind: int = 0x0800, payload: bytes = PACKET) -> bytes:
    """An Ethernet frame with VLAN tags, outermost first: (EtherType of the tag, VLAN id)."""
    types = [ethertype for ethertype, _ in tags[1:]] + [kind]
    body = b"".join(struct.pack(">HH", 0xE000 | vlan, then) for (_, vlan), then in zip(tags, types, strict=True))
    return ether(body + payload, tags[0][0])


def test_ethernet_tells_source_mac_and_no_vlan() -> None:
    found = decoded(ether(PACKET))
    assert (found.frame["reason"], found.frame["source_mac"], found.packet["vlan"]) == (0, SOURCE_MAC, ABSENT)
    assert (found.packet["family"], found.packet["sport"], found.packet["dport"]) == (4, 40000, 80)


def test_vlan_tag_is_stepped_over_and_kept() -> None:
    assert decoded(tagged((0x8100, 42))).packet["vlan"] == 42
    assert decoded(tagged((0x8100, 42))).packet["dport"] == 80


@pytest.mark.parametrize("outer", [0x88A8, 0x9100, 0x8100])
def test_of_two_vlan_tags_the_outer_is_kept(outer: int) -> None:
    found = decoded(tagged((outer, 300), (0x8100, 42)))
    assert (found.packet["vlan"], found.packet["dport"]) == (300, 80)


def test_priority_tag_is_no_vlan() -> None:
    assert decoded(tagged((0x8100, 0))).packet["vlan"] == ABSENT


def test_more_tags_than_any_network_has_are_not_ip() -> None:
    assert decoded(tagged(*[(0x8100, 1)] * 20)).frame["reason"] == Reason.NOT_IP


def test_mpls_labels_are_stepped_over_to_the_ip_version() -> None:
    labels = struct.pack(">II", 100 << 12 | 64, 200 << 12 | 1 << 8 | 64)
    assert decoded(ether(labels + PACKET, 0x8847)).packet["family"] == 4
    assert decoded(ether(labels + PACKET6, 0x8848)).packet["family"] == 6
    assert decoded(ether(labels + b"\0\0\0\0" + PACKET, 0x8847)).frame["reason"] == Reason.NOT_IP  # a pseudowire


@pytest.mark.parametrize(("protocol", "payload", "family"), [(0x0021, PACKET, 4), (0x0057, PACKET6, 6)])
def test_pppoe_session_holds_ip(protocol: int, payload: bytes, family: int) -> None:
    session = struct.pack(">BBHHH", 0x11, 0, 9, len(payload) + 2, protocol)
    assert decoded(ether(session + payload, 0x8864)).packet["family"] == family


def test_pppoe_control_is_not_ip() -> None:
    assert (
        decoded(ether(struct.pack(">BBHHH", 0x11, 0, 9, 4, 0xC021) + b"\0\0", 0x8864)).frame["reason"] == Reason.NOT_IP
    )


@pytest.mark.parametrize("kind", [0x0806, 0x88CC, 0x88E5, 46, 1500])
def test_arp_and_llc_and_others_are_not_ip(kind: int) -> None:
    found = decoded(ether(PACKET, kind))
    assert (found.frame["reason"], found.packet["family"], found.packet["proto"]) == (Reason.NOT_IP, 0, ABSENT)
    assert found.frame["source_mac"] == SOURCE_MAC


@pytest.mark.parametrize("link", [12, 14, 101])
def test_raw_ip_is_told_by_its_version(link: int) -> None:
    assert decoded(PACKET, link).packet["family"] == 4
    assert decoded(PACKET6, link).packet["family"] == 6
    assert decoded(b"\x00" * 40, link).frame["reason"] == Reason.BAD_IP_HEADER


def test_raw_ip_of_one_family_refuses_the_other() -> None:
    assert decoded(PACKET, 228).packet["family"] == 4
    assert decoded(PACKET6, 229).packet["family"] == 6
    assert decoded(PACKET, 229).frame["reason"] == Reason.BAD_IP_HEADER
    assert decoded(PACKET6, 228).frame["reason"] == Reason.BAD_IP_HEADER


@pytest.mark.parametrize("link", [0, 108])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("number", "family"), [(2, 4), (10, 6), (24, 6), (28, 6), (30, 6)])
def test_loopback_knows_every_address_family_in_both_orders(link: int, order: str, number: int, family: int) -> None:
    payload = PACKET if family == 4 else PACKET6
    assert decoded(struct.pack(order + "I", number) + payload, link).packet["family"] == family


def test_loopback_of_another_family_is_not_ip() -> None:
    assert decoded(struct.pack("<I", 7) + PACKET, 0).frame["reason"] == Reason.NOT_IP


def cooked(kind: int, address_length: int = 6, protocol: int = 0x0800, payload: bytes = PACKET) -> bytes:
    address = SOURCE_MAC.to_bytes(6, "big") + b"\0\0"
    return struct.pack(">HHH", kind, 1, address_length) + address + struct.pack(">H", protocol) + payload


def cooked_v2(kind: int, address_length: int = 6, protocol: int = 0x0800, payload: bytes = PACKET) -> bytes:
    address = SOURCE_MAC.to_bytes(6, "big") + b"\0\0"
    return struct.pack(">HHIHBB", protocol, 0, 77, 1, kind, address_length) + address + payload


@pytest.mark.parametrize(("kind", "direction"), [(0, 1), (1, 1), (2, 1), (3, 1), (4, 2), (9, 0)])
def test_cooked_packet_type_tells_the_direction(kind: int, direction: int) -> None:
    for found in (decoded(cooked(kind), 113), decoded(cooked_v2(kind), 276)):
        assert found.frame["sent_or_received"] == direction
        assert (found.frame["source_mac"], found.packet["dport"]) == (SOURCE_MAC, 80)


def test_cooked_v2_tells_the_interface_index() -> None:
    assert decoded(cooked_v2(0), 276).frame["ifindex"] == 77
    assert decoded(cooked(0), 113).frame["ifindex"] == 0


def test_cooked_address_that_is_no_mac_is_absent() -> None:
    assert decoded(cooked(0, 4), 113).frame["source_mac"] == ABSENT
    assert decoded(cooked_v2(0, 0), 276).frame["source_mac"] == ABSENT


def test_cooked_frame_may_be_tagged_or_not_ip() -> None:
    vlan = struct.pack(">HH", 42, 0x0800) + PACKET
    assert decoded(cooked(0, protocol=0x8100, payload=vlan), 113).packet["vlan"] == 42
    assert decoded(cooked(0, protocol=0x0806), 113).frame["reason"] == Reason.NOT_IP


def test_link_type_that_is_not_read_is_not_ip() -> None:
    assert decoded(ether(PACKET), 127).frame["reason"] == Reason.NOT_IP


@pytest.mark.parametrize(
    ("data", "link"),
    [
        (ether(b""), 1),
        (tagged((0x8100, 42)), 1),
        (cooked(0), 113),
        (cooked_v2(0), 276),
        (b"\x02\0\0\0", 0),
        (b"\x45", 101),
    ],
)
def test_frame_cut_within_its_link_layer_is_cut(data: bytes, link: int) -> None:
    header = {1: 14 if len(data) == 14 else 18, 113: 16, 276: 20, 0: 4, 101: 1}[link]
    found = decoded(data[: header - 1], link, length=500)
    assert found.frame["reason"] == Reason.CUT
    assert found.frame["evidence"] == Evidence.CUT


def test_runt_frame_that_was_not_cut_is_not_ip() -> None:
    assert decoded(ether(PACKET)[:13]).frame["reason"] == Reason.NOT_IP
    assert decoded(b"\x02\0\0", 0).frame["reason"] == Reason.NOT_IP


def test_padding_of_a_short_ethernet_frame_is_not_payload() -> None:
    found = decoded(ether(ip4(udp(b""), 17)) + b"\xff" * 18)
    assert (found.packet["payload"], found.packet["length"], found.frame["transport_fault"]) == (0, 28, 0)
