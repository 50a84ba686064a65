"""IPv4 and IPv6 headers: fields, lengths, checksums, fragments, extension headers, cut and short packets."""

from __future__ import annotations

import struct

import pytest

from fwsim.tables import V6
from fwsim.terms import ABSENT, UNKNOWN_VALUE, Evidence, Reason
from tests.captures_by_hand import CLIENT6, SERVER6, decoded, ether, icmpv6, ip4, ip6, tcp, udp

UDP6 = udp(src=CLIENT6, dst=SERVER6)
TCP6 = tcp(src=CLIENT6, dst=SERVER6)


def extension(then: int, words: int = 0, fill: bytes = b"") -> bytes:
    """An extension header of 8 * (words + 1) bytes."""
    return (bytes([then, words]) + fill).ljust(8 * (words + 1), b"\1")


def fragment6(then: int, offset: int, more: int, ident: int = 99) -> bytes:
    return struct.pack(">BBHI", then, 0, offset << 3 | more, ident)


def test_ipv4_fields_are_read() -> None:
    packet = decoded(ip4(tcp(), ttl=61, tos=0xB9, ident=0xBEEF), 101).packet
    assert [packet[f] for f in ("family", "proto", "ttl", "dscp", "ip_id", "length", "fragment")] == [
        4, 6, 61, 0x2E, 0xBEEF, 40, 0,
    ]  # fmt: skip
    assert (packet["src0"], packet["dst0"]) == (0x0A000001, 0xC0000202)
    assert [packet[f"{side}{word}"] for side in ("src", "dst") for word in (1, 2, 3)] == [0] * 6


def test_ipv6_fields_are_read() -> None:
    packet = decoded(ip6(UDP6, 17, ttl=61, traffic_class=0xB9), 101).packet
    assert [packet[f] for f in ("family", "proto", "ttl", "dscp", "ip_id", "length")] == [6, 17, 61, 0x2E, ABSENT, 53]
    assert [packet[f"src{word}"] for word in range(4)] == [V6 + 0xFD000000, 0, 0, 1]
    assert [packet[f"dst{word}"] for word in range(4)] == [V6 + 0x20010DB8, 0, 0, 2]


def test_ipv4_options_are_stepped_over() -> None:
    found = decoded(ip4(tcp(), options=b"\x01" * 8), 101)
    assert (found.frame["reason"], found.packet["length"], found.packet["dport"]) == (0, 48, 80)


@pytest.mark.parametrize(
    "data", [ip4(tcp(), version=5), ip4(tcp(), ihl=4), ip4(tcp(), ihl=0), ip4(tcp(), total=19, ihl=5), b"\0" * 40]
)
def test_bad_ipv4_header_is_not_evaluated(data: bytes) -> None:
    assert decoded(ether(data)).frame["reason"] == Reason.BAD_IP_HEADER


def test_bad_ipv6_version_is_not_evaluated() -> None:
    assert decoded(ether(ip4(tcp()) + b"\0" * 40, 0x86DD)).frame["reason"] == Reason.BAD_IP_HEADER


def damaged_header(data: bytes) -> bytes:
    return data[:8] + bytes([data[8] ^ 1]) + data[9:]


@pytest.mark.parametrize("checksum", ["auto", "verify"])
def test_bad_header_checksum_is_not_evaluated_yet_shown(checksum: str) -> None:
    found = decoded(damaged_header(ip4(tcp())), 101, checksum=checksum)
    assert found.frame["reason"] == Reason.BAD_IP_CHECKSUM
    assert found.frame["evidence"] == Evidence.BAD_CHECKSUM
    assert (found.packet["src0"], found.packet["dport"]) == (0x0A000001, 80)


def test_bad_header_checksum_may_be_ignored() -> None:
    assert decoded(damaged_header(ip4(tcp())), 101, checksum="ignore").frame["reason"] == 0


def test_header_checksum_left_to_the_card_is_judged_only_if_asked() -> None:
    data = ip4(tcp())
    data = data[:10] + b"\0\0" + data[12:]
    assert decoded(data, 101).frame["reason"] == 0
    assert decoded(data, 101, checksum="verify").frame["reason"] == Reason.BAD_IP_CHECKSUM


def test_packet_longer_than_its_frame_is_short() -> None:
    for data in (ip4(tcp(), total=60), ip6(TCP6, size=60)):
        found = decoded(data, 101)
        assert (found.frame["reason"], found.frame["evidence"]) == (Reason.SHORT_PACKET, Evidence.BAD_LENGTH)


