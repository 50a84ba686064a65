"""Boxes, and which of them overlap."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fwsim.importing.nft.blocks import Corners, blocks


def test_an_interval_falls_apart_into_aligned_blocks() -> None:
    assert blocks(1, 6) == [(1, 0), (2, 1), (4, 1), (6, 0)]
    assert blocks(0, 255) == [(0, 8)]


@given(st.integers(0, 300), st.integers(0, 300))
def test_blocks_cover_the_interval_exactly(low: int, size: int) -> None:
    covered = [number for begin, shift in blocks(low, low + size) for number in range(begin, begin + (1 << shift))]
    assert covered == list(range(low, low + size + 1))


def test_a_corner_in_another_box_is_a_hit_and_an_equal_box_is_none() -> None:
    corners = Corners()
    corners.add(((0, 10), (20, 30)))
    assert corners.hit(((5, 20), (25, 40)))
    assert not corners.hit(((0, 10), (20, 30)))
    assert not corners.hit(((11, 12), (20, 30)))


def test_a_box_around_another_one_is_no_hit_as_in_the_kernel() -> None:
    corners = Corners()
    corners.add(((5, 8), (20, 30)))
    assert not corners.hit(((0, 10), (10, 40)))


def test_boxes_of_many_blocks_are_compared_as_well() -> None:
    corners = Corners()
    corners.add(((1, 2**32 - 2), (1, 2**16 - 2)))
    assert corners.hit(((7, 7), (7, 7)))
    assert not corners.hit(((0, 0), (7, 7)))
