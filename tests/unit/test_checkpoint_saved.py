"""Reading back what may be hostile: kinds, bounds, sizes."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fwsim.checkpoint.saved import DamagedError, Member, Saved
from fwsim.engine.rule_rows import BUCKET


def member(content: bytes) -> Member:
    return Member(lambda: io.BytesIO(content))


TREE: dict[str, Any] = {
    "number": 5,
    "truth": True,
    "text": "a",
    "none": None,
    "list": [{"x": 1}, 2],
    "texts": ["a", "b"],
    "part": {"inner": 7},
    "words": member(np.arange(6).tobytes()),
    "odd": member(b"1234567"),
}


def test_what_is_there_is_read_as_its_kind() -> None:
    saved = Saved(TREE)
    assert (saved.number("number", 5, 5), saved.truth("truth"), saved.text("text")) == (5, True, "a")
    assert (saved.text_or_none("none"), saved.number_or_none("none"), saved.number_or_none("number")) == (None, None, 5)
    assert (saved.list("list"), saved.texts("texts"), saved.part("part").number("inner")) == (
        [{"x": 1}, 2],
        ["a", "b"],
        7,
    )
    assert saved.numbers("words", 2).tolist() == [[0, 1], [2, 3], [4, 5]]
    assert saved.octets("odd") == b"1234567"
    words = saved.numbers("words")
    words[0] = 9
    assert saved.numbers("words")[0] == 0, "each reading is a table of its own"


@pytest.mark.parametrize(
    "read",
    [
        lambda saved: saved.number("missing"),
        lambda saved: saved.number("truth"),
        lambda saved: saved.number("number", 6),
        lambda saved: saved.number("number", 0, 4),
        lambda saved: saved.truth("number"),
        lambda saved: saved.text("none"),
        lambda saved: saved.is_none("missing"),
        lambda saved: saved.texts("list"),
        lambda saved: saved.parts("list"),
        lambda saved: saved.part("list"),
        lambda saved: saved.list("part"),
        lambda saved: saved.octets("text"),
        lambda saved: saved.numbers("odd"),
        lambda saved: saved.numbers("words", 4),
        lambda saved: saved.numbers("words", bounds=(0, 4)),
        lambda saved: saved.numbers("words", bounds=(1, 5)),
        lambda saved: saved.rows("words", BUCKET),
        lambda saved: Saved([]),
    ],
)
def test_anything_else_is_damage(read: Callable[[Saved], object]) -> None:
    with pytest.raises(DamagedError):
        read(Saved(TREE))


def test_rows_are_held_against_their_number_and_bounds() -> None:
    saved = Saved({"buckets": member(np.arange(8).tobytes())})
    assert saved.rows("buckets", BUCKET, 2, {"tokens": (0, 4), "unknown": (3, 7)})["last"].tolist() == [1, 5]
    with pytest.raises(DamagedError, match=r"checkpoint\.buckets is not"):
        saved.rows("buckets", BUCKET, 1)
    with pytest.raises(DamagedError, match=r"checkpoint\.buckets\.unknown is not"):
        saved.rows("buckets", BUCKET, 2, {"unknown": (3, 6)})
