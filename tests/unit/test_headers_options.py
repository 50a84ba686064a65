"""Options of TCP and IP, and extension headers; `tests/parity/test_header_bits.py` asks the kernel."""

from __future__ import annotations

import pytest

from fwsim.headers.options import option
from fwsim.netfilter.fields import Option
from fwsim.terms import ABSENT, UNKNOWN_VALUE
from tests.captures_by_hand import ip4, ip6, tcp, udp
from tests.headers_by_hand import packets_of

MSS = bytes([2, 4, 5, 180])
PADDED = bytes([0, 1, 4, 0, 0, 0, 0])


def of_tcp(options: bytes, *asked: Option, cut: int | None = None) -> list[int]:
    packet = ip4(tcp(options=options + bytes(-len(options) % 4)), 6)
    return [int(option(packets_of(packet, cut=cut), one)[0]) for one in asked]


NFT, XTABLES = Option("tcp", "maxseg", "size"), Option("xtables", "maxseg", "size")


@pytest.mark.parametrize(
    ("options", "nft", "xtables"),
    [
        (MSS, 1460, 1460),
        (b"", ABSENT, ABSENT),
        (b"\0" + MSS, 1460, 1460),
        (bytes([3, 0]) + MSS, 1460, 1460),
        (bytes([2, 3, 1, 1]) + MSS, ABSENT, 1460),
        (bytes([2, 8, 5, 180, 0, 0, 0, 0]), 1460, ABSENT),
        (bytes([1, 1, 2, 5]), ABSENT, ABSENT),
    ],
)
def test_nft_and_xtables_find_a_segment_size_each_in_its_way(options: bytes, nft: int, xtables: int) -> None:
    assert of_tcp(options, NFT, XTABLES) == [nft, xtables]


def test_nft_does_not_look_at_the_last_byte() -> None:
    options = bytes([3, 3, 7, 1])
    assert of_tcp(options, Option("tcp", "nop"), Option("xtables", 1)) == [0, 1]


def test_fields_of_options_are_read() -> None:
    times = bytes([8, 10, 0, 0, 0, 5, 0, 0, 0, 6])
    asked = [Option("tcp", "timestamp", field) for field in ("tsval", "tsecr", "length", "24,16")]
    assert of_tcp(times, *asked, Option("tcp", 8), Option("tcp", "timestamp")) == [5, 6, 10, 0, 1, 1]


def test_what_is_no_whole_header_has_no_option_for_nft_and_is_dropped_by_xtables() -> None:
    packets = packets_of(ip4(tcp(options=MSS)[:22], 6), ip4(tcp(offset=4), 6), ip4(udp(), 17))
    assert option(packets, Option("tcp", "maxseg")).tolist() == [0, 0, 0]
    assert option(packets, NFT).tolist() == [ABSENT] * 3
    assert option(packets, XTABLES).tolist() == [UNKNOWN_VALUE, UNKNOWN_VALUE, ABSENT]


def test_options_that_were_not_captured_are_unknown() -> None:
    assert of_tcp(MSS, NFT, Option("tcp", "nop"), cut=43) == [UNKNOWN_VALUE, UNKNOWN_VALUE]
    assert of_tcp(MSS, NFT, cut=44) == [1460]


ALERT, RECORD, STAMP = bytes([148, 4, 0, 0]), bytes([7, 7, 4, 0, 0, 0, 0, 1]), bytes([68, 8, 5, 0, 0, 0, 0, 0])


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (b"", 0), (ALERT, 1), (RECORD + ALERT, 1), (b"\1" * 4 + ALERT, 1), (b"\0\0\0\0" + ALERT, 0), (RECORD, 0),
        (STAMP, UNKNOWN_VALUE), (bytes([148, 3, 0, 0]), UNKNOWN_VALUE), (bytes([148, 4, 1, 0]), UNKNOWN_VALUE),
        (bytes([131, 7, 4, 1, 2, 3, 4, 131, 7, 4, 1, 2, 3, 4, 0, 0]), UNKNOWN_VALUE),
    ],
)  # fmt: skip
def test_an_option_of_ipv4_is_there_unless_the_kernel_may_not_read_them(options: bytes, wanted: int) -> None:
    packets = packets_of(ip4(udp(), 17, options=options))
    assert option(packets, Option("ip", "ra")).tolist() == [wanted]


def test_options_of_ipv4_that_were_not_captured_are_unknown() -> None:
    packets = packets_of(ip4(udp(), 17, options=ALERT), ip6(udp(), 17), cut=23)
    assert option(packets, Option("ip", "ra")).tolist() == [UNKNOWN_VALUE, 0]


def test_fields_of_extension_headers_are_read() -> None:
    fragment = bytes([17, 0, 0x01, 0x01, 0, 0, 0, 7])
    packets = packets_of(ip6(fragment + b"x" * 16, 44), ip6(udp(), 17))
    for field, wanted in (("frag-off", 32), ("more-fragments", 1), ("id", 7), ("nexthdr", 17)):
        assert option(packets, Option("ip6", "frag", field)).tolist() == [wanted, ABSENT], field
    assert option(packets, Option("ip6", "frag")).tolist() == [1, 0]


def test_xtables_drops_what_ends_in_the_middle_of_an_extension_header() -> None:
    packets = packets_of(ip6(b"\x11", 60), ip6(bytes([17, 5]) + bytes(6), 60), ip6(bytes([17]) + PADDED + udp(), 60))
    assert option(packets, Option("ip6", "dst")).tolist() == [0, 1, 1]
    assert option(packets, Option("exthdr", "dst")).tolist() == [UNKNOWN_VALUE, UNKNOWN_VALUE, 1]
    assert option(packets, Option("exthdr", "frag", "id")).tolist() == [UNKNOWN_VALUE, ABSENT, ABSENT]
