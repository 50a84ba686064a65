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
from fwsim.terms import ABSENT, UNKNOWN_VALUE, Direction
from tests.captures_by_hand import CLIENT6, SERVER6, ether, icmp, icmpv6, ip4, ip6, tcp, udp

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
    decode(content.data, *views(content), links, frames, packets, quotes, len(DATA), empty(LAYER, 1), state)
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


def test_rows_and_arrays_give_the_same(decoded: tuple[Any, Any, Any, Any]) -> None:
    if is_compiled():
        pytest.skip("compiled in this process: rows are for uncompiled code")
    content, frames, packets, quotes = tables()
    even, odd = views(content)
    rows = [Rows(frames), Rows(packets), Rows(quotes)]
    scratch = [Rows(empty(LAYER, 1)), Rows(decoder())]
    decode(content.data, even, odd, [1], rows[0], rows[1], rows[2], len(DATA), scratch[0], scratch[1])
    for table in rows:
        table.flush()
    for ours, theirs in zip((frames, packets, quotes), decoded, strict=False):
        assert np.array_equal(ours, theirs)
