"""A run brought to where packets come, everything before them decided."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from fwsim.capture import Captures, Input, open_captures
from fwsim.cli.demo_story import RULESET, capture, scenes
from fwsim.explain.reaching import FrameRange, before_each
from fwsim.result import compare
from fwsim.ruleset import load_ruleset
from fwsim.simulator import Simulator


@pytest.fixture
def path(tmp_path: Path) -> str:
    """The demo's capture."""
    (tmp_path / "demo.pcap").write_bytes(capture(scenes()))
    return str(tmp_path / "demo.pcap")


def opened(path: str) -> Captures:
    """The capture in small chunks."""
    return open_captures([Input(path)], chunk_rows=5)


def simulator() -> Simulator:
    """A simulator with the demo's ruleset."""
    return Simulator(load_ruleset(io.StringIO(RULESET)))


@pytest.mark.parametrize(("first", "last"), [(1, 1), (5, 6), (9, 9), (4, 12), (16, 16)])
def test_before_each_stops_with_everything_before_decided(path: str, first: int, last: int) -> None:
    (whole,) = compare(path, load_ruleset(io.StringIO(RULESET)))
    deciding = simulator()
    stops = []
    for batch, row in before_each(deciding, opened(path), FrameRange(0, first, last)):
        deciding.step(batch, row)
        stops.append(int(batch.frames["number"][row]))
        assert batch.stateful[row].item() == whole.stateful[stops[-1] - 1].item()
    assert stops == list(range(first, last + 1))


def test_before_each_gives_what_there_is_of_a_range(path: str) -> None:
    deciding = simulator()
    found = []
    for batch, row in before_each(deciding, opened(path), FrameRange(0, 15, 20)):
        deciding.step(batch, row)
        found.append(int(batch.frames["number"][row]))
    assert found == [15, 16]
