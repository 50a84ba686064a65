"""ICMP messages: addresses in them are mapped, quoted packets are, and what people sent is not there any more."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import pytest

from fwsim.capture.crafting import ICMP, ICMPV6, TCP, Ip, icmp_message, tcp_segment
from tests.unit.test_anonymize_network import mapped
from tests.unit.test_anonymize_transport import A6, B6, MAPPING, SAID, A, B, stripped

ROUTER, ROUTER6 = "192.0.2.9", "2001:db8:9::9"


@pytest.mark.parametrize(("src", "dst", "router", "kind"), [(A, B, ROUTER, 3), (A6, B6, ROUTER6, 1)])
def test_an_error_quotes_the_mapped_packet(tmp_path: Path, src: str, dst: str, router: str, kind: int) -> None:
    quoted = Ip(src, dst, TCP, tcp_segment(src, dst, (40000, 80), (7, 9), 0x18, 512, data=SAID)).encode()
    proto = ICMP if kind == 3 else ICMPV6
    message = icmp_message(router, src, kind, 0, bytes(4), quoted)
    content, _ = stripped(tmp_path, Ip(router, src, proto, message).encode())
    assert mapped(src) + mapped(dst) + (40000).to_bytes(2, "big") in content
    assert SAID[:8] not in content


def test_the_gateway_of_a_redirect_is_mapped(tmp_path: Path) -> None:
    quoted = Ip(A, B, TCP, bytes(20)).encode()
    message = icmp_message(ROUTER, A, 5, 1, ip_address("192.0.2.77").packed, quoted)
    content, _ = stripped(tmp_path, Ip(ROUTER, A, ICMP, message).encode(), gateway=True)
    assert mapped("192.0.2.77") in content


def test_an_echo_keeps_its_id_and_loses_its_data(tmp_path: Path) -> None:
    message = icmp_message(A, B, 8, 0, b"\x12\x34\x00\x01", SAID)
    content, _ = stripped(tmp_path, Ip(A, B, ICMP, message).encode())
    assert b"\x12\x34\x00\x01" + bytes(len(SAID)) in content


def test_neighbour_discovery_is_mapped_through_and_through(tmp_path: Path) -> None:
    target = ip_address("2001:db8::77").packed
    mac = bytes.fromhex("02aabbccddee")
    rest = target + b"\x01\x01" + mac + b"\x0e\x01" + b"random"
    message = icmp_message(A6, "ff02::1:ff00:77", 135, 0, bytes(4), rest)
    content, _ = stripped(tmp_path, Ip(A6, "ff02::1:ff00:77", ICMPV6, message, ttl=255).encode())
    told = MAPPING.mac(int.from_bytes(mac, "big")).to_bytes(6, "big")
    assert mapped("2001:db8::77") + b"\x01\x01" + told + b"\x0e\x01" + bytes(6) in content
    prefix = bytes([3, 4, 64, 0xC0]) + bytes(12) + ip_address("2001:db8:5::").packed
    message = icmp_message("fe80::1", "ff02::1", 134, 0, bytes(4), bytes(8) + prefix)
    content, _ = stripped(tmp_path, Ip("fe80::1", "ff02::1", ICMPV6, message, ttl=255).encode())
    assert mapped("2001:db8:5::") in content


def test_a_message_of_zeros_is_left_alone(tmp_path: Path) -> None:
    stripped(tmp_path, Ip(A, B, ICMP, bytes(8)).encode(), Ip(A6, B6, ICMP, bytes(8)).encode())
