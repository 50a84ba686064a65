"""What rules see of a packet's connection, and what they leave on it."""

from __future__ import annotations

import pytest

from fwsim.engine.attached import is_tentative, keep_helper, keep_mark, show
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


def test_helper_and_translation_are_given_to_a_connection_that_the_packet_opens(run: StatefulRun) -> None:
    seen = run.mode.course.seen[0]
    seen["ct_helper"], seen["ct_status"] = 1, CtStatus.SNAT
    keep_helper(run.mode, run.mode.results[0])
    keep_translation(run.mode, run.mode.results[0])
    assert run.tracker.connections[ROW]["status"] == 0
    run.mode.results[0]["fresh"] = 1
    keep_helper(run.mode, run.mode.results[0])
    keep_translation(run.mode, run.mode.results[0])
    assert run.tracker.connections[ROW]["status"] == CtStatus.HELPER | CtStatus.SNAT


@pytest.mark.parametrize(
    ("status", "direction", "tentative"),
    [(CtStatus.SNAT, 1, True), (CtStatus.DNAT, 1, True), (CtStatus.SNAT, 0, False), (CtStatus.ASSURED, 1, False)],
)
def test_a_translated_connection_that_is_answered_by_captured_addresses_may_not_have_been(
    run: StatefulRun, status: int, direction: int, tentative: bool
) -> None:
    run.tracker.connections[ROW]["status"] = status
    run.mode.results[0]["direction"] = direction
    doubt_translated(run.mode, run.mode.results[0])
    assert is_tentative(run.mode) == tentative


def test_behind_a_doubtful_answer_the_ct_state_of_a_translated_connection_is_not_known(run: StatefulRun) -> None:
    run.tracker.connections[ROW]["status"] = CtStatus.SNAT
    result = run.mode.results[0]
    doubt_translated(run.mode, result)
    assert result["ct_state"] == CtState.ESTABLISHED
    result["direction"] = 1
    doubt_translated(run.mode, result)
    assert result["ct_state"] == CtState.ESTABLISHED
    result["direction"] = 0
    doubt_translated(run.mode, result)
    assert result["ct_state"] == UNKNOWN_VALUE
