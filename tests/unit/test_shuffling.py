"""Every frame once, at the time of another; the same order for the same seed, however the chunks are cut."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fwsim.capture import Input, open_captures
from fwsim.cli.shuffling import LIMITS, differs, forgetful
from fwsim.fuzz.captured import write_traffic
from fwsim.shuffling import EGRESS_COPY, Column, Shuffle
from fwsim.tables import SETTINGS, empty
from tests.unit.test_baseline_changes import WAS


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    write_traffic(str(tmp_path / "a.pcapng"), "shuffle", 300)
    return tmp_path / "a.pcapng"


def shuffled(path: Path, seed: int, to: str, *, chunk_rows: int = 50, copies: bool = False) -> np.ndarray:
    captures = open_captures([Input(str(path))], chunk_rows=chunk_rows)
    with Shuffle(captures, seed) as shuffle:
        for chunk in captures:
            if copies:
                chunk.frames["reason"][::2] = EGRESS_COPY
            shuffle.add(chunk)
        shuffle.write(str(path.parent / to))
        places = [shuffle.places(100), shuffle.places(1 << 20)]
    return np.concatenate(places)


def frames_of(path: Path) -> list[tuple[bytes, int, int, int]]:
    found = []
    captures = open_captures([Input(str(path))])
    for chunk in captures:
        for row in range(len(chunk)):
            frame = chunk.frames[row]
            name = captures.interfaces[int(frame["capture_interface"])].name
            found.append((chunk.data(row), int(frame["length"]), int(frame["sent_or_received"]), str(name)))
    return found  # type: ignore[return-value]


def test_every_frame_comes_once_and_its_place_is_known(capture: Path) -> None:
    places = shuffled(capture, 7, "b.pcapng")
    before, after = frames_of(capture), frames_of(capture.parent / "b.pcapng")
    assert sorted(places["place"].tolist()) == list(range(len(before)))
    assert [before[place] for place in places["place"].tolist()] == after
    assert (places["number"] == places["place"] + 1).all()
    assert places["place"].tolist() != sorted(places["place"].tolist())


def test_the_times_stay_where_they_were(capture: Path) -> None:
    shuffled(capture, 7, "b.pcapng")
    times = [
        [int(ts) for chunk in open_captures([Input(str(path))]) for ts in chunk.frames["ts"]]
        for path in (capture, capture.parent / "b.pcapng")
    ]
    assert times[0] == times[1]


def test_the_seed_decides_the_order_and_chunks_do_not(capture: Path) -> None:
    shuffled(capture, 7, "b.pcapng")
    shuffled(capture, 7, "c.pcapng", chunk_rows=77)
    shuffled(capture, 8, "d.pcapng")
    content = [(capture.parent / f"{name}.pcapng").read_bytes() for name in "bcd"]
    assert content[0] == content[1] != content[2]


def test_second_sightings_are_left_out(capture: Path) -> None:
    places = shuffled(capture, 7, "b.pcapng", copies=True)
    assert len(places) == len(frames_of(capture.parent / "b.pcapng")) == len(frames_of(capture)) // 2


def test_a_column_gives_back_what_it_was_given() -> None:
    column = Column()
    assert column.all().tolist() == []
    column.add(np.array([5, 6]))
    column.add(np.array([7]))
    assert column.all()[[2, 0]].tolist() == [7, 5]
    column.close()


def test_a_forgetful_table_has_no_timeouts_and_keeps_its_limits() -> None:
    settings = empty(SETTINGS, 1)
    for name in settings.dtype.names or ():
        settings[name] = 5
    forgetful(settings)
    assert {name for name in settings.dtype.names or () if settings[0][name]} == set(LIMITS)
    assert "established" not in LIMITS
    assert not differs(WAS, WAS)
