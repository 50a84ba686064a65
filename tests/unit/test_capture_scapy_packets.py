"""Scapy packets go the same way as a capture's frames."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from scapy.layers.dns import DNS, DNSQR
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6
from scapy.layers.l2 import ARP, CookedLinux, Dot1Q, Ether
from scapy.packet import Raw
from scapy.utils import PcapWriter

from fwsim.capture import from_scapy
from fwsim.errors import CaptureError
from tests.captures_by_hand import frames_of, read

LINK = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
TCP_PACKET = LINK / IP(src="10.0.0.1", dst="192.0.2.2") / TCP(sport=5, dport=80, flags="S")


def packets() -> list[Any]:
    """One of each kind."""
    return [
        TCP_PACKET,
        LINK / Dot1Q(vlan=42) / IP(dst="192.0.2.9") / UDP(dport=53) / DNS(qd=DNSQR(qname="example.org")),
        LINK / IP(dst="192.0.2.9") / ICMP(id=9),
        LINK / IPv6(dst="2001:db8::2") / ICMPv6EchoRequest(id=9),
        LINK / ARP(),
    ]


def test_scapy_packets_decode_as_their_capture_does(tmp_path: Path) -> None:
    path = tmp_path / "written"
    made = packets()
    for number, packet in enumerate(made):
        packet.time = Decimal("1700000000.000001") + number
    with PcapWriter(str(path), linktype=1, sync=True) as writer:
        for packet in made:
            writer.write(packet)
    _, from_file = read(tmp_path, path.read_bytes())
    direct = frames_of(from_scapy(made))
    assert [f.packet for f in direct] == [f.packet for f in from_file]
    for ours, theirs in zip(direct, from_file, strict=True):
        assert ours.frame == theirs.frame | {"offset": ours.frame["offset"]}


def test_scapy_fields_arrive(tmp_path: Path) -> None:
    first, second, third, fourth, fifth = frames_of(from_scapy(packets()))
    assert [first.packet[f] for f in ("src0", "dport", "flags")] == [0x0A000001, 80, 2]
    assert first.frame["source_mac"] == 0x020000000001
    assert (second.packet["vlan"], second.packet["dport"]) == (42, 53)
    assert (third.packet["icmp_type"], third.packet["icmp_id"]) == (8, 9)
    assert (fourth.packet["family"], fourth.packet["icmp_type"]) == (6, 128)
    assert fifth.frame["reason"] == 10


def test_addresses_that_were_not_given_are_zero_and_not_asked_for() -> None:
    packet = Ether() / IP(src="10.0.0.1", dst="192.0.2.2") / TCP()
    captures = from_scapy([packet])
    (chunk,) = captures
    assert chunk.data(0)[:14] == bytes(12) + b"\x08\x00"
    assert packet.fields == {}


def test_bare_ip_packets_need_no_link_layer() -> None:
    frames = frames_of(from_scapy([IP(dst="192.0.2.2") / TCP(), IPv6(dst="::2") / UDP(dport=53)]))
    assert [(f.packet["family"], f.packet["dport"]) for f in frames] == [(4, 80), (6, 53)]


def test_cooked_packets_keep_their_link_type() -> None:
    captures = from_scapy([CookedLinux(pkttype=4) / IP(dst="192.0.2.2") / TCP()])
    (frame,) = frames_of(captures)
    assert (frame.frame["sent_or_received"], captures.interfaces[0].link_type) == (2, 113)


def test_time_comes_from_the_packet_or_the_caller() -> None:
    packet = TCP_PACKET.copy()
    packet.time = Decimal("1700000000.123456789")
    assert frames_of(from_scapy([packet]))[0].frame["ts"] == 1_700_000_000_123_456_789
    packet.time = 1.5
    assert frames_of(from_scapy([packet]))[0].frame["ts"] == 1_500_000_000
    assert frames_of(from_scapy([packet], ts=7))[0].packet["now"] == 7


def test_what_scapy_knows_of_a_packet_is_kept() -> None:
    packet = TCP_PACKET.copy()
    packet.sniffed_on, packet.direction, packet.wirelen, packet.comments = "eth7", 2, 900, [b"one", b"two"]
    captures = from_scapy([packet, TCP_PACKET], interface="lan")
    first, second = frames_of(captures)
    assert [first.frame[f] for f in ("sent_or_received", "length")] == [2, 900]
    assert (first.comments, second.comments) == (["one", "two"], [])
    names = [captures.interfaces[f.frame["capture_interface"]].name for f in (first, second)]
    assert names == ["eth7", "lan"]


def test_packets_come_from_any_iterable_in_chunks() -> None:
    captures = from_scapy((TCP_PACKET for _ in range(25)), chunk_rows=10)
    sizes, left = [], []
    for chunk in captures:
        sizes.append(len(chunk))
        left.append(captures.estimate_remaining())
    assert sizes == [10, 10, 5]
    assert captures.files[0].packets == 25
    assert len(frames_of(from_scapy([TCP_PACKET] * 9, limit=4))) == 4


def test_remaining_packets_of_a_list_are_counted() -> None:
    captures = from_scapy([TCP_PACKET] * 25, chunk_rows=10)
    next(iter(captures))
    assert captures.estimate_remaining() == 15


def test_packet_without_a_link_type_is_refused() -> None:
    with pytest.raises(CaptureError, match="begins with TCP, expected Ether, IP or IPv6"):
        frames_of(from_scapy([TCP() / Raw(b"x")]))


def test_packet_of_a_link_type_that_is_not_read_is_refused_by_name() -> None:
    from scapy.layers.dot11 import Dot11

    with pytest.raises(CaptureError, match=r"packet 2: link type 105 \(IEEE 802.11\) is not read"):
        frames_of(from_scapy([TCP_PACKET, Dot11()]))
