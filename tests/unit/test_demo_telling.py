"""The demo on terminals of any width, with and without colour."""

from __future__ import annotations

import os
import re
from collections.abc import Callable

import pytest

from fwsim.cli import run

ESCAPE = re.compile(r"\x1b\[\d+m")
Told = Callable[[int], list[str]]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Told:
    """The lines on a terminal of so many columns."""

    def tell(columns: int) -> list[str]:
        monkeypatch.setattr("sys.stdout.isatty", lambda: True)
        monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((columns, 40)))
        monkeypatch.setenv("TERM", "xterm")
        assert run(["demo"]) == 0
        return capsys.readouterr().out.splitlines()

    return tell


@pytest.mark.parametrize("columns", [60, 72, 80, 100])
def test_lines_fit_the_terminal(columns: int, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    lines = told(columns)
    assert max(map(len, lines)) <= columns
    assert not any(ESCAPE.search(line) for line in lines)


def test_at_eighty_columns_it_is_two_screens(told: Told) -> None:
    assert len(told(80)) <= 80


def test_colour_changes_nothing_but_colour(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    painted = told(80)
    monkeypatch.setenv("NO_COLOR", "1")
    assert [ESCAPE.sub("", line) for line in painted] == told(80)
    assert any("\x1b[31mdrop\x1b[0m" in line for line in painted)


def test_verdicts_stand_in_their_columns(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    lines = told(60)
    (place,) = {line.index("stateful") for line in lines if line.endswith("stateless  stateful")}
    rows = [line for line in lines if re.match(r" ?\d+  \w+", line)]
    assert len(rows) == 16
    assert all(line[place:].split()[0] in ("accept", "drop") for line in rows)


def test_on_the_narrowest_terminals_it_is_told_as_on_fifty_columns(told: Told) -> None:
    assert told(10) == told(50)
