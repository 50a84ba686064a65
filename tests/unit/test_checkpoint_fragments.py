"""Fragments that wait, put back: the same datagrams come of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fwsim.checkpoint.fragments import restore_fragments, save_fragments
from fwsim.checkpoint.held import EVIDENCE, limits_of
from fwsim.checkpoint.saved import DamagedError, Saved
from fwsim.defragmenting import Defragmenter, Final
from fwsim.simulator import Batch, Simulator
from fwsim.terms import Reason
from tests.deciding import tcp
from tests.keeping import halfway, simulator, through_a_file
from tests.natted import HOST, PEER, Gateway


def waiting(folder: Path) -> tuple[Simulator, Defragmenter, dict[int, int]]:
    """A simulator, its fragments, of which some have a decision that is still to be told, and the rows of batches."""
    deciding, _, batches = halfway(folder)
    assert deciding.defragmenter is not None
    rows = {batch.serial: len(batch) for batch in batches if batch.serial}
    told: Batch = batches[0]
    deciding.defragmenter.final = {
        told.serial: [Final(3, Reason.FRAGMENT_TIMEOUT, 4, 1), Final(5, 0, 0, 1, 7, told.stateful[1].copy())]
    }
    return deciding, deciding.defragmenter, rows


def put_back(saved: Saved, deciding: Simulator, rows: dict[int, int]) -> Defragmenter:
    found = Defragmenter()
    restore_fragments(found, saved, rows, limits_of(deciding, 1, 2), EVIDENCE)
    return found


def test_everything_that_waits_comes_back_in_its_order(tmp_path: Path) -> None:
    _, defragmenter, rows = waiting(tmp_path)
    with through_a_file(tmp_path, save_fragments(defragmenter)) as saved:
        found = put_back(saved, simulator(), rows)
    for family in (4, 6):
        sets = defragmenter.reassembly.sets[family]
        assert list(found.reassembly.sets[family].items()) == list(sets.items())
        assert any(one.fragments for one in sets.values())
    assert found.reassembly.memory == defragmenter.reassembly.memory
    assert found.reassembly.senders == defragmenter.reassembly.senders
    assert (found.serials, found.pending) == (defragmenter.serials, defragmenter.pending)
    assert [[*final[:5]] for some in found.final.values() for final in some] == [
        [*final[:5]] for some in defragmenter.final.values() for final in some
    ]
    first, second = found.final[1]
    assert first.decision is None
    assert second.decision == defragmenter.final[1][1].decision


def test_a_fragment_comes_back_with_how_its_datagram_left(tmp_path: Path) -> None:
    gate = Gateway()
    gate.ask(tcp("S", HOST, PEER))
    told = Final(0, 0, 0, 1, 7, gate.batch.stateful[0].copy(), gate.batch.departures["stateful"][0].copy())
    defragmenter = Defragmenter()
    defragmenter.serials, defragmenter.final = 1, {1: [told]}
    with through_a_file(tmp_path, save_fragments(defragmenter)) as saved:
        (found,) = put_back(saved, gate.simulator, {1: 1}).final[1]
    assert found.departure == told.departure
    tree = save_fragments(defragmenter)
    tree["departures"] = tree["departures"][:0]
    with pytest.raises(DamagedError), through_a_file(tmp_path, tree) as saved:
        put_back(saved, gate.simulator, {1: 1})


def test_nothing_comes_back_as_nothing(tmp_path: Path) -> None:
    with through_a_file(tmp_path, save_fragments(Defragmenter())) as saved:
        assert not put_back(saved, simulator(), {}).reassembly


def change(name: str, value: Any) -> Callable[[dict[str, Any]], Any]:
    """Spoil the first set."""
    return lambda tree: tree["sets"][0].__setitem__(name, value)


def cell(name: str, column: int, value: int) -> Callable[[dict[str, Any]], Any]:
    """Spoil a table of the first set."""
    return lambda tree: tree["sets"][0][name].__setitem__((0, column), value)


@pytest.mark.parametrize(
    "spoil",
    [
        change("key", [4, 1]),
        change("key", ["x"] * 6),
        change("family", 5),
        change("length", 1 << 20),
        change("octets", b""),
        lambda tree: tree["sets"].append(tree["sets"][0]),
        lambda tree: tree.__setitem__("senders", tree["senders"][:0]),
        lambda tree: tree["final"].__setitem__((0, 1), 1 << 20),
        lambda tree: tree["final"].__setitem__((0, 2), 1 << 20),
        lambda tree: tree["decisions"].__setitem__("rule", 99),
        lambda tree: tree.__setitem__("decisions", tree["decisions"][:0]),
        cell("runs", 0, 1 << 30),
        cell("runs", 1, 0),
        cell("parts", 0, 1 << 19),
        cell("parts", 5, 3),
        cell("parts", 3, 4),
        cell("places", 1, -1),
        cell("places", 1, 1 << 20),
        cell("places", 4, -1),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, spoil: Callable[[dict[str, Any]], Any]) -> None:
    deciding, defragmenter, rows = waiting(tmp_path)
    tree = save_fragments(defragmenter)
    spoil(tree)
    with pytest.raises(DamagedError), through_a_file(tmp_path, tree) as saved:
        put_back(saved, deciding, rows)
