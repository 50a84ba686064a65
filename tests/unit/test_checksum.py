"""The Internet checksum, against a slow sum of the same bytes."""

from __future__ import annotations

import struct

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fwsim.engine.checksum import fold, pseudo_sum, sum16, views
from fwsim.tables import V6
from tests.captures_by_hand import internet_sum, pseudo


@given(before=st.binary(max_size=5), data=st.binary(max_size=200), behind=st.binary(max_size=3))
def test_sum_is_that_of_the_bytes_at_odd_and_even_places(before: bytes, data: bytes, behind: bytes) -> None:
    buffer = np.frombuffer(before + data + behind + b"\xff", np.uint8)
    even, odd = views(buffer)
    assert sum16(buffer.data, even, odd, len(before), len(data)) == internet_sum(data)


def test_sum_of_the_largest_packet_does_not_overflow() -> None:
    buffer = np.full(262144, 0xFF, np.uint8)
    even, odd = views(buffer)
    assert sum16(buffer.data, even, odd, 1, 262142) == 0xFFFF


@given(st.integers(0, 2**40))
def test_folding_keeps_the_value_modulo_65535(total: int) -> None:
    assert 0 <= fold(total) <= 0xFFFF
    assert (fold(total) - total) % 0xFFFF == 0


@given(
    st.binary(min_size=32, max_size=32), st.integers(0, 255), st.integers(0, 70000), st.booleans()
)  # fmt: skip
def test_pseudo_header_is_summed_from_the_fields(addresses: bytes, proto: int, size: int, six: bool) -> None:
    length = 16 if six else 4
    size = size if six else size & 0xFFFF
    src, dst = addresses[:length], addresses[length : 2 * length]
    words = [*struct.unpack(f">{length // 4}I", src), *[0] * (4 - length // 4)]
    words += [*struct.unpack(f">{length // 4}I", dst), *[0] * (4 - length // 4)]
    packet = dict(zip([f"{side}{word}" for side in ("src", "dst") for word in range(4)], words, strict=True))
    if six:
        packet["src0"] += V6
        packet["dst0"] += V6
    assert pseudo_sum(packet, proto, size) == internet_sum(pseudo(src, dst, proto, size))


def test_views_share_the_memory_of_the_buffer() -> None:
    buffer = np.arange(7, dtype=np.uint8)
    even, odd = views(buffer)
    assert (len(even), len(odd)) == (3, 3)
    assert np.shares_memory(even, buffer)
    assert odd[0] == np.array([1, 2], np.uint8).view(np.uint16)[0]
