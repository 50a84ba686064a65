"""What both modes remember goes over into another simulator, which decides the same from there on."""

from __future__ import annotations

from pathlib import Path

import pytest

from fwsim.capture import Input, open_captures
from fwsim.checkpoint.modes import restore_modes, save_modes
from fwsim.checkpoint.saved import DamagedError
from tests.keeping import halfway, simulator, through_a_file


def test_the_next_packets_are_decided_alike(tmp_path: Path) -> None:
    first, _, _ = halfway(tmp_path)
    second = simulator()
    with through_a_file(tmp_path, save_modes(first)) as saved:
        restore_modes(second, saved)
    decided = []
    for deciding in (first, second):
        captures = open_captures([Input(str(tmp_path / "fuzzed.pcapng"))])
        deciding.defragmenter = None  # what fragments leave is saved elsewhere
        for chunk in captures:
            deciding.topology.locate(captures, chunk)
            batch = deciding.run(chunk)
            decided.append(batch.stateless.tobytes() + batch.stateful.tobytes())
    assert decided[: len(decided) // 2] == decided[len(decided) // 2 :]
    for mode in ("stateless", "stateful"):
        memories = [getattr(deciding, mode).mode.course.memory for deciding in (first, second)]
        assert memories[0].hits.tolist() == memories[1].hits.tolist()
        assert memories[0].buckets.tolist() == memories[1].buckets.tolist()
        assert memories[0].hits.any()
        assert memories[0].buckets["used"].all()


def test_memory_of_another_ruleset_is_refused(tmp_path: Path) -> None:
    first, _, _ = halfway(tmp_path)
    tree = save_modes(first)
    for name in ("hits", "buckets"):
        less = {**tree, "stateful": {**tree["stateful"], name: tree["stateful"][name][:-1]}}
        with pytest.raises(DamagedError, match=name), through_a_file(tmp_path, less) as saved:
            restore_modes(simulator(), saved)