@pytest.mark.parametrize("size", [1, 19])
def test_frame_too_short_for_an_ip_header_is_short(size: int) -> None:
    found = decoded(ip4(tcp())[:size], 101)
    assert (found.frame["reason"], found.frame["evidence"]) == (Reason.SHORT_PACKET, Evidence.BAD_LENGTH)
    assert decoded(ip6(TCP6)[:39], 101).frame["reason"] == Reason.SHORT_PACKET


def test_segmentation_offload_takes_the_length_of_the_frame() -> None:
    long = tcp(0x18, payload=b"x" * 3000)
    found = decoded(ether(ip4(long, total=0)))
    assert (found.frame["reason"], found.packet["length"], found.packet["payload"]) == (0, 3040, 3000)
    found = decoded(ether(ip6(tcp(0x18, payload=b"x" * 3000, src=CLIENT6, dst=SERVER6), size=0), 0x86DD))
    assert (found.frame["reason"], found.packet["length"], found.packet["payload"]) == (0, 3060, 3000)
    assert decoded(ip4(b"", 89, total=0), 101).frame["reason"] == Reason.BAD_IP_HEADER


def test_cut_packet_keeps_its_length_and_is_not_judged() -> None:
    whole = ether(ip4(tcp(0x18, payload=b"x" * 500)))
    found = decoded(whole[:60], length=len(whole))
    assert (found.frame["reason"], found.frame["evidence"], found.frame["transport_fault"]) == (0, 0, 0)
    assert (found.packet["length"], found.packet["payload"], found.packet["flags"]) == (540, 500, 0x18)


@pytest.mark.parametrize("size", [15, 30, 33])
def test_packet_cut_within_its_ip_header_is_cut(size: int) -> None:
    whole = ether(ip4(tcp()))
    found = decoded(whole[:size], length=len(whole))
    assert (found.frame["reason"], found.frame["evidence"]) == (Reason.CUT, Evidence.CUT)


def test_frame_cut_behind_its_packet_is_not_cut() -> None:
    whole = ether(ip4(udp(b""), 17)) + bytes(18)
    assert decoded(whole[:45], length=len(whole)).frame["evidence"] == 0


def test_fragments_are_told_apart() -> None:
    first = decoded(ip4(udp(b"x" * 16), 17, fragment=0x2000), 101)
    later = decoded(ip4(b"x" * 16, 17, fragment=0x0003, ident=77), 101)
    middle = decoded(ip4(b"x" * 16, 17, fragment=0x2003), 101)
    assert (first.packet["fragment"], first.packet["dport"]) == (1, 53)
    assert (later.packet["fragment"], later.packet["dport"], later.packet["proto"]) == (2, ABSENT, 17)
    assert (later.packet["ip_id"], later.packet["payload"]) == (77, ABSENT)
    assert middle.packet["fragment"] == 2
    assert decoded(ip4(tcp(), fragment=0x4000), 101).packet["fragment"] == 0  # don't fragment


def test_first_fragment_is_not_judged_by_lengths_and_checksums_of_the_whole() -> None:
    whole = udp(b"x" * 1000)
    assert decoded(ip4(whole[:64], 17, fragment=0x2000), 101).frame["transport_fault"] == 0
    assert decoded(ip4(tcp(0x18, payload=b"x" * 900)[:64], fragment=0x2000), 101).frame["transport_fault"] == 0


@pytest.mark.parametrize(("size", "tiny"), [(8, True), (15, True), (16, False), (24, False)])
def test_tiny_first_fragment_of_tcp_is_marked(size: int, tiny: bool) -> None:
    found = decoded(ip4(tcp()[:size].ljust(size, b"\0"), fragment=0x2000), 101)
    assert bool(found.frame["evidence"] & Evidence.TINY_FRAGMENT) == tiny


def test_fragment_that_overwrites_the_flags_is_marked() -> None:
    assert decoded(ip4(b"x" * 16, 6, fragment=1), 101).frame["evidence"] == Evidence.TINY_FRAGMENT
    assert decoded(ip4(b"x" * 16, 17, fragment=1), 101).frame["evidence"] == 0
    assert decoded(ip6(fragment6(6, 1, 0) + b"x" * 16, 44), 101).frame["evidence"] == Evidence.TINY_FRAGMENT


def test_ipv6_fragments_are_told_apart() -> None:
    first = decoded(ip6(fragment6(17, 0, 1) + UDP6, 44), 101).packet
    later = decoded(ip6(fragment6(17, 5, 0) + b"x" * 16, 44), 101).packet
    atomic = decoded(ip6(fragment6(17, 0, 0) + UDP6, 44), 101)
    assert (first["fragment"], first["dport"], first["ip_id"]) == (1, 53, 99)
    assert (later["fragment"], later["dport"], later["proto"], later["ip_id"]) == (2, ABSENT, 17, 99)
    assert (atomic.packet["fragment"], atomic.packet["dport"], atomic.frame["transport_fault"]) == (0, 53, 0)


