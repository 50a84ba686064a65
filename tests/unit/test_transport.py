"""UDP, UDP-Lite, SCTP, checksums and their offload, LAND, and fields beyond the end or the cut."""

from __future__ import annotations

import struct

import pytest

from fwsim.terms import ABSENT, UNKNOWN_VALUE, Evidence, Reason
from tests.captures_by_hand import (
    CLIENT,
    CLIENT6,
    SERVER,
    SERVER6,
    decoded,
    icmp,
    icmpv6,
    internet_sum,
    ip4,
    ip6,
    pseudo,
    tcp,
    udp,
    with_sum,
)  # fmt: skip

TRANSPORT_FIELDS = (
    "sport", "dport", "flags", "seq", "ack", "win", "payload", "sack_right",
    "icmp_type", "icmp_code", "icmp_id", "quote",
)  # fmt: skip


def broken(segment: bytes, at: int) -> bytes:
    """The segment with another checksum."""
    return segment[: at + 1] + bytes([segment[at + 1] ^ 0x55]) + segment[at + 2 :]


def test_udp_fields_are_read() -> None:
    for data in (ip4(udp(), 17), ip6(udp(src=CLIENT6, dst=SERVER6), 17)):
        found = decoded(data, 101)
        assert [found.packet[f] for f in ("proto", "sport", "dport", "payload")] == [17, 5000, 53, 5]
        assert [found.packet[f] for f in ("flags", "seq", "icmp_type", "quote")] == [ABSENT] * 4
        assert found.frame["transport_fault"] == 0


@pytest.mark.parametrize("segment", [udp(length=0), udp(length=7), udp(length=14), udp()[:7], udp()[:4], b""], ids=len)
def test_udp_length_that_lies_is_a_fault(segment: bytes) -> None:
    found = decoded(ip4(segment, 17), 101)
    assert (found.frame["transport_fault"], found.frame["evidence"]) == (Reason.UDP_SHORT, Evidence.BAD_LENGTH)


def test_udp_header_that_ends_early_has_only_the_fields_that_are_there() -> None:
    packet = decoded(ip4(udp()[:3], 17), 101).packet
    assert (packet["sport"], packet["dport"], packet["payload"]) == (5000, ABSENT, 0)


def test_udp_checksum_covers_the_whole_ip_payload_as_in_the_kernel() -> None:
    longer = with_sum(udp(b"hello", length=13) + b"more", 6, pseudo(CLIENT, SERVER, 17, 17))
    assert decoded(ip4(longer, 17), 101).frame["transport_fault"] == 0
    assert decoded(ip4(udp(b"hello") + b"more", 17), 101).frame["transport_fault"] == Reason.UDP_BAD_CHECKSUM


def test_udp_without_checksum_is_accepted_also_over_ipv6() -> None:
    for data, head in ((udp(), ip4), (udp(src=CLIENT6, dst=SERVER6), ip6)):
        assert decoded(head(data[:6] + b"\0\0" + data[8:], 17), 101).frame["transport_fault"] == 0


@pytest.mark.parametrize(
    ("segment", "proto", "at", "reason"),
    [
        (tcp(), 6, 16, Reason.TCP_BAD_CHECKSUM),
        (udp(), 17, 6, Reason.UDP_BAD_CHECKSUM),
        (icmp(), 1, 2, Reason.ICMP_BAD_CHECKSUM),
    ],
)
def test_bad_checksum_is_a_fault_unless_ignored(segment: bytes, proto: int, at: int, reason: Reason) -> None:
    for checksum in ("auto", "verify"):
        assert decoded(ip4(segment, proto), 101, checksum=checksum).frame["transport_fault"] == 0
        found = decoded(ip4(broken(segment, at), proto), 101, checksum=checksum)
        assert (found.frame["transport_fault"], found.frame["evidence"]) == (reason, Evidence.BAD_CHECKSUM)
        assert found.frame["reason"] == 0
    found = decoded(ip4(broken(segment, at), proto), 101, checksum="ignore")
    assert (found.frame["transport_fault"], found.frame["evidence"]) == (0, 0)


@pytest.mark.parametrize(
    ("segment", "proto", "at", "reason"),
    [
        (tcp(src=CLIENT6, dst=SERVER6), 6, 16, Reason.TCP_BAD_CHECKSUM),
        (udp(src=CLIENT6, dst=SERVER6), 17, 6, Reason.UDP_BAD_CHECKSUM),
        (icmpv6(128, body=b"ping!"), 58, 2, Reason.ICMP_BAD_CHECKSUM),
    ],
)
def test_bad_checksum_is_a_fault_over_ipv6(segment: bytes, proto: int, at: int, reason: Reason) -> None:
    assert decoded(ip6(segment, proto), 101).frame["transport_fault"] == 0
    assert decoded(ip6(broken(segment, at), proto), 101).frame["transport_fault"] == reason


@pytest.mark.parametrize("length", [True, False])
@pytest.mark.parametrize("proto", [6, 17])
def test_offloaded_checksum_is_judged_only_if_asked(length: bool, proto: int) -> None:
    segment = tcp(0x18, payload=b"data") if proto == 6 else udp(b"data")
    at = 16 if proto == 6 else 6
    partial = internet_sum(pseudo(CLIENT, SERVER, proto, len(segment) if length else 0))
    data = ip4(segment[:at] + struct.pack(">H", partial) + segment[at + 2 :], proto)
    found = decoded(data, 101)
    assert (found.frame["transport_fault"], found.frame["evidence"]) == (0, 0)
    assert decoded(data, 101, checksum="verify").frame["transport_fault"] in (
        Reason.TCP_BAD_CHECKSUM,
        Reason.UDP_BAD_CHECKSUM,
    )


