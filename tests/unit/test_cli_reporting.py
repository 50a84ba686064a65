from __future__ import annotations

from typing import Any

import pytest

from fwsim.cli import reporting
from fwsim.cli.interrupting import Interruption
from fwsim.cli.options import InputOptions
from fwsim.cli.report import MOST
from fwsim.cli.reporting import ASKED, CHOSEN, FIRST, better_window, gather, left_of, window_of, window_told
from fwsim.errors import UsageError
from fwsim.page.window import LIMIT, Window
from tests.paging import capture, reported


@pytest.mark.parametrize(
    ("text", "first", "count"), [("1", 0, LIMIT), ("17-19", 16, 3), ("8-8", 7, 1), (f"1-{MOST}", 0, MOST)]
)
def test_packets_by_number(text: str, first: int, count: int) -> None:
    window = window_of(text)
    assert window is not None
    assert (window.first, window.count) == (first, count)


def test_no_packets_named_leaves_the_choice() -> None:
    assert window_of(None) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0", "numbered from 1"),
        ("9-3", "upwards"),
        ("x", "expected a packet's number"),
        ("1-", "expected a packet's number"),
        ("٣", "expected a packet's number"),
        ("1-9999999", "50,000 at the most"),
        (f"1-{MOST + 1}", "50,001 packets, expected 50,000 at the most"),
    ],
)
def test_packets_that_are_none_are_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        window_of(text)


def test_the_busiest_packets_of_a_long_capture_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "LIMIT", 1_000)
    done = reported("office.pcapng", count=0)
    done.gathered.busiest.counts[3] = 1_000
    window = better_window(done)
    assert window is not None
    assert window.first == 3_000
    inputs = InputOptions(captures=(capture("office.pcapng"),), rules=done.run.inputs.rules)
    again = gather(inputs, Window(window.first, 5), Interruption(), to_its_end=True)
    assert again.gathered.packets.columns["n"] == [window.first + number for number in range(1, 6)]
    assert again.tally.frames < done.tally.frames or window.first + 1_000 >= done.tally.frames


def test_a_capture_that_is_shown_whole_needs_no_other_window() -> None:
    assert better_window(reported("blind-reset.pcapng", count=0)) is None


def test_of_a_long_capture_the_window_tells_how_it_was_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    done = reported("handshake.pcapng", count=2)
    assert window_told(done, Window(0, 2), Interruption())["window"]["chosen"] == ASKED
    assert window_told(done, None, Interruption())["window"]["chosen"] == FIRST
    monkeypatch.setattr(reporting, "better_window", lambda _: Window(3, 2))
    told = window_told(done, None, Interruption())
    assert told["window"] == {"first": 3, "limit": 2, "chosen": CHOSEN}
    assert told["packets"]["columns"]["n"] == [4, 5]


def test_broken_off_while_packets_are_read_again_the_first_ones_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    done = reported("handshake.pcapng", count=2)
    monkeypatch.setattr(reporting, "better_window", lambda _: Window(3, 2))
    pressed: Any = Asked()
    assert window_told(done, None, pressed)["window"]["chosen"] == FIRST
    assert "so that the first are shown" in done.interrupted


class Asked:
    """Ctrl-C was pressed before."""

    def is_set(self) -> bool:
        return True


def test_a_run_that_is_broken_off_tells_how_far_it_came() -> None:
    pressed: Any = Asked()
    done = gather(InputOptions(captures=(capture("office.pcapng"),), rules=None), Window(0, 0), pressed)
    assert done.interrupted == f" after {done.tally.frames:,} packets"
    assert done.tally.frames > 0


@pytest.mark.parametrize(
    ("first", "seen", "to_come", "to_its_end", "left"),
    [
        (0, 100, 1_000_000, False, None),
        (0, 100, 4_900, False, 4_900),
        (0, 5_000, 995_000, False, 995_000),
        (900_000, 100, 999_900, False, 999_900),
        (900_000, 100, 999_900, True, 904_900),
        (900_000, 903_000, 97_000, True, 2_000),
        (0, 100, None, True, None),
    ],
)
def test_the_time_left_is_told_where_the_rate_of_late_tells_it(
    monkeypatch: pytest.MonkeyPatch, first: int, seen: int, to_come: int | None, to_its_end: bool, left: int | None
) -> None:
    done = reported("handshake.pcapng", first=first)
    done.gathered.packets.seen = seen
    monkeypatch.setattr(reporting, "to_come", lambda _: to_come)
    assert left_of(done, done.gathered.watched.window, to_its_end=to_its_end) == left