@pytest.mark.parametrize(
    ("kind", "header"),
    [(0, extension(17)), (43, extension(17, 2)), (60, extension(17, 1)), (51, bytes([17, 4]) + bytes(22))],
)
def test_extension_headers_are_stepped_over(kind: int, header: bytes) -> None:
    found = decoded(ip6(header + UDP6, kind), 101)
    assert (found.packet["proto"], found.packet["dport"], found.frame["transport_fault"]) == (17, 53, 0)


def test_a_chain_of_extension_headers_is_walked() -> None:
    chain = extension(60) + extension(43) + extension(44, 1) + fragment6(6, 0, 0)
    assert decoded(ip6(chain + TCP6, 0), 101).packet["dport"] == 80


def test_esp_is_final() -> None:
    found = decoded(ip6(b"x" * 32, 50), 101)
    assert (found.packet["proto"], found.frame["transport_fault"]) == (50, 0)


def test_authentication_header_is_final_in_ipv4() -> None:
    found = decoded(ip4(bytes([17, 4]) + bytes(22) + udp(), 51), 101)
    assert (found.packet["proto"], found.packet["dport"], found.frame["transport_fault"]) == (51, ABSENT, 0)


@pytest.mark.parametrize(
    ("payload", "kind", "proto"),
    [
        (b"", 59, 59),
        (extension(59), 60, 59),
        (b"\x11", 0, 0),  # not even its length is there
        (bytes([43, 9]) + bytes(6), 60, 43),  # the next begins behind the end
        (extension(44) + bytes([17, 0, 0, 1]), 60, 44),
    ],
)
def test_a_chain_without_end_has_no_transport(payload: bytes, kind: int, proto: int) -> None:
    found = decoded(ip6(payload, kind, size=len(payload)) + b"\0" * (kind == 0), 101)
    assert found.frame["reason"] == 0
    assert (found.frame["transport_fault"], found.packet["proto"]) == (Reason.NO_TRANSPORT, proto)


@pytest.mark.parametrize(
    ("payload", "proto", "fault"),
    [
        (bytes([17, 9]) + bytes(6), 17, Reason.UDP_SHORT),
        (extension(51) + bytes([17, 60]) + bytes(6), 17, Reason.UDP_SHORT),
        (bytes([253, 9]) + bytes(6), 253, Reason.NONE),
    ],
)
def test_a_header_that_runs_past_the_end_matters_only_if_something_is_asked_of_what_follows(
    payload: bytes, proto: int, fault: Reason
) -> None:
    """As Linux: `ipv6_skip_exthdr` reads two bytes of each header."""
    found = decoded(ip6(payload, 60, size=len(payload)), 101)
    assert (found.packet["proto"], found.frame["transport_fault"]) == (proto, fault)


def test_a_chain_cut_by_the_capture_leaves_the_protocol_unknown() -> None:
    whole = ip6(extension(60, 3) + extension(17) + UDP6, 0)
    found = decoded(whole[:60], 101, length=len(whole))
    assert (found.frame["reason"], found.frame["evidence"], found.frame["transport_fault"]) == (0, Evidence.CUT, 0)
    assert (found.packet["proto"], found.packet["dport"]) == (UNKNOWN_VALUE, ABSENT)


def test_jumbogram_takes_the_length_of_the_frame() -> None:
    jumbo = bytes([58, 0, 0xC2, 4]) + struct.pack(">I", 70000) + icmpv6(128, body=b"x" * 69984)
    found = decoded(ip6(jumbo, 0, size=0), 101)
    assert (found.packet["length"], found.packet["icmp_type"], found.frame["transport_fault"]) == (70040, 128, 0)


@pytest.mark.parametrize(
    ("inner", "fragment"), [((0, 0), 1), ((0, 1), 1), ((5, 0), 2)], ids=["atomic", "first", "later"]
)
def test_of_fragment_headers_one_in_the_other_the_outer_one_has_the_id(inner: tuple[int, int], fragment: int) -> None:
    nested = fragment6(44, 0, 1, ident=7) + fragment6(17, *inner, ident=8) + UDP6
    packet = decoded(ip6(nested, 44), 101).packet
    assert (packet["ip_id"], packet["fragment"], packet["proto"]) == (7, fragment, 17)
