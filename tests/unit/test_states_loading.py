"""From tables to files and back: the same connections, and what cannot be told is counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from fwsim import tracker as trackers
from fwsim.errors import UsageError
from fwsim.ruleset import Ruleset
from fwsim.simulator import Simulator
from fwsim.states.as_json import json_lines, state_of
from fwsim.states.as_text import state_of as from_text
from fwsim.states.loading import loaded, saved
from fwsim.states.model import OF_TUPLE, STATES, State
from fwsim.terms import CtStatus
from fwsim.tracker import connections_listing
from tests.keeping import halfway
from tests.unit.test_states_as_text import TCP, UDP

NOW = 1_772_438_400 * 10**9
TABLE_ONLY = {"number", "row", "heap_position", "heap_key", "opened_frame", "opened_file", "last_frame", "last_file"}


def test_a_table_comes_back_as_it_was(tmp_path: Path) -> None:
    deciding, _, _ = halfway(tmp_path, packets=1200)
    deciding.stateful.settle()
    tracker = deciding.stateful.tracker
    now = max(one["created"] for one in connections_listing(tracker))
    state, untold = saved(tracker, now)
    assert untold == 0
    assert any(entry.expectation for entry in state.entries)
    fresh = trackers.make_tracker(tracker.settings, key=99)
    again = loaded(fresh, state_of("".join(json_lines(state))), now, "file")
    before, after = list(connections_listing(tracker)), list(connections_listing(again))
    assert len(before) == len(after) == len(state.entries) > 5
    for one, other in zip(before, after, strict=True):
        remembered = one["original"]["proto"] in STATES
        for name in one.keys() - TABLE_ONLY - {"original", "reply", "evidence", "extension"}:
            if remembered or not name.startswith("last_"):
                assert one[name] == other[name], name
        for side in ("original", "reply"):
            assert [one[side][name] for name in OF_TUPLE] == [other[side][name] for name in OF_TUPLE]
    assert saved(again, now) == (state, 0)


def test_without_a_time_connections_live_from_the_first_packet_on() -> None:
    settings = halfway_settings()
    tracker = loaded(trackers.make_tracker(settings, key=1), from_text(f"{TCP}\n{UDP}\n"), NOW, "file")
    listed = list(connections_listing(tracker))
    assert [one["expires"] - NOW for one in listed] == [431999 * 10**9, 29 * 10**9]
    assert [one["number"] for one in listed] == [1, 2]


def test_with_a_time_they_die_when_they_would_have() -> None:
    entries = from_text(f"{TCP}\n{UDP}\n").entries
    later = NOW + 60 * 10**9
    tracker = loaded(trackers.make_tracker(halfway_settings(), key=1), State(entries, NOW), later, "file")
    assert [one["expires"] - NOW for one in connections_listing(tracker)] == [431999 * 10**9]


def test_twice_the_same_and_too_many_are_refused() -> None:
    settings = halfway_settings()
    with pytest.raises(UsageError, match="file: connection 2: another has the same"):
        loaded(trackers.make_tracker(settings, key=1), from_text(f"{TCP}\n{TCP}\n"), NOW, "file")
    settings["max"] = 1
    with pytest.raises(UsageError, match=r"conntrack\.max is 1"):
        loaded(trackers.make_tracker(settings, key=1), from_text(f"{TCP}\n{UDP}\n"), NOW, "file")


def test_what_is_not_known_is_counted_and_left_out() -> None:
    tracker = loaded(trackers.make_tracker(halfway_settings(), key=1), from_text(f"{TCP}\n{UDP}\n"), NOW, "file")
    tracker.connections["status"][2] |= int(CtStatus.STRAY)
    state, untold = saved(tracker, NOW)
    assert (len(state.entries), untold) == (1, 1)


def halfway_settings() -> npt.NDArray[np.void]:
    """The settings of a ruleset without limit."""
    simulator = Simulator(Ruleset.model_validate({"rules": [{"ct_state": "new", "verdict": "accept"}]}))
    return simulator.lowered["stateful"].settings.copy()
