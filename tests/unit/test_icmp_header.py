"""ICMP and ICMPv6 headers, and the tuples of packets quoted in errors."""

from __future__ import annotations

import struct

import pytest

from fwsim.tables import V6
from fwsim.terms import ABSENT, UNKNOWN_VALUE, Evidence, Reason
from tests.captures_by_hand import CLIENT6, SERVER6, Frame, decoded, icmp, icmpv6, ip4, ip6, tcp, udp

ADDRESSES = {"src0": 0x0A000001, "dst0": 0xC0000202}
INNER = ip4(tcp())
INNER6 = ip6(tcp(src=CLIENT6, dst=SERVER6))


def error(inner: bytes, kind: int = 3, code: int = 1) -> Frame:
    return decoded(ip4(icmp(kind, code, body=inner), 1), 101)


def error6(inner: bytes, kind: int = 1, code: int = 0) -> Frame:
    return decoded(ip6(icmpv6(kind, code, body=inner), 58), 101)


def quote_of(found: Frame) -> dict[str, int]:
    assert found.quote is not None
    return found.quote


def test_icmp_fields_are_read() -> None:
    found = decoded(ip4(icmp(8, 0, ident=0xABCD, body=b"x" * 56), 1), 101)
    fields = ("icmp_type", "icmp_code", "icmp_id", "payload", "sport", "flags", "quote")
    assert [found.packet[f] for f in fields] == [8, 0, 0xABCD, 56, ABSENT, ABSENT, ABSENT]
    assert found.frame["transport_fault"] == 0


def test_icmpv6_fields_are_read() -> None:
    found = decoded(ip6(icmpv6(129, 0, ident=0xABCD, body=b"x" * 3), 58), 101)
    assert [found.packet[f] for f in ("icmp_type", "icmp_code", "icmp_id", "payload")] == [129, 0, 0xABCD, 3]
    assert (found.frame["transport_fault"], found.quote) == (0, None)


@pytest.mark.parametrize("size", [0, 1, 4, 7])
def test_icmp_shorter_than_eight_bytes_is_a_fault(size: int) -> None:
    for found in (decoded(ip4(icmp()[:size], 1), 101), decoded(ip6(icmpv6(1)[:size], 58), 101)):
        assert (found.frame["transport_fault"], found.frame["evidence"]) == (Reason.ICMP_SHORT, Evidence.BAD_LENGTH)
        assert (found.packet["icmp_type"] == ABSENT) == (size == 0)
        assert found.quote is None


@pytest.mark.parametrize("kind", [3, 4, 5, 11, 12])
def test_icmp_errors_quote_a_tuple(kind: int) -> None:
    quote = quote_of(error(INNER, kind))
    expected = {"usable": 1, "proto": 6, "src_id": 40000, "dst_id": 80, **ADDRESSES}
    assert quote == dict.fromkeys(quote, 0) | expected


@pytest.mark.parametrize("kind", [0, 1, 2, 6, 8, 9, 10, 13, 18, 40])
def test_other_icmp_types_quote_nothing(kind: int) -> None:
    assert error(INNER, kind).quote is None


@pytest.mark.parametrize("kind", [0, 1, 2, 3, 4, 100, 127])
def test_icmpv6_errors_quote_a_tuple(kind: int) -> None:
    quote = quote_of(error6(INNER6, kind))
    assert [quote[f] for f in ("usable", "proto", "src0", "src3", "dst0", "dst3", "src_id", "dst_id")] == [
        1, 6, V6 + 0xFD000000, 1, V6 + 0x20010DB8, 2, 40000, 80,
    ]  # fmt: skip


@pytest.mark.parametrize("kind", [128, 129, 133, 135, 136, 143, 200])
def test_other_icmpv6_types_quote_nothing(kind: int) -> None:
    assert error6(INNER6, kind).quote is None


def test_four_bytes_of_ports_are_enough() -> None:
    assert quote_of(error(ip4(tcp()[:4])))["usable"] == 1
    assert quote_of(error(ip4(tcp()[:3])))["usable"] == 0
    assert quote_of(error(ip4(udp()[:4], 17)))["dst_id"] == 53


def test_what_the_kernel_does_not_check_in_a_quote_is_not_checked() -> None:
    inner = bytearray(ip4(tcp(), total=9999, ttl=0, version=9))
    inner[10:12] = b"\xff\xff"
    assert quote_of(error(bytes(inner)))["usable"] == 1


