"""Captures read up to a packet or a time, and packet by packet."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from fwsim.capture import Captures, Input, open_captures
from fwsim.cli.demo_story import BEGINNING, RULESET, capture, scenes
from fwsim.cli.partly import Partly, Until, behind, never, one_by_one, rows_of
from fwsim.explain.reaching import FrameRange
from fwsim.result import compare
from fwsim.ruleset import load_ruleset
from fwsim.simulator import Simulator

SECOND = 1_000_000_000


@pytest.fixture
def path(tmp_path: Path) -> str:
    """The demo's capture."""
    (tmp_path / "demo.pcap").write_bytes(capture(scenes()))
    return str(tmp_path / "demo.pcap")


def opened(path: str, *, chunk_rows: int = 5) -> Captures:
    """The capture in small chunks."""
    return open_captures([Input(path)], chunk_rows=chunk_rows)


def simulator() -> Simulator:
    """A simulator with the demo's ruleset."""
    return Simulator(load_ruleset(io.StringIO(RULESET)))


def test_all_is_read_without_an_end(path: str) -> None:
    part = Partly(opened(path), never)
    assert [len(chunk) for chunk in part] == [5, 5, 5, 1]
    assert not part.reached
    assert part.files[0].packets == 16


@pytest.mark.parametrize("number", [1, 4, 5, 6, 15, 16])
def test_reading_ends_right_behind_a_packet(path: str, number: int) -> None:
    part = Partly(opened(path), behind(FrameRange(0, number, number)))
    assert sum(len(chunk) for chunk in part) == number
    assert part.reached


def test_a_packet_that_is_not_there_is_never_reached(path: str) -> None:
    part = Partly(opened(path), behind(FrameRange(0, 17, 17)))
    assert sum(len(chunk) for chunk in part) == 16
    assert not part.reached


@pytest.mark.parametrize(("seconds", "count"), [(-1, 0), (0, 1), (1, 7), (7.5, 13), (99, 16)])
def test_reading_ends_before_the_first_packet_later_than_a_time(path: str, seconds: float, count: int) -> None:
    until = Until(lambda first: first + round(seconds * SECOND))
    assert sum(len(chunk) for chunk in Partly(opened(path), until)) == count
    assert until.time == BEGINNING * SECOND + round(seconds * SECOND)


def test_rows_of_a_chunk_keep_their_comments(path: str) -> None:
    chunk = next(iter(opened(path)))
    chunk.comments.update({1: ["one"], 4: ["four"]})
    part = rows_of(chunk, 1, 3)
    assert part.frames["number"].tolist() == [2, 3]
    assert part.comments == {0: ["one"]}


def test_one_by_one_decides_as_a_whole_run_does(path: str) -> None:
    (whole,) = compare(path, load_ruleset(io.StringIO(RULESET)))
    decided = [
        (batch.stateless[row].item(), batch.stateful[row].item())
        for batch, row in one_by_one(simulator(), Partly(opened(path), never))
    ]
    assert decided == list(zip(whole.stateless.tolist(), whole.stateful.tolist(), strict=True))
