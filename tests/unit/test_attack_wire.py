"""Packets by scapy: equal calls give equal bytes, and they are those of the project's own crafting."""

from __future__ import annotations

import pytest

from fwsim.attack.wire import dns_answer, dns_question, fragment, icmp, tcp, udp
from fwsim.capture.crafting import ICMP, ICMPV6, TCP, UDP, Ip, icmp_message, tcp_options, tcp_segment, udp_datagram

PATHS = [("192.0.2.1", "192.0.2.2"), ("2001:db8::1", "2001:db8::2")]


@pytest.mark.parametrize(("src", "dst"), PATHS)
def test_a_segment(src: str, dst: str) -> None:
    made = tcp(src, dst, (1025, 443), "S", seq=1, win=512, options=[("MSS", 1460)], ttl=55, ip_id=7)
    expected = tcp_segment(src, dst, (1025, 443), (1, 0), 2, 512, options=tcp_options(mss=1460))
    assert made == Ip(src, dst, TCP, expected, ttl=55, ip_id=7).encode()


@pytest.mark.parametrize(("src", "dst"), PATHS)
def test_a_datagram(src: str, dst: str) -> None:
    assert udp(src, dst, (1025, 53), b"abc") == Ip(src, dst, UDP, udp_datagram(src, dst, (1025, 53), b"abc")).encode()


@pytest.mark.parametrize(("src", "dst"), PATHS)
def test_an_icmp_message(src: str, dst: str) -> None:
    proto = ICMPV6 if ":" in src else ICMP
    expected = icmp_message(src, dst, 3, 4, (1400).to_bytes(4, "big"), b"quoted")
    assert icmp(src, dst, 3, 4, 1400, b"quoted") == Ip(src, dst, proto, expected).encode()


def test_a_fragment() -> None:
    made = fragment("192.0.2.1", "192.0.2.2", TCP, bytes(16), offset=24, more=True, ip_id=9)
    expected = Ip("192.0.2.1", "192.0.2.2", TCP, bytes(16), ip_id=9, fragment=24, more_fragments=True)
    assert made == expected.encode()


def test_a_dns_answer_repeats_the_question() -> None:
    question, answer = dns_question("www.example.com", 0x1234), dns_answer("www.example.com", 0x1234, "192.0.2.9")
    assert question[:2] == answer[:2] == b"\x12\x34"
    assert question[12:] == answer[12 : len(question)]
    assert (answer[2] & 0x80, answer[-4:]) == (0x80, b"\xc0\x00\x02\x09")
