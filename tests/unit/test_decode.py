"""Decoding a chunk: every row is written whole, time never runs back, quotes are numbered."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fwsim.engine import is_compiled
from fwsim.engine.checksum import AUTO, views
from fwsim.engine.decode import decode
from fwsim.engine.link import LAYER
from fwsim.engine.network import DECODER
from fwsim.tables import FRAME, PACKET, QUOTE, Rows, each, empty
from fwsim.terms import ABSENT, UNKNOWN_VALUE, Direction, Evidence
from tests.captures_by_hand import CLIENT6, SERVER6, ether, icmp, icmpv6, ip4, ip6, tcp, udp
from tests.captures_by_hand import decoded as of_frame

DATA = [
    ether(ip4(tcp(0x18, options=bytes([2, 4, 5, 0xB4, 4, 2, 1, 1]), payload=b"data!"))),
    ether(b"", 0x0806),
    ether(ip4(icmp(3, 1, body=ip4(tcp())), 1)),
    ether(ip4(udp(), 17)),
    ether(ip6(icmpv6(1, body=ip6(udp(src=CLIENT6, dst=SERVER6), 17)), 58), 0x86DD),
    ether(ip4(tcp())),
]
TIMES = [5, 9, 7, 9, 11, 10]


def tables() -> tuple[Any, ...]:
    """A buffer and frames to decode into tables that hold nonsense."""
    content = np.frombuffer(b"\xaa" + b"".join(DATA), np.uint8)
    frames, packets, quotes = empty(FRAME, len(DATA)), empty(PACKET, len(DATA)), empty(QUOTE, len(DATA))
    for table in (packets, quotes):
        for name in table.dtype.names or ():
            table[name] = 12345
    frames["captured"] = frames["length"] = [len(data) for data in DATA]
    frames["offset"] = 1 + np.cumsum([0, *[len(data) for data in DATA[:-1]]])
    frames["ts"] = TIMES
    return content, frames, packets, quotes


def decoder() -> Any:
    state = empty(DECODER, 1)
    state["checksum"] = AUTO
    return state


@pytest.fixture
def decoded() -> tuple[Any, Any, Any, Any]:
    """Frames, packets, quotes and the decoder afterwards."""
    content, frames, packets, quotes = tables()
    state = decoder()
    links = np.ones(1, np.int64)
    data = content if is_compiled() else content.data
    decode(data, *views(content), links, frames, packets, quotes, len(DATA), empty(LAYER, 1), state)
    return frames, packets, quotes, state


def test_no_field_keeps_what_was_there(decoded: tuple[Any, Any, Any, Any]) -> None:
    _, packets, quotes, state = decoded
    assert all(12345 not in row.values() for row in each(packets))
    assert all(12345 not in row.values() for row in each(quotes[: int(state["quotes"][0])]))


def test_time_is_the_running_maximum(decoded: tuple[Any, Any, Any, Any]) -> None:
    assert decoded[1]["now"].tolist() == [5, 9, 9, 9, 11, 11]
    assert int(decoded[3]["now"][0]) == 11


def test_errors_are_given_their_quotes_in_order(decoded: tuple[Any, Any, Any, Any]) -> None:
    _, packets, quotes, state = decoded
    assert packets["quote"].tolist() == [-1, -1, 0, -1, 1, -1]
    assert (int(state["quotes"][0]), quotes["dst_id"][:2].tolist()) == (2, [80, 53])


def test_what_the_capture_does_not_tell_is_left_open(decoded: tuple[Any, Any, Any, Any]) -> None:
    for packet in each(decoded[1]):
        assert (packet["iif"], packet["oif"]) == (UNKNOWN_VALUE, UNKNOWN_VALUE)
        assert (packet["ct_state"], packet["ct_direction"]) == (0, Direction.NONE)


def test_frame_that_is_not_ip_has_no_fields(decoded: tuple[Any, Any, Any, Any]) -> None:
    arp = next(row for number, row in enumerate(each(decoded[1])) if number == 1)
    absent = ("proto", "length", "ttl", "dscp", "ip_id", "sport", "dport", "flags", "icmp_type", "vlan", "quote")
    assert [arp[field] for field in absent] == [ABSENT] * len(absent)
    assert (arp["family"], arp["src0"]) == (0, 0)


@pytest.mark.uncompiled
def test_rows_and_arrays_give_the_same(decoded: tuple[Any, Any, Any, Any]) -> None:
    content, frames, packets, quotes = tables()
    even, odd = views(content)
    rows = [Rows(frames), Rows(packets), Rows(quotes)]
    scratch = [Rows(empty(LAYER, 1)), Rows(decoder())]
    decode(content.data, even, odd, [1], rows[0], rows[1], rows[2], len(DATA), scratch[0], scratch[1])
    for table in rows:
        table.flush()
    for ours, theirs in zip((frames, packets, quotes), decoded, strict=False):
        assert np.array_equal(ours, theirs)


OPTIONS = bytes([2, 4, 5, 0xB4, 4, 2, 1, 1])
EXTENSION = bytes([17, 1, 1, 12]) + bytes(12)
KINDS = {4: 0x0800, 6: 0x86DD}


@pytest.mark.parametrize(
    ("data", "headers"),
    [
        (ip4(tcp(0x18, payload=b"x" * 500)), 40),
        (ip4(tcp(2, options=OPTIONS, payload=b"x" * 500)), 48),
        (ip4(udp(payload=b"x" * 500), 17), 28),
        (ip4(icmp(body=b"x" * 500), 1), 28),
        (ip4(icmp(3, 1, body=ip4(udp(), 17) + bytes(500)), 1), 52),
        (ip4(bytes(500), 50), 20),
        (ip6(EXTENSION + udp(payload=b"x" * 500, src=CLIENT6, dst=SERVER6), 60), 64),
        (ip4(bytes([0x30, 1, 0x88, 0x0B, 0, 4, 0, 9]) + bytes(500), 47), 28),
        (ip4(bytes(12) + bytes([0, 3, 1, 248]) + bytes(500), 132), 36),
    ],
    ids=["TCP", "TCP options", "UDP", "ICMP", "a quoted packet", "ESP", "extension header", "GRE", "SCTP"],
)
def test_a_packet_without_its_end_is_cut_only_if_a_header_is_missing(data: bytes, headers: int) -> None:
    """`tcpdump -s 256` cuts nearly every packet, and nothing is missing of most."""
    for kept in (headers, headers + 1, len(data) - 1):
        found = of_frame(ether(data, KINDS[data[0] >> 4])[: 14 + kept], length=14 + len(data)).frame
        assert found["evidence"] & Evidence.CUT == 0
    for kept in (headers - 1, 21) if headers > 21 else (headers - 1,):
        found = of_frame(ether(data, KINDS[data[0] >> 4])[: 14 + kept], length=14 + len(data)).frame
        assert found["evidence"] & Evidence.CUT
