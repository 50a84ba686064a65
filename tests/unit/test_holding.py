"""Batches held back: order, the temporary file, and nothing at all where nothing waits."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from fwsim import holding
from fwsim.capture import Chunk
from fwsim.defragmenting import Defragmenter, Final
from fwsim.holding import Held, in_order
from fwsim.simulator import Batch
from fwsim.tables import DECISION, DEPARTURE, FRAME, PACKET, QUOTE, empty
from fwsim.terms import Reason


def batch(number: int, serial: int = 0) -> Batch:
    """A batch of one frame, which says its number in all of its tables."""
    frames = empty(FRAME, 1)
    frames["number"], frames["offset"], frames["captured"] = number, 3, 4
    packets, quotes, decisions = empty(PACKET, 1), empty(QUOTE, 1), empty(DECISION, 1)
    packets["now"], quotes["proto"], decisions["rule"] = number, number, number
    departures = empty(DEPARTURE, 1)
    departures["sport"] = number
    buffer = np.array([9, 9, 9, *number.to_bytes(4, "big"), 9], np.uint8)
    chunk = Chunk(frames, packets, quotes, buffer, {0: [f"comment {number}"]}, True, 2)
    return Batch(chunk, decisions.copy(), decisions, serial, {"stateful": departures})


def numbers(batches: Iterator[Batch]) -> list[int]:
    return [int(one.frames["number"][0]) for one in batches]


class Waiting(Defragmenter):
    """Something waits in the batches with these serial numbers, until `free` is called."""

    def __init__(self, *serials: int) -> None:
        super().__init__()
        self.pending = dict.fromkeys(serials, 1)

    def free(self, serial: int) -> None:
        self.pending[serial] -= 1
        self.final[serial] = [Final(0, Reason.FRAGMENT_TIMEOUT, 4, 1)]

    def give_up(self) -> None:
        for serial in list(self.pending):
            self.free(serial)


def test_without_a_defragmenter_batches_pass() -> None:
    assert numbers(in_order([batch(1), batch(2)], None)) == [1, 2]


def test_nothing_is_held_where_nothing_waits() -> None:
    given = in_order((batch(number) for number in range(3)), Defragmenter())
    assert int(next(given).frames["number"][0]) == 0
    assert numbers(given) == [1, 2]


def test_what_comes_behind_a_waiting_batch_waits_too_and_order_is_kept() -> None:
    waiting = Waiting(1)
    seen: list[int] = []

    def coming() -> Iterator[Batch]:
        yield batch(1, serial=1)
        yield batch(2)
        assert seen == []
        waiting.free(1)
        yield batch(3)
        assert seen == [1, 2, 3]
        yield batch(4)

    for one in in_order(coming(), waiting):
        seen.append(int(one.frames["number"][0]))
        if seen == [1]:
            assert (one.stateful[0]["reason"], one.frames[0]["evidence"], one.frames[0]["further"]) == (82, 4, 1)
    assert seen == [1, 2, 3, 4]


def test_at_the_end_everything_comes_out() -> None:
    assert numbers(in_order([batch(1, serial=1), batch(2), batch(3, serial=2)], Waiting(1, 2))) == [1, 2, 3]


@pytest.mark.parametrize("in_memory", [1, 2, 16])
def test_what_is_too_much_for_memory_goes_through_a_file_unharmed(
    monkeypatch: pytest.MonkeyPatch, in_memory: int
) -> None:
    monkeypatch.setattr(holding, "IN_MEMORY", in_memory)
    held = Held()
    taken: list[Batch] = []
    for number in range(1, 7):
        held.append(batch(number, serial=number * 10))
    assert held.stored == max(6 - in_memory, 0)
    while held:
        assert held.serial == (len(taken) + 1) * 10
        taken.append(held.popleft())
        if len(taken) == 2:
            held.append(batch(7, serial=70))
    held.close()
    for number, one in enumerate(taken, 1):
        assert one.chunk.data(0) == number.to_bytes(4, "big")
        assert (one.serial, one.comments, one.chunk.checksum) == (number * 10, {0: [f"comment {number}"]}, 2)
        found = (one.packets["now"], one.quotes["proto"], one.stateless["rule"], one.stateful["rule"])
        assert [int(column[0]) for column in found] == [number] * 4
        assert {mode: int(table["sport"][0]) for mode, table in one.departures.items()} == {"stateful": number}
    assert len(taken) == 7


@pytest.mark.parametrize("file_size", [1, 30_000, 1 << 26], ids=["one each", "several", "one"])
def test_files_that_are_read_are_removed_though_something_always_waits(
    monkeypatch: pytest.MonkeyPatch, file_size: int
) -> None:
    monkeypatch.setattr(holding, "IN_MEMORY", 1)
    monkeypatch.setattr(holding, "FILE_SIZE", file_size)
    held, taken = Held(), []
    for number in range(10):
        held.append(batch(number))
    one = held.size // held.stored
    for number in range(10, 60):
        held.append(batch(number))
        taken.append(int(held.popleft().frames["number"][0]))
        if file_size <= 30_000:
            assert held.size <= one * held.stored + file_size + one
    while held:
        taken.append(int(held.popleft().frames["number"][0]))
    assert taken == list(range(60))
    assert held.size == 0
    held.close()


def test_much_that_is_held_takes_few_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "FILE_SIZE", 1)
    made: list[holding.Stretch] = []

    class Counted(holding.Stretch):
        def __init__(self) -> None:
            super().__init__()
            made.append(self)

    monkeypatch.setattr(holding, "Stretch", Counted)
    held = Held()
    for number in range(300):
        held.append(batch(number))
    held.close()
    assert 16 < len(made) < 100


def test_a_file_that_was_emptied_is_followed_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "IN_MEMORY", 1)
    held = Held()
    for start in (1, 11):
        for number in range(start, start + 4):
            held.append(batch(number))
        assert [int(held.popleft().frames["number"][0]) for _ in range(4)] == list(range(start, start + 4))
    held.close()
