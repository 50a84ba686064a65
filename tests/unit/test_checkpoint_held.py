"""Batches that are held back, put back; and none that names what is not there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fwsim.checkpoint.container import Stream
from fwsim.checkpoint.held import limits_of, restore_held, save_held
from fwsim.checkpoint.saved import DamagedError, Saved
from fwsim.holding import IN_MEMORY, Held
from fwsim.simulator import Batch
from tests.deciding import tcp
from tests.keeping import halfway, simulator, through_a_file
from tests.natted import HOST, PEER, Gateway


def batches(folder: Path) -> list[Batch]:
    """More batches than are held in memory."""
    made = halfway(folder, chunk_rows=20)[2]
    assert len(made) > IN_MEMORY
    made[0].chunk.comments[3] = ["a comment"]
    return made


def held_of(some: list[Batch]) -> Held:
    held = Held()
    for batch in some:
        held.append(batch)
    return held


def put_back(saved: Saved) -> tuple[Held, dict[int, int]]:
    held = Held()
    return held, restore_held(held, saved, limits_of(simulator(), 1, 2))


def test_batches_come_back_in_their_order_with_their_bytes(tmp_path: Path) -> None:
    made = batches(tmp_path)
    held = held_of(made)
    held.popleft()
    with through_a_file(tmp_path, save_held(held)) as saved:
        found, rows = put_back(saved)
    assert rows == {batch.serial: len(batch) for batch in made[1:] if batch.serial}
    assert len(found) == len(held) == len(made) - 1
    found.append(made[0])
    for expected in [*made[1:], made[0]]:
        batch = found.popleft()
        assert (batch.serial, batch.comments) == (expected.serial, expected.comments)
        for name in ("packets", "stateless", "stateful"):
            assert getattr(batch, name).tobytes() == getattr(expected, name).tobytes()
        for row in range(len(batch)):
            assert batch.chunk.data(row) == expected.chunk.data(row)
    for one in (held, found):
        one.close()


def test_none_come_back_as_none(tmp_path: Path) -> None:
    with through_a_file(tmp_path, save_held(Held())) as saved:
        found, rows = put_back(saved)
    assert (len(found), rows) == (0, {})


@pytest.mark.parametrize(
    ("table", "field", "value"),
    [
        ("frames", "file", 1),
        ("frames", "capture_interface", 2),
        ("frames", "evidence", -1),
        ("packets", "iif", 9),
        ("stateless", "rule", 99),
        ("stateful", "chain", 99),
        ("stateful", "verdict", 9),
        ("stateful", "reason", 999),
    ],
)
def test_rows_that_name_what_is_not_there_are_refused(tmp_path: Path, table: str, field: str, value: int) -> None:
    made = batches(tmp_path)
    getattr(made[1], table)[field][2] = value
    held = held_of(made)
    with pytest.raises(DamagedError, match=f"{table}.{field}"), through_a_file(tmp_path, save_held(held)) as saved:
        put_back(saved)
    held.close()


def translated(**departure: int) -> Held:
    """A batch of a packet that was translated."""
    gate = Gateway()
    gate.ask(tcp("S", HOST, PEER))
    for name, value in departure.items():
        gate.batch.departures["stateful"][name] = value
    return held_of([gate.batch])


def test_how_packets_looked_when_they_left_comes_back(tmp_path: Path) -> None:
    held, found = translated(), Held()
    with through_a_file(tmp_path, save_held(held)) as saved:
        restore_held(found, saved, limits_of(Gateway().simulator, 1, 2))
    ours, theirs = held.popleft().departures, found.popleft().departures
    assert {mode: table.tobytes() for mode, table in theirs.items()} == {
        mode: table.tobytes() for mode, table in ours.items()
    }
    assert bool(theirs["stateful"]["left"][0])


def test_departures_out_of_bounds_or_of_rules_that_do_not_translate_are_refused(tmp_path: Path) -> None:
    for held, limits in (
        (translated(sport=1 << 16), limits_of(Gateway().simulator, 1, 2)),
        (translated(), limits_of(simulator(), 1, 2)),
    ):
        with pytest.raises(DamagedError), through_a_file(tmp_path, save_held(held)) as saved:
            restore_held(Held(), saved, limits)
        held.close()


@pytest.mark.parametrize("write", [lambda file: file.write(b"x" * 999), lambda file: None])
def test_what_is_no_batch_is_refused(tmp_path: Path, write: Callable[[Any], Any]) -> None:
    tree = {"count": 1, "batches": Stream(write)}
    with pytest.raises(DamagedError, match="cannot be read"), through_a_file(tmp_path, tree) as saved:
        put_back(saved)
