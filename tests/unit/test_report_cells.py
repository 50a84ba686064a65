"""Values of the contract's fields as text, exactly, and remembered in bounded memory."""

from __future__ import annotations

import pytest

from fwsim.report import cells as module
from fwsim.report.cells import Cells, seconds_text
from tests.batches import batch, naming


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [(0, "0.000000000"), (1, "0.000000001"), (1_772_438_403_999_999_999, "1772438403.999999999")],
)
def test_seconds_keep_every_nanosecond(nanoseconds: int, text: str) -> None:
    assert seconds_text(nanoseconds) == text


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_REMEMBERED", 10)
    cells = Cells(repr, naming())
    for number in range(100):
        (row,) = cells.frame(batch({"src": f"10.0.0.{number}"}), slice(None))
        assert repr(f"10.0.0.{number}") in row
    assert len(cells.memory["ipv4"]) <= 13


def test_equal_decisions_are_put_into_words_once() -> None:
    shaped: list[list[str]] = []

    def shape(values: list[str]) -> str:
        shaped.append(values)
        return "x"

    cells = Cells(str, naming())
    assert (
        cells.decisions(batch({}, {}, {}, stateful=[{}, {}, {"rule": 1}]), slice(None), "stateful", shape) == ["x"] * 3
    )
    assert len(shaped) == 2
