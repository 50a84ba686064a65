"""IP headers with mapped addresses: options, extension headers, and headers that are broken or quoted."""

from __future__ import annotations

from ipaddress import ip_address

from fwsim.anonymize.mapping import Mapping
from fwsim.anonymize.network import ip
from fwsim.anonymize.sums import summed
from fwsim.capture.crafting import UDP, Ip
from tests.anonymous import SECRET

MAPPING = Mapping(SECRET)


def mapped(text: str) -> bytes:
    address = ip_address(text)
    return MAPPING.address(int(address), address.version).to_bytes(len(address.packed), "big")


def test_an_ipv4_header_keeps_all_but_its_addresses_and_a_right_checksum() -> None:
    packet = Ip("198.51.100.1", "203.0.113.9", UDP, bytes(20), ttl=9, ip_id=7)
    data = bytearray(packet.encode())
    before = bytes(data)
    inside = ip(data, 0, len(data), 4, MAPPING)
    assert inside is not None
    assert (inside.proto, inside.start, inside.end, inside.whole, inside.size) == (UDP, 20, 40, True, 20)
    assert data[:10] == before[:10]
    assert data[12:16] == mapped("198.51.100.1")
    assert data[16:20] == mapped("203.0.113.9")
    assert summed(data[:20]) == 0


def test_addresses_in_options_are_mapped_and_the_rest_of_them_stays() -> None:
    recorded = bytes([7, 11, 12]) + ip_address("198.51.100.1").packed + ip_address("203.0.113.9").packed
    stamps = bytes([68, 12, 13, 1]) + ip_address("198.51.100.3").packed + b"time"
    packet = Ip("10.0.0.1", "10.0.0.2", UDP, b"", ip_options=b"\x01" + recorded + stamps)
    data = bytearray(packet.encode())
    inside = ip(data, 0, len(data), 4, MAPPING)
    assert inside is not None
    options = data[20 : inside.start]
    assert options[:4] == b"\x01" + recorded[:3]
    assert options[4:8] == mapped("198.51.100.1")
    assert options[8:12] == mapped("203.0.113.9")
    assert options[12:24] == stamps[:4] + mapped("198.51.100.3") + b"time"
    assert summed(data[: inside.start]) == 0


def test_extension_headers_are_walked_and_a_routing_header_is_mapped() -> None:
    routing = bytes([UDP, 2, 0, 1, 0, 0, 0, 0]) + ip_address("2001:db8::7").packed
    hop_by_hop = bytes([43, 0, 1, 4, 0, 0, 0, 0])
    packet = Ip("2001:db8::1", "2001:db8::2", 0, hop_by_hop + routing + bytes(8))
    data = bytearray(packet.encode())
    inside = ip(data, 0, len(data), 6, MAPPING)
    assert inside is not None
    assert (inside.proto, inside.start, inside.fragment) == (UDP, 72, False)
    assert data[56:72] == mapped("2001:db8::7")
    assert data[40:48] == hop_by_hop


def test_of_other_extension_headers_nothing_but_numbers_stays() -> None:
    segments = bytes([51, 5, 4, 0, 0, 0, 0, 9]) + ip_address("2001:db8::7").packed + b"an HMAC, or what"[:16] + bytes(8)
    proof = bytes([43, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2]) + b"what proves!"
    compressed = bytes([UDP, 1, 3, 1]) + b"RPL address!"
    packet = Ip("2001:db8::1", "2001:db8::2", 43, segments + proof + compressed + bytes(8))
    data = bytearray(packet.encode())
    inside = ip(data, 0, len(data), 6, MAPPING)
    assert inside is not None
    assert (inside.proto, inside.start) == (UDP, 40 + 48 + 24 + 16)
    assert data[40:88] == segments[:8] + mapped("2001:db8::7") + bytes(24)
    assert data[88:112] == proof[:12] + bytes(12)
    assert data[112:128] == compressed[:4] + bytes(12)


def test_a_cut_extension_header_is_stripped_too() -> None:
    data = bytearray(Ip("2001:db8::1", "2001:db8::2", 0, b"\x11\x05\x1e\x20SAID").encode())
    inside = ip(data, 0, len(data), 6, MAPPING)
    assert inside is not None
    assert data[40:] == b"\x11\x05\x1e\x20" + bytes(4)
    short = bytearray(Ip("2001:db8::1", "2001:db8::2", 43, b"\x11\x05\x09SAY").encode())
    ip(short, 0, len(short), 6, MAPPING)
    assert short[40:] == b"\x11\x05\x09SAY"[:4] + bytes(2)


def test_an_atomic_fragment_is_no_fragment() -> None:
    data = bytearray(Ip("2001:db8::1", "2001:db8::2", 44, bytes([UDP, 0, 0, 0, 0, 0, 0, 1]) + bytes(8)).encode())
    inside = ip(data, 0, len(data), 6, MAPPING)
    assert inside is not None
    assert not inside.fragment


def test_a_header_left_to_the_card_stays_so() -> None:
    data = bytearray(Ip("198.51.100.1", "203.0.113.9", UDP, bytes(8)).encode())
    data[10:12] = b"\0\0"
    ip(data, 0, len(data), 4, MAPPING)
    assert data[10:12] == b"\0\0"


def test_what_is_broken_is_no_header_unless_it_is_quoted() -> None:
    data = bytearray(Ip("198.51.100.1", "203.0.113.9", UDP, bytes(8)).encode())
    data[0] = 0x05
    assert ip(bytearray(data), 0, len(data), 4, MAPPING) is None
    inside = ip(data, 0, len(data), 4, MAPPING, quoted=True)
    assert inside is not None
    assert data[12:16] == mapped("198.51.100.1")
    assert ip(bytearray(5), 0, 5, 4, MAPPING) is None
    assert ip(bytearray(39), 0, 39, 6, MAPPING) is None
