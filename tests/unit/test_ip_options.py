"""Options of IPv4 headers and hop-by-hop options: what makes the stack discard a packet, as measured on kernel 6.18.

The kernel functions that do it: `__ip_options_compile`, `ip_rcv_options` (IPv4, behind PREROUTING);
`ipv6_parse_hopopts`, `ip6_parse_tlv`, `ipv6_hop_jumbo` (IPv6, before any hook).
"""

from __future__ import annotations

import pytest

from fwsim.terms import ABSENT, Evidence, Reason
from tests.captures_by_hand import CLIENT6, SERVER6, decoded, ip4, ip6, tcp, udp
from tests.option_cases import BAD6, IPV4, IPV6, header6

UDP6 = udp(src=CLIENT6, dst=SERVER6)
RAW = 101


@pytest.mark.parametrize(("area", "fault"), [case[1:] for case in IPV4], ids=[case[0] for case in IPV4])
def test_ipv4_options(area: str, fault: Reason) -> None:
    found = decoded(ip4(udp(), 17, options=bytes.fromhex(area)), RAW)
    assert Reason(found.frame["option_fault"]) == fault
    assert (found.frame["reason"], found.packet["dport"]) == (Reason.NONE, 53)


@pytest.mark.parametrize(("area", "fault"), [case[1:] for case in IPV6], ids=[case[0] for case in IPV6])
def test_hop_by_hop_options(area: str, fault: Reason) -> None:
    found = decoded(ip6(header6(area, 17) + UDP6, 0), RAW)
    assert Reason(found.frame["option_fault"]) == fault
    assert (found.frame["reason"], found.packet["dport"]) == (Reason.NONE, 53)


@pytest.mark.parametrize("data", [ip4(tcp()), ip6(UDP6, 17), ip4(tcp(), options=b"\x01" * 4)])
def test_packets_without_options_have_no_fault(data: bytes) -> None:
    assert decoded(data, RAW).frame["option_fault"] == Reason.NONE


@pytest.mark.parametrize("kind", [43, 60])
def test_other_extension_headers_are_not_looked_into(kind: int) -> None:
    """They concern the host that they are addressed to (`ip6_protocol_deliver_rcu`, behind INPUT)."""
    assert decoded(ip6(header6("de0400000000", 17) + UDP6, kind), RAW).frame["option_fault"] == Reason.NONE


def test_hop_by_hop_options_behind_another_header_are_not_looked_into() -> None:
    chain = header6("010400000000", 0) + header6("de0400000000", 17)
    assert decoded(ip6(chain + UDP6, 60), RAW).frame["option_fault"] == Reason.NONE


@pytest.mark.parametrize("payload", [b"", b"\x11", b"\x11\0\1\4\0\0\0", b"\x11\1\1\4\0\0\0\0" + bytes(7)])
def test_hop_by_hop_options_that_do_not_fit_their_packet_are_a_fault(payload: bytes) -> None:
    assert decoded(ip6(payload, 0), RAW).frame["option_fault"] == BAD6


@pytest.mark.parametrize("kept", [41, 47])
def test_hop_by_hop_options_that_the_capture_cut_off_are_not_guessed(kept: int) -> None:
    data = ip6(header6("de0400000000", 17) + UDP6, 0)
    found = decoded(data[:kept], RAW, length=len(data))
    assert found.frame["option_fault"] == Reason.CUT
    assert found.frame["evidence"] & Evidence.CUT


def test_packet_that_is_shorter_than_it_says_is_not_judged_by_its_options() -> None:
    """`ip6_rcv_core` compares the lengths first."""
    found = decoded(ip6(header6("de0400000000", 17) + UDP6, 0)[:-1], RAW)
    assert (found.frame["reason"], found.frame["option_fault"]) == (Reason.SHORT_PACKET, Reason.NONE)


def jumbogram(size: int, said: int, padding: tuple[str, str] = ("", "")) -> bytes:
    """A packet of `size` bytes behind its IPv6 header, whose option says so many; its length field is 0."""
    options = header6(padding[0] + "c204" + said.to_bytes(4, "big").hex() + padding[1], 17)
    return ip6(options + UDP6 + bytes(size - len(options) - len(UDP6)), 0, size=0)


@pytest.mark.parametrize(
    ("size", "said", "fault"),
    [(65_536, 65_536, Reason.NONE), (65_536, 65_537, BAD6), (65_536, 65_535, BAD6), (64, 64, BAD6), (64, 70_000, BAD6)],
)
def test_jumbogram_must_be_as_long_as_only_a_jumbogram_is(size: int, said: int, fault: Reason) -> None:
    assert decoded(jumbogram(size, said), RAW).frame["option_fault"] == fault


def test_jumbogram_has_the_length_that_its_option_says() -> None:
    """What lies behind it in its frame is trimmed (`pskb_trim_rcsum`)."""
    found = decoded(jumbogram(70_000, 66_000), RAW)
    assert (found.packet["length"], found.packet["payload"]) == (66_040, 66_000 - 16)


def test_jumbo_payload_must_be_aligned() -> None:
    moved = [("", "3e06000000000000"), ("0100", "010400000000"), ("01020000", "01020000")]
    faults = [decoded(jumbogram(65_536, 65_536, padding), RAW).frame["option_fault"] for padding in moved]
    assert faults == [Reason.NONE, BAD6, Reason.NONE]


def test_length_of_zero_before_hop_by_hop_options_is_that_of_the_frame() -> None:
    data = ip6(header6("010400000000", 17) + UDP6, 0)
    found = decoded(data[:4] + b"\0\0" + data[6:], RAW)
    assert (found.frame["option_fault"], found.packet["length"]) == (Reason.NONE, len(data))
    assert found.packet["ip_id"] == ABSENT
