"""Captured frames as packets for the kernel: where the IP packet begins, and what of it is mended."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest

from fwsim.capture import Input, open_captures
from fwsim.kernel.framing import LONGEST, Framing, sum_of, with_checksum
from fwsim.kernel.orders import Injection, Way
from fwsim.ruleset import Ruleset
from fwsim.topology import Topology
from tests.captures_by_hand import CLIENT, CLIENT6, MAC, SERVER, SERVER6, ether, icmp, ip4, ip6, pcap, pseudo, tcp, udp

PLACES: dict[str, Any] = {
    "interfaces": {
        "lan": {"networks": ["10.0.0.0/8"], "addresses": ["10.0.0.1"]},
        "wan": {"networks": ["any"]},
    }
}
HOST = bytes([10, 0, 0, 9])
LAN, WAN, NOBODYS = 0, 1, 7


def framed(folder: Path, *frames: bytes, link: int = 1, **options: Any) -> tuple[list[Injection], dict[int, str]]:
    """A capture's frames as injections, numbered from 100."""
    path = folder / "capture"
    path.write_bytes(pcap(*frames, link=link, lengths=options.pop("lengths", None)))
    captures = open_captures([Input(str(path))])
    (chunk,) = captures
    topology = Topology.build(Ruleset.model_validate(PLACES))
    topology.locate(captures, chunk)
    framing = Framing(
        lambda number: number if number >= 0 else NOBODYS,
        lambda _: options.get("route", WAN),
        judged=True,
        translates=options.get("translates", False),
    )
    return framing.injections(chunk, [link], 100)


def only(folder: Path, frame: bytes, **options: Any) -> Injection:
    (injection,), left_out = framed(folder, frame, **options)
    assert left_out == {}
    return injection


PACKET = ip4(tcp(src=HOST, dst=SERVER), src=HOST)


@pytest.mark.parametrize(
    ("link", "before"),
    [
        (1, MAC + b"\x08\x00"),
        (1, MAC + b"\x81\x00\x00\x05\x08\x00"),
        (101, b""),
        (228, b""),
        (113, struct.pack(">HHHQH", 0, 1, 6, 0, 0x0800)),
        (0, b"\x02\0\0\0"),
    ],
)
def test_the_link_layer_is_stripped(tmp_path: Path, link: int, before: bytes) -> None:
    assert only(tmp_path, before + PACKET, link=link).data == b"\x08\x00" + PACKET


def test_ipv6_keeps_its_ether_type(tmp_path: Path) -> None:
    packet = ip6(tcp(src=CLIENT6, dst=SERVER6))
    for frame, link in ((ether(packet, 0x86DD), 1), (packet, 101)):
        assert only(tmp_path, frame, link=link).data == b"\x86\xdd" + packet


def test_a_packet_keeps_its_number_time_and_device(tmp_path: Path) -> None:
    injections, _ = framed(tmp_path, ether(PACKET), ether(PACKET))
    assert [(one.number, one.way, one.device) for one in injections] == [
        (100, Way.RECEIVED, LAN),
        (101, Way.RECEIVED, LAN),
    ]
    assert injections[1].at - injections[0].at == 1000


@pytest.mark.parametrize(("route", "device"), [(WAN, -1), (LAN, WAN)])
def test_where_rules_translate_the_routes_lead_the_firewalls_own_packet(
    tmp_path: Path, route: int, device: int
) -> None:
    packet = ip4(udp(b"", src=CLIENT, dst=SERVER), 17, src=CLIENT)
    assert only(tmp_path, ether(packet), route=route, translates=True).device == device


def test_the_firewalls_own_packet_is_sent_without_padding(tmp_path: Path) -> None:
    packet = ip4(udp(b"", src=CLIENT, dst=SERVER), 17, src=CLIENT)
    injection = only(tmp_path, ether(packet + bytes(18)))
    assert (injection.way, injection.device, injection.data) == (Way.SENT, WAN, packet)


def test_a_detour_is_taken_only_where_the_routes_lead_elsewhere(tmp_path: Path) -> None:
    assert only(tmp_path, ether(PACKET), route=WAN).detour == -1
    assert only(tmp_path, ether(PACKET), route=LAN).detour == WAN


def test_what_is_not_ip_is_left_out(tmp_path: Path) -> None:
    assert framed(tmp_path, ether(bytes(40), 0x0806)) == ([], {0: "not IP"})