def test_land_is_equal_addresses_and_ports() -> None:
    same = {"src": SERVER, "dst": SERVER}
    for segment, proto in ((tcp(sport=80, dport=80, **same), 6), (udp(sport=80, dport=80, **same), 17)):  # type: ignore[arg-type]
        assert decoded(ip4(segment, proto, src=SERVER, dst=SERVER), 101).frame["evidence"] == Evidence.LAND
    other_port = tcp(sport=81, dport=80, **same)  # type: ignore[arg-type]
    assert decoded(ip4(other_port, 6, src=SERVER, dst=SERVER), 101).frame["evidence"] == 0
    assert decoded(ip4(tcp(sport=80, dport=80), 6), 101).frame["evidence"] == 0


def test_land_over_ipv6_needs_all_of_the_address() -> None:
    same = tcp(sport=80, dport=80, src=SERVER6, dst=SERVER6)
    assert decoded(ip6(same, 6, src=SERVER6, dst=SERVER6), 101).frame["evidence"] == Evidence.LAND
    near = SERVER6[:-1] + b"\x09"
    other = tcp(sport=80, dport=80, src=SERVER6, dst=near)
    assert decoded(ip6(other, 6, src=SERVER6, dst=near), 101).frame["evidence"] == 0


def test_a_host_that_talks_to_itself_is_no_land() -> None:
    home, home6 = bytes([127, 0, 0, 1]), bytes(15) + b"\1"
    four = tcp(sport=80, dport=80, src=home, dst=home)
    six = tcp(sport=80, dport=80, src=home6, dst=home6)
    assert decoded(ip4(four, 6, src=home, dst=home), 101).frame["evidence"] == 0
    assert decoded(ip6(six, 6, src=home6, dst=home6), 101).frame["evidence"] == 0


def lite(coverage: int, payload: bytes = b"speech", good: bool = True) -> bytes:
    segment = struct.pack(">HHHH", 5004, 5005, coverage, 0) + payload
    head = pseudo(CLIENT, SERVER, 17, len(segment))
    summed = with_sum(segment[: coverage or len(segment)], 6, head) + segment[coverage or len(segment) :]
    return summed if good else broken(summed, 6)


@pytest.mark.parametrize("coverage", [0, 8, 10, 14])
def test_udplite_checksum_covers_what_it_says(coverage: int) -> None:
    found = decoded(ip4(lite(coverage), 136), 101)
    assert (found.packet["dport"], found.packet["payload"], found.frame["transport_fault"]) == (5005, 6, 0)
    assert decoded(ip4(lite(coverage, good=False), 136), 101).frame["transport_fault"] == Reason.UDP_BAD_CHECKSUM


def test_missing_udplite_checksum_is_a_fault_also_where_checksums_are_ignored() -> None:
    """`udplite_error` looks for it before it asks whether checksums are verified."""
    for checksum, fault in (("ignore", Reason.NONE), ("verify", Reason.UDP_BAD_CHECKSUM)):
        none = decoded(ip4(lite(8)[:6] + b"\0\0speech", 136), 101, checksum=checksum)
        assert none.frame["transport_fault"] == Reason.UDPLITE_NO_CHECKSUM
        assert decoded(ip4(lite(8, good=False), 136), 101, checksum=checksum).frame["transport_fault"] == fault


def test_udplite_coverage_that_lies_and_missing_checksum_are_faults() -> None:
    for coverage in (1, 7, 15):
        segment = struct.pack(">HHHH", 1, 2, coverage, 1) + b"speech"
        assert decoded(ip4(segment, 136), 101).frame["transport_fault"] == Reason.UDP_SHORT
    assert decoded(ip4(lite(8)[:6] + b"\0\0speech", 136), 101).frame["transport_fault"] == Reason.UDPLITE_NO_CHECKSUM


def test_sctp_has_ports_and_needs_twelve_bytes() -> None:
    found = decoded(ip4(struct.pack(">HHII", 36412, 36412, 1, 0) + b"chunk...", 132), 101)
    assert [found.packet[f] for f in ("sport", "dport", "payload")] == [36412, 36412, 8]
    assert found.frame["transport_fault"] == 0
    assert decoded(ip4(struct.pack(">HHI", 1, 2, 1), 132), 101).frame["transport_fault"] == Reason.L4_TRUNCATED


@pytest.mark.parametrize("proto", [2, 4, 33, 41, 47, 50, 89, 112, 255])
def test_other_protocols_have_no_transport_fields(proto: int) -> None:
    found = decoded(ip4(b"x" * 40, proto), 101)
    assert [found.packet[f] for f in TRANSPORT_FIELDS] == [ABSENT] * len(TRANSPORT_FIELDS)
    assert (found.packet["proto"], found.frame["transport_fault"]) == (proto, 0)


@pytest.mark.parametrize(
    ("kept", "known"),
    [(0, ""), (1, ""), (2, "sport"), (4, "sport dport"), (8, "sport dport seq"), (14, "sport dport seq ack flags")],
)
def test_fields_beyond_the_cut_are_unknown(kept: int, known: str) -> None:
    whole = ip4(tcp(0x18, payload=b"x" * 400))
    found = decoded(whole[: 20 + kept], 101, length=len(whole))
    fields = ["sport", "dport", "seq", "ack", "flags", "win"]
    assert [f for f in fields if found.packet[f] != UNKNOWN_VALUE] == known.split()
    assert (found.frame["evidence"], found.frame["transport_fault"]) == (Evidence.CUT, 0)
