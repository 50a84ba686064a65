"""What a fuzzer's TCP end remembers, and where the numbers that tempt a window lie."""

from __future__ import annotations

from random import Random

from fwsim.engine.serial import distance
from fwsim.fuzz.endpoint import LEAST_WINDOW, Endpoint, endpoint, note, tempting


def fresh(start: int) -> Endpoint:
    return Endpoint(start, 0, 1000, b"", 0, highest=start, granted=start)


def test_sending_moves_the_end_and_the_edge_of_the_other() -> None:
    sender, receiver = fresh(100), fresh(900)
    note(sender, receiver, 100, 150, 900, 1000)
    assert (sender.highest, sender.acknowledged, receiver.granted) == (150, 900, 1900)


def test_older_numbers_move_nothing_back() -> None:
    sender, receiver = fresh(100), fresh(900)
    note(sender, receiver, 100, 150, 900, 1000)
    note(sender, receiver, 90, 120, 890, 1000)
    assert (sender.highest, receiver.granted) == (150, 1900)


def test_numbers_wrap_around() -> None:
    sender, receiver = fresh(0xFFFFFFF0), fresh(0xFFFFFFF0)
    note(sender, receiver, 0xFFFFFFF0, 0x10, 0xFFFFFFF0, 0x20)
    assert (sender.highest, receiver.granted) == (0x10, 0x10)


def test_a_scaled_window_reaches_further() -> None:
    sender, receiver = fresh(0), fresh(0)
    sender.scale = 2
    note(sender, receiver, 0, 0, 0, 1000)
    assert receiver.granted == 4000


def test_tempting_numbers_lie_on_bounds_and_beside_them() -> None:
    chance = Random(5)
    sender, receiver = fresh(5_000), fresh(70_000)
    receiver.widest = 3_000
    found = [tempting(chance, sender, receiver) for _ in range(2_000)]
    offsets = {distance(seq, sender.highest) for seq, _ in found}
    assert {0, 1, -1, -3_000, 3_000} <= offsets
    assert -LEAST_WINDOW in {distance(ack, receiver.highest) for _, ack in found}


def test_ends_begin_near_the_wrap_and_far_from_it() -> None:
    chance = Random(7)
    starts = [endpoint(chance).next for _ in range(300)]
    assert any(start > 0xFFFFF000 for start in starts)
    assert any(start < 3 for start in starts)
    assert any(0x10000 < start < 0x7FFF0000 for start in starts)
