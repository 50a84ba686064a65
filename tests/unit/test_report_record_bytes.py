"""The loop that writes lines: where it stops, and how it goes on."""

from __future__ import annotations

import random

import numpy as np

from fwsim.report.fragments import Fragments
from fwsim.report.frames import JsonLines
from fwsim.report.record_bytes import FRAGMENT, SLOT_PART, Source, write_records
from fwsim.tables import DEPARTURE, empty, words
from tests.random_batches import random_batch, random_naming

BOTH = ("stateless", "stateful")


def begun(count: int) -> tuple[Fragments, Source]:
    """A batch, and fragments of which none is known yet."""
    made = random_batch(random.Random(5), count)
    left = (empty(DEPARTURE, 1), empty(DEPARTURE, 1))
    source = Source(*(words(table) for table in (made.frames, made.packets, made.stateless, made.stateful, *left)))
    return Fragments(JsonLines(BOTH, random_naming()), str.encode), source


def test_a_fragment_that_is_not_known_ends_the_loop_before_anything_of_its_line_counts() -> None:
    fragments, source = begun(3)
    rows = np.array([2], np.int64)
    write_records(fragments.form, source, rows, fragments.out, fragments.room, fragments.progress)
    progress = fragments.progress[0]
    assert (progress["next"], progress["end"]) == (0, 0)
    assert fragments.names[progress["missing"]] == "file"
    assert fragments.form.parts[progress["missing"]]["kind"] == FRAGMENT
    assert fragments.form.slots[progress["slot"], SLOT_PART] == 0


def test_the_loop_ends_where_there_may_be_no_room_for_a_line_more() -> None:
    fragments, source = begun(1)
    made = random_batch(random.Random(5), 1)
    (line,) = [bytes(piece) for piece in fragments.pieces(made, slice(None))]
    rows = np.zeros(5, np.int64)
    out = np.zeros(2 * fragments.room + len(line) - 1, np.uint8)
    fragments.progress[0] = 0
    write_records(fragments.form, source, rows, out, fragments.room, fragments.progress)
    progress = fragments.progress[0]
    assert progress["missing"] == -1
    assert 2 <= progress["next"] < 5
    assert progress["end"] == progress["next"] * len(line)
    assert out[: progress["end"]].tobytes() == line * int(progress["next"])
    assert not out[progress["end"] :].any()
