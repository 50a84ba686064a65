from __future__ import annotations

import numpy as np
import pytest

from fwsim.capture import Input, open_captures
from fwsim.page.window import STRETCH, STRETCHES, Busiest, Window
from tests.paging import capture


class Batch:
    """So many packets, on some of which the modes differ."""

    def __init__(self, length: int, differ: tuple[int, ...] = ()) -> None:
        self.length = length
        verdict = np.zeros(length, dtype=np.int64)
        self.stateless = {"verdict": verdict.copy()}
        verdict[list(differ)] = 1
        self.stateful = {"verdict": verdict}

    def __len__(self) -> int:
        return self.length


def counted(*batches: Batch) -> Busiest:
    busiest = Busiest()
    for batch in batches:
        busiest.add(batch)
    return busiest


@pytest.mark.parametrize(
    ("position", "length", "rows"),
    [(0, 5, range(5, 5)), (0, 12, range(10, 12)), (10, 5, range(5)), (8, 40, range(2, 22)), (30, 5, range(0))],
)
def test_rows_of_a_chunk_that_are_shown(position: int, length: int, rows: range) -> None:
    assert list(Window(10, 20).rows(position, length)) == list(rows)


def test_chunks_are_cut_at_both_ends_of_the_window() -> None:
    captures = open_captures([Input(capture("handshake.pcapng"))], digest=False)
    whole = sum(len(chunk) for chunk in captures)
    captures = open_captures([Input(capture("handshake.pcapng"))], digest=False)
    assert [len(chunk) for chunk in Window(2, 3).cut(iter(captures))] == [2, 3, whole - 5]


def test_the_busiest_window_is_where_the_modes_differ_most() -> None:
    busiest = counted(Batch(STRETCH * 8, (5,)), Batch(STRETCH * 8, tuple(range(STRETCH * 3, STRETCH * 3 + 9))))
    window = busiest.window(2 * STRETCH)
    assert window.first <= 11 * STRETCH < window.end
    assert window.count == 2 * STRETCH


def test_with_differences_nowhere_the_window_is_the_first() -> None:
    assert counted(Batch(STRETCH * 20)).window(2 * STRETCH).first == 0


def test_the_last_packets_may_be_the_busiest() -> None:
    window = counted(Batch(STRETCH * 9 + 7, (STRETCH * 9 + 6,))).window(2 * STRETCH)
    assert window.first <= STRETCH * 9 + 6 < window.end


def test_a_long_run_is_counted_in_bounded_memory() -> None:
    busiest = Busiest()
    packets = STRETCH * STRETCHES * 3
    position = 0
    while position < packets:
        length = 50_000
        busiest.add(Batch(length, (7, 8) if position == 2_000_000 else ()))
        position += length
    assert len(busiest.counts) == STRETCHES
    assert int(busiest.counts.sum()) == 2
    window = busiest.window(5_000)
    assert window.first <= 2_000_007 < window.first + max(window.count, busiest.width)
