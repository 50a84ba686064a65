"""What rules see of a packet's connection, and what they leave on it."""

from __future__ import annotations

import pytest

from fwsim.engine.attached import doubt_strayed, keep_helper, keep_mark, show
from fwsim.lower import lower
from fwsim.running import StatefulRun
from fwsim.terms import ABSENT, UNKNOWN_VALUE, CtState, CtStatus
from tests.deciding import ruleset_of

ROW = 2


@pytest.fixture
def run() -> StatefulRun:
    """A run that tracks, with a connection in row 2 that the packet belongs to."""
    lowered = lower(ruleset_of([{"ct_state": "new", "verdict": "accept"}]), interfaces=["lan", "wan"])
    made = StatefulRun(lowered, key=1)
    made.mode.results[0]["connection"] = ROW
    made.mode.results[0]["ct_state"] = CtState.ESTABLISHED
    return made


def test_rules_see_status_and_mark_of_the_connection_but_not_our_own_bits(run: StatefulRun) -> None:
    connection = run.tracker.connections[ROW]
    connection["status"], connection["mark"] = CtStatus.CONFIRMED | CtStatus.TENTATIVE, 7
    show(run.mode, run.mode.results[0])
    seen = run.mode.course.seen[0]
    assert (seen["ct_state"], seen["ct_status"], seen["ct_mark"]) == (CtState.ESTABLISHED, CtStatus.CONFIRMED, 7)


@pytest.mark.parametrize(
    ("state", "field"), [(CtState.INVALID, ABSENT), (CtState.UNTRACKED, ABSENT), (UNKNOWN_VALUE, UNKNOWN_VALUE)]
)
def test_without_a_connection_there_is_nothing_to_see(run: StatefulRun, state: int, field: int) -> None:
    run.mode.results[0]["ct_state"] = state
    show(run.mode, run.mode.results[0])
    seen = run.mode.course.seen[0]
    assert (seen["ct_state"], seen["ct_status"], seen["ct_mark"]) == (state, field, field)


def test_a_mark_that_a_rule_sets_stays_with_the_connection(run: StatefulRun) -> None:
    run.mode.course.seen[0]["ct_mark"] = 9
    keep_mark(run.mode, run.mode.results[0])
    assert run.tracker.connections[ROW]["mark"] == 9


def test_a_helper_is_given_to_a_connection_that_the_packet_opens(run: StatefulRun) -> None:
    run.mode.course.seen[0]["ct_helper"] = 1
    keep_helper(run.mode, run.mode.results[0])
    assert run.tracker.connections[ROW]["status"] == 0
    run.mode.results[0]["fresh"] = 1
    keep_helper(run.mode, run.mode.results[0])
    assert run.tracker.connections[ROW]["status"] == CtStatus.HELPER


def test_what_may_have_missed_packets_is_in_no_known_state(run: StatefulRun) -> None:
    result = run.mode.results[0]
    doubt_strayed(run.mode, result)
    assert result["ct_state"] == CtState.ESTABLISHED
    run.tracker.connections[ROW]["status"] = CtStatus.STRAY
    doubt_strayed(run.mode, result)
    assert result["ct_state"] == UNKNOWN_VALUE


def test_a_connection_whose_translation_is_not_known_has_no_known_status(run: StatefulRun) -> None:
    run.tracker.connections[ROW]["status"] = CtStatus.CONFIRMED | CtStatus.NAT_IN_DOUBT
    show(run.mode, run.mode.results[0])
    assert run.mode.course.seen[0]["ct_status"] == UNKNOWN_VALUE
