from __future__ import annotations

import numpy as np
import pytest

from fwsim.cluster.deciding import Answer, changes_of
from fwsim.cluster.joining import Figures, Rows, counters_of, final_numbers, finish, full, numbers_of, peaks_of
from fwsim.defragmenting import Final
from fwsim.running import GHOSTS
from fwsim.sharding import FULL, FULL_OF_GHOSTS
from fwsim.tables import COUNTERS, DECISION, FRAME, PACKET, empty
from fwsim.terms import Reason


def numbers(*values: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(values, np.int64)


def answer(live: list[int], ghosts: list[int]) -> Answer:
    of_connections, of_ghosts = (changes_of(numbers(*column)) for column in (live, ghosts))
    return Answer(np.zeros(0, np.intp), {}, empty(DECISION, 0), of_connections, of_ghosts, {})


def figures(births: list[int], peaks: tuple[int, int] = (0, 0), shards: int = 2, **counted: int) -> Figures:
    each = [dict.fromkeys(COUNTERS.names or (), 7) | counted for _ in range(shards)]
    return Figures(numbers(*births), peaks, each, [], [], empty(FRAME, 0), empty(DECISION, 0))


def test_the_peak_is_that_of_all_shards_at_one_time() -> None:
    answers = [answer([1, 5, 0, 0], [0, 0, 0, 1]), answer([0, 0, 4, 4], [2, 2, 2, 2])]
    assert peaks_of(answers, 4) == (5, 3)
    assert peaks_of(answers[:1], 4) == (0, 0)


@pytest.mark.parametrize(
    ("limit", "peaks", "reason"),
    [
        (5, (4, 0), None),
        (5, (5, 0), FULL),
        (0, (9, 0), None),
        (0, (9, GHOSTS - 1), None),
        (0, (0, GHOSTS), FULL_OF_GHOSTS),
    ],
)
def test_a_table_that_could_have_been_full_needs_one_shard(
    limit: int, peaks: tuple[int, int], reason: str | None
) -> None:
    assert full(limit, [figures([]), figures([], peaks)]) == reason
    assert full(limit, [figures([], peaks, shards=1)]) is None


def test_counters_are_sums_and_places_in_several_tables_are_not_told() -> None:
    found = counters_of([figures([1, 2], (6, 0)), figures([9], (3, 0), created=2, live=1)])
    assert (found["created"], found["live"], found["expired"]) == (4, 2, 14)
    assert (found["peak"], found["next_number"], found["oldest"]) == (6, 4, -1)
    assert counters_of([figures([], shards=1, created=5)])["created"] == 5


def test_numbers_are_those_of_the_order_of_confirmation() -> None:
    order = numbers_of([figures([2, 4]), figures([11])])
    assert order is not None
    assert final_numbers(numbers(0, 2, 11, 4, 2, 0), order).tolist() == [0, 1, 3, 2, 1, 0]
    assert numbers_of([figures([1], shards=1)]) is None


def test_fragments_are_told_and_numbered_at_last() -> None:
    merged = Rows(empty(FRAME, 3), empty(PACKET, 3), empty(DECISION, 3), empty(DECISION, 3))
    merged.frames["connection"] = (0, 0, 8)
    decision = empty(DECISION, 1)
    decision["connection"], decision["verdict"] = 8, 1
    shared = Final(0, 0, 1, 1, 8, decision[0])
    lost = Final(1, int(Reason.FRAGMENT_TIMEOUT), 2, 0)
    rows = finish(merged, [shared, lost], numbers(3, 8))
    assert rows.frames["connection"].tolist() == [2, 0, 2]
    assert rows.stateful["connection"].tolist() == [2, 0, 0]
    assert rows.stateful["reason"][1] == Reason.FRAGMENT_TIMEOUT
    assert rows.frames["evidence"].tolist() == [1, 2, 0]
    assert not merged.frames["evidence"].any()