def test_a_payload_that_was_cut_off_becomes_zeros_with_a_checksum_to_match(tmp_path: Path) -> None:
    whole = ip4(tcp(src=HOST, dst=SERVER, payload=b"secret"), src=HOST)
    injection = only(tmp_path, ether(whole)[: 14 + 40 + 2], lengths=[14 + len(whole)])
    data = injection.data[2:]
    assert data[40:] == b"se" + bytes(4)
    assert sum_of(pseudo(HOST, SERVER, 6, 26) + data[20:]) == 0


@pytest.mark.parametrize("kept", [20, 39])
def test_a_header_that_was_cut_off_cannot_be_mended(tmp_path: Path, kept: int) -> None:
    left = framed(tmp_path, ether(PACKET)[: 14 + kept], lengths=[14 + len(PACKET)])
    assert left == ([], {0: "cut by the capture"})


def test_a_checksum_left_to_the_network_card_is_filled_in(tmp_path: Path) -> None:
    right = tcp(src=HOST, dst=SERVER, payload=b"x")
    partial = sum_of(pseudo(HOST, SERVER, 6, len(right)))
    offloaded = right[:16] + partial.to_bytes(2, "big") + right[18:]
    assert only(tmp_path, ether(ip4(offloaded, src=HOST))).data[22:] == right


@pytest.mark.parametrize("proto", [6, 17])
def test_a_wrong_checksum_stays_wrong(tmp_path: Path, proto: int) -> None:
    segment = tcp(src=HOST, dst=SERVER) if proto == 6 else udp(src=HOST, dst=SERVER)
    at = 16 if proto == 6 else 6
    wrong = segment[:at] + bytes([segment[at] ^ 1]) + segment[at + 1 :]
    assert only(tmp_path, ether(ip4(wrong, proto, src=HOST))).data[22:] == wrong


def test_a_header_checksum_left_to_the_network_card_is_filled_in(tmp_path: Path) -> None:
    bare = PACKET[:10] + b"\0\0" + PACKET[12:]
    assert only(tmp_path, ether(bare)).data[2:] == PACKET


def test_a_length_left_to_the_network_card_is_filled_in(tmp_path: Path) -> None:
    bare = ip4(tcp(src=HOST, dst=SERVER), src=HOST, total=0)
    assert only(tmp_path, ether(bare)).data[2:] == PACKET


def test_an_icmp_checksum_can_be_made(tmp_path: Path) -> None:
    right = ip4(icmp(), 1, src=HOST)
    wrong = right[:22] + b"\0\1" + right[24:]
    assert with_checksum(wrong, 4, 1, 20, 2, len(wrong), anyway=True) == right


def test_a_packet_that_fits_no_device_is_left_out(tmp_path: Path) -> None:
    packet = ip4(udp(bytes(LONGEST - 20), src=HOST, dst=SERVER)[: LONGEST - 19], 17, src=HOST)
    assert framed(tmp_path, ether(packet))[1] == {0: "too long for a device"}


def test_a_jumbogram_keeps_its_length_of_zero(tmp_path: Path) -> None:
    packet = ip6(bytes([59, 0, 1, 4, 0, 0, 0, 0]), 0, src=CLIENT6, dst=SERVER6, size=0)
    assert only(tmp_path, ether(packet, 0x86DD)).data[2:] == packet


@pytest.mark.parametrize("with_length", [True, False])
@pytest.mark.parametrize("proto", [6, 17, 58])
def test_a_sum_left_to_the_card_is_finished_whether_the_length_is_in_it_or_not(
    tmp_path: Path, proto: int, with_length: bool
) -> None:
    """Found by fuzzing (seed 7, a wrong checksum that looks like one by chance): the simulator accepts both."""
    segment = {6: tcp(), 17: udp(), 58: b"\x80\0\0\0\0\1\0\2data"}[proto]
    at = {6: 16, 17: 6, 58: 2}[proto]
    bare = segment[:at] + b"\0\0" + segment[at + 2 :]
    whole = pseudo(CLIENT6, SERVER6, proto, len(bare))
    right = 0xFFFF - sum_of(whole + bare)
    partial = sum_of(whole if with_length else pseudo(CLIENT6, SERVER6, proto, 0))
    offloaded = bare[:at] + partial.to_bytes(2, "big") + bare[at + 2 :]
    sent = only(tmp_path, ether(ip6(offloaded, proto, src=CLIENT6, dst=SERVER6), 0x86DD)).data
    assert sent[42 + at : 44 + at] == right.to_bytes(2, "big")