@pytest.mark.parametrize(
    "inner",
    [b"", INNER[:19], ip4(tcp(), fragment=1), ip4(tcp(), ihl=15)[:50]],
    ids=["nothing", "half a header", "later fragment", "header past the end"],
)
def test_quote_the_kernel_cannot_read_is_not_usable(inner: bytes) -> None:
    assert quote_of(error(inner))["usable"] == 0


def test_quoted_first_fragment_is_usable() -> None:
    assert quote_of(error(ip4(tcp(), fragment=0x2000)))["usable"] == 1


@pytest.mark.parametrize(("kind", "usable"), [(8, 1), (0, 1), (13, 1), (18, 1), (3, 0), (5, 0), (11, 0), (1, 0)])
def test_quoted_icmp_must_have_an_answer_or_be_one(kind: int, usable: int) -> None:
    quote = quote_of(error(ip4(icmp(kind, 2, ident=77), 1)))
    assert quote["usable"] == usable
    if usable:
        assert (quote["src_id"], quote["dst_id"]) == (77, kind * 256 + 2)


def test_quoted_icmp_needs_eight_bytes() -> None:
    assert quote_of(error(ip4(icmp()[:8], 1)))["usable"] == 1
    assert quote_of(error(ip4(icmp()[:7], 1)))["usable"] == 0


@pytest.mark.parametrize(("kind", "usable"), [(128, 1), (129, 1), (139, 1), (140, 1), (1, 0), (135, 0)])
def test_quoted_icmpv6_must_have_an_answer_or_be_one(kind: int, usable: int) -> None:
    quote = quote_of(error6(ip6(icmpv6(kind, 0, ident=77), 58)))
    assert quote["usable"] == usable


def test_quoted_protocol_without_ports_has_none() -> None:
    quote = quote_of(error(ip4(b"x" * 8, 50)))
    assert [quote[f] for f in ("usable", "proto", "src_id", "dst_id")] == [1, 50, 0, 0]


def test_quoted_extension_headers_are_stepped_over() -> None:
    chain = bytes([44, 0]) + bytes(6) + struct.pack(">BBHI", 17, 0, 1, 9)
    found = quote_of(error6(ip6(chain + udp(), 0)))
    assert [found[f] for f in ("usable", "proto", "src_id", "dst_id")] == [1, 17, 5000, 53]
    later = bytes([44, 0]) + bytes(6) + struct.pack(">BBHI", 17, 0, 8, 9)
    assert quote_of(error6(ip6(later + udp(), 0)))["usable"] == 0
    assert quote_of(error6(ip6(b"", 59)))["usable"] == 0
    assert quote_of(error6(INNER6[:39]))["usable"] == 0


def test_redirect_quotes_only_behind_a_redirected_header_option() -> None:
    head = SERVER6 + CLIENT6
    option = struct.pack(">BBHI", 4, 6, 0, 0)
    found = decoded(ip6(icmpv6(137, body=head + option + INNER6), 58, ttl=255), 101)
    assert (quote_of(found)["usable"], quote_of(found)["dst_id"]) == (1, 80)
    other = struct.pack(">BBHI", 2, 1, 0, 0)
    assert decoded(ip6(icmpv6(137, body=head + other + INNER6), 58), 101).quote is None
    assert decoded(ip6(icmpv6(137, body=head), 58), 101).quote is None


def test_quote_beyond_the_cut_is_unknown() -> None:
    whole = ip4(icmp(3, 1, body=INNER), 1)
    for kept, usable in ((28, UNKNOWN_VALUE), (47, UNKNOWN_VALUE), (50, UNKNOWN_VALUE), (52, 1)):
        assert quote_of(decoded(whole[:kept], 101, length=len(whole)))["usable"] == usable


def test_icmp_in_the_wrong_family_is_still_read() -> None:
    found = decoded(ip6(icmp(3, 1, body=INNER), 1), 101)
    assert (found.packet["proto"], found.packet["icmp_type"]) == (1, 3)
    assert decoded(ip4(icmpv6(1, body=INNER6), 58), 101).packet["icmp_type"] == 1


@pytest.mark.parametrize(("kept", "usable"), [(3, 0), (4, 1), (7, 1)])
def test_of_a_quoted_fragment_header_the_first_four_bytes_are_read(kept: int, usable: int) -> None:
    """Found by seed 201/5 of the fuzzer: GRE without a header of its own has a tuple all the same."""
    header = bytes([47, 0, 0, 0, 1, 2, 3, 4])[:kept]
    assert quote_of(error6(ip6(header, 44)))["usable"] == usable
