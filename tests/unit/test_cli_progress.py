"""Progress: on a terminal only, with the rate and the time left, and gone in the end."""

from __future__ import annotations

import io
import sys

import pytest

from fwsim.cli import progress
from fwsim.cli.progress import ENDING, clock, with_progress


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Yes."""
        return True


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Progress is shown at once."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(progress, "PATIENCE", -1.0)
    monkeypatch.setattr(progress, "PERIOD", 0.0)


@pytest.mark.parametrize(
    ("stream", "hidden", "shown"), [(io.StringIO(), False, False), (Terminal(), True, False), (Terminal(), False, True)]
)
def test_everything_is_passed_on_and_shown_only_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, impatient: None, stream: io.StringIO, hidden: bool, shown: bool
) -> None:
    batches = [[1, 2], [3]]
    monkeypatch.setattr(sys, "stderr", stream)
    assert list(with_progress(iter(batches), hidden=hidden)) == batches
    assert ("packets" in stream.getvalue()) == shown


def test_the_line_says_how_fast_how_long_and_whether_it_ends(monkeypatch: pytest.MonkeyPatch, impatient: None) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    batches = [range(1_000)] * 3
    list(with_progress(batches, hidden=False, to_come=lambda: 0, ending=lambda: True, done=5_000))
    told = stream.getvalue()
    for part in ("8,000 packets", "packets/s", "about 0:00 left", ENDING):
        assert part in told
    assert told.endswith("\x1b[2K"), "the line is gone"


def test_where_nobody_knows_what_is_to_come_no_time_is_told(monkeypatch: pytest.MonkeyPatch, impatient: None) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    list(with_progress([[1]], hidden=False))
    assert "left" not in stream.getvalue()
    assert "packets/s" in stream.getvalue()


def test_short_runs_show_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    list(with_progress([[1]], hidden=False))
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (5.4, "0:05"), (59.6, "1:00"), (754, "12:34"), (3723, "1:02:03")]
)
def test_times_are_told_as_a_clock_does(seconds: float, text: str) -> None:
    assert clock(seconds) == text
