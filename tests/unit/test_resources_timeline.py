"""Buckets on the capture's clock: where they end, whatever the chunks, and how many there are."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwsim.resources.timeline import LEAST_WIDTH, MOST, Clock, Piece, Point, Timeline

BEGIN = 1_772_438_403_000_000_000
NOTHING = dict.fromkeys(("live", "created", "expired", "evicted", "dropped", "peak"), 0)


def pieces(clock: Clock, *milliseconds: int) -> list[Piece]:
    """The pieces of a chunk with these times (ms) behind the beginning."""
    return list(clock.pieces(BEGIN + np.array(milliseconds, dtype=np.int64) * 1_000_000))


def ends(piece: Piece) -> list[int]:
    """When buckets end before a piece (ms)."""
    return [(end - BEGIN) // 1_000_000 for end in piece.marks.ends]


def test_packets_of_one_bucket_stay_together() -> None:
    found = pieces(Clock(), 0, 0, 1, 1, 3)
    assert [(piece.start, piece.end, ends(piece)) for piece in found] == [(0, 2, []), (2, 4, [1]), (4, 5, [2, 3])]


def test_a_bucket_goes_on_in_the_next_chunk() -> None:
    clock = Clock()
    assert [ends(piece) for piece in pieces(clock, 0, 2)] == [[], [1, 2]]
    assert [(piece.start, piece.end, ends(piece)) for piece in pieces(clock, 2, 2, 3)] == [(0, 2, []), (2, 3, [3])]
    assert [ends(piece) for piece in pieces(clock, 5)] == [[4, 5]]
    assert pieces(clock) == []


def test_buckets_become_twice_as_long_when_there_would_be_too_many() -> None:
    clock = Clock()
    pieces(clock, 0, MOST - 1)
    assert clock.width == LEAST_WIDTH
    (last,) = pieces(clock, MOST)
    assert (last.marks.width, ends(last)) == (2 * LEAST_WIDTH, [MOST])


@pytest.mark.parametrize("gap", [1, MOST, 10**7, 10**12])
def test_a_gap_of_any_length_has_few_ends(gap: int) -> None:
    clock = Clock()
    first, *rest = pieces(clock, 0, gap)
    assert ends(first) == []
    assert sum(len(piece.marks.ends) for piece in rest) <= MOST
    assert rest[-1].marks.ends[-1] <= BEGIN + gap * 1_000_000 < rest[-1].marks.ends[-1] + clock.width


def timeline(nows: list[int], cuts: list[int]) -> tuple[list[int], int]:
    """The times of the points of packets at these times (ns), which come in chunks that end at these rows."""
    clock, line = Clock(), Timeline()
    for start, end in pairwise(sorted({0, len(nows), *(cut for cut in cuts if cut < len(nows))})):
        for piece in clock.pieces(np.array(nows[start:end], dtype=np.int64)):
            line.widen(clock.begin or 0, piece.marks.width)
            for at in piece.marks.ends:
                line.add(at, NOTHING)
    return [point.at for point in line.points], line.width


@given(st.lists(st.integers(0, 10**10), min_size=1, max_size=60), st.lists(st.integers(1, 60)))
def test_points_are_at_equal_distances_wherever_the_chunks_end(steps: list[int], cuts: list[int]) -> None:
    nows = (BEGIN + np.cumsum([0, *steps])).tolist()
    found, width = timeline(nows, cuts)
    assert found == list(range(BEGIN + width, nows[-1] + 1, width))
    assert len(found) < MOST
    assert (found, width) == timeline(nows, [])


def test_a_point_says_how_connections_ended() -> None:
    counters = NOTHING | {"live": 3, "created": 20, "expired": 9, "evicted": 4, "dropped": 2, "peak": 7}
    point = Point.of(5, counters)
    assert point == Point(5, live=3, opened=20, expired=9, evicted=4, refused=2, peak=7)
    assert (point.closed, point.ended) == (4, 17)
    assert Point(*point.numbers()) == point
