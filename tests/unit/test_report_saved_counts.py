"""What reports have counted goes over into others, which then say the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fwsim.checkpoint.saved import DamagedError
from fwsim.naming import Naming
from fwsim.report.groups import KINDS, Groups, groups_records
from fwsim.report.saved_counts import (
    restore_groups,
    restore_tally,
    restore_unknowns,
    save_groups,
    save_tally,
    save_unknowns,
)  # fmt: skip
from fwsim.report.tally import Slots, Tally
from fwsim.report.unknown import Count, Unknowns
from fwsim.run_names import naming_of
from fwsim.simulator import Batch
from tests.keeping import halfway, through_a_file

MODES = [("stateless", "stateful"), ("stateful",)]


@pytest.fixture
def run(tmp_path: Path) -> tuple[list[Batch], Naming]:
    """Batches, and the names of their run."""
    deciding, captures, batches = halfway(tmp_path)
    return batches, naming_of(captures, deciding)


def tally_of(modes: tuple[str, ...], naming: Naming) -> Tally:
    return Tally(modes, {mode: Slots(len(names.rules), len(names.chains)) for mode, names in naming.rules.items()})


def told(tally: Tally) -> list[Any]:
    """All that a tally says."""
    hits = [(hits.counts.tolist(), hits.tried) for hits in tally.hits.values()]
    found = [tally.frames, tally.octets, tally.first_ts, tally.last_ts, tally.cells.tolist(), hits, tally.waiting]
    found += [list(tally.changes.items()), tally.let_in, tally.not_evaluated, tally.unchained]
    return [*found, tally.examples, tally.admitted_examples]


@pytest.mark.parametrize("modes", MODES)
@pytest.mark.parametrize("half", [0, 1, 5, 8])
def test_a_tally_goes_on_counting(
    tmp_path: Path, run: tuple[list[Batch], Naming], modes: tuple[str, ...], half: int
) -> None:
    batches, naming = run
    whole, first, second = (tally_of(modes, naming) for _ in range(3))
    for batch in batches:
        whole.add(batch)
    for batch in batches[:half]:
        first.add(batch)
    with through_a_file(tmp_path, save_tally(first)) as saved:
        restore_tally(second, saved, naming)
    for batch in batches[half:]:
        second.add(batch)
    assert told(second) == told(whole)
    assert whole.frames > 100
    assert bool(whole.changes) == (len(modes) == 2)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda tree: tree["cells"].__setitem__(0, 1 << 40),
        lambda tree: tree["cells"].__setitem__(0, -1),
        lambda tree: tree["unseen"].__setitem__(255, 1),
        lambda tree: tree["totals"].__setitem__("frames", 1),
        lambda tree: tree["totals"].__setitem__("kinds", 1 << 20),
        lambda tree: tree["changes"].__setitem__("key", 7),
        lambda tree: tree["changes"]["key"].__setitem__(0, 1 << 40),
        lambda tree: tree["changes"]["count"].__setitem__(0, 1 << 40),
        lambda tree: tree["differ"].__setitem__("file", 7),
        lambda tree: tree.__setitem__("let_in", tree["let_in"][:-1]),
    ],
)
def test_a_tally_that_does_not_add_up_is_refused(
    tmp_path: Path, run: tuple[list[Batch], Naming], spoil: Callable[[dict[str, Any]], Any]
) -> None:
    batches, naming = run
    tally = tally_of(MODES[0], naming)
    for batch in batches:
        tally.add(batch)
    tree = save_tally(tally)
    spoil(tree)
    with pytest.raises(DamagedError), through_a_file(tmp_path, tree) as saved:
        restore_tally(tally_of(MODES[0], naming), saved, naming)


@pytest.mark.parametrize("kind", KINDS)
def test_groups_go_on_counting(tmp_path: Path, run: tuple[list[Batch], Naming], kind: str) -> None:
    batches, naming = run
    first, second = Groups(kind, MODES[0], naming), Groups(kind, MODES[0], naming)
    for batch in batches:
        first.add(batch)
    first.merged, first.merged_groups = [5, 1, 2, 3], 2
    with through_a_file(tmp_path, save_groups(first)) as saved:
        restore_groups(second, saved)
    assert groups_records(second, 99) == groups_records(first, 99)
    assert len(first.counts) > 1


def test_a_group_of_a_rule_that_is_not_there_is_refused(tmp_path: Path, run: tuple[list[Batch], Naming]) -> None:
    groups = Groups("rule", MODES[0], run[1])
    tree = {"counts": np.array([[99, 0, 1, 1, 1, 1]]), "merged": [0] * 4, "merged_groups": 0}
    with pytest.raises(DamagedError, match="counts"), through_a_file(tmp_path, tree) as saved:
        restore_groups(groups, saved)


def unknowns(naming: Naming) -> Unknowns:
    return Unknowns(MODES[0], naming, {"stateless": "a.yaml", "stateful": "a.yaml"}, {})


def test_unknown_verdicts_go_on_being_counted(tmp_path: Path, run: tuple[list[Batch], Naming]) -> None:
    first, second = unknowns(run[1]), unknowns(run[1])
    for name in ("b", "a"):
        first.counts[name] = Count(name, 3, (0, 17), {"rule x": None, "rule y": None})
    with through_a_file(tmp_path, save_unknowns(first)) as saved:
        restore_unknowns(second, saved)
    assert second.lines() == first.lines()
    tree = save_unknowns(first)
    tree["counts"][0][2] = [9, 1]
    with pytest.raises(DamagedError), through_a_file(tmp_path, tree) as saved:
        restore_unknowns(unknowns(run[1]), saved)
