"""Bytes to integers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwsim.engine.wire import u8, u16, u16_little, u32, u32_little

READERS: list[tuple[Callable[[Any, int], int], int, Any]] = [
    (u8, 1, "big"),
    (u16, 2, "big"),
    (u32, 4, "big"),
    (u16_little, 2, "little"),
    (u32_little, 4, "little"),
]


def buffers(data: bytes) -> tuple[Any, Any]:
    """The same bytes as compiled and as uncompiled code has them."""
    return np.frombuffer(data, dtype=np.uint8), memoryview(data)


@pytest.mark.parametrize(("read", "size", "order"), READERS)
@given(data=st.binary(min_size=4, max_size=4), ahead=st.integers(0, 3))
def test_a_number_is_read_in_its_order_wherever_it_stands(
    read: Callable[[Any, int], int], size: int, order: Any, data: bytes, ahead: int
) -> None:
    for buffer in buffers(bytes(ahead) + data):
        assert read(buffer, ahead) == int.from_bytes(data[:size], order)


@pytest.mark.parametrize("read", [read for read, _, _ in READERS])
def test_bytes_of_an_array_are_widened_before_they_are_shifted(read: Callable[[Any, int], int]) -> None:
    number = read(np.full(4, 0xFF, dtype=np.uint8), 0)
    assert number in (0xFF, 0xFFFF, 0xFFFFFFFF)
    assert type(number) is int
