"""The tables of both modes: wrapped and written back, grown, copied."""

from __future__ import annotations

import numpy as np
import pytest

from fwsim import running
from fwsim.engine.path import Course
from fwsim.lower import lower
from fwsim.running import REPLIES, StatefulRun, StatelessRun, course_of, going_on, new_course, set_clock
from fwsim.simulator import MODES, Mode
from fwsim.tracker import connections_listing
from tests.deciding import EDGE, THERE, Wall, handshake, ruleset_of, tcp

LIMITED = [{"limit": {"rate": "1/hour", "burst": 2}, "counter": True, "verdict": "accept"}]


def course() -> Course:
    return course_of(lower(ruleset_of(LIMITED), interfaces=["lan", "wan"]))


def test_a_course_begins_with_nothing_counted() -> None:
    first, second = course(), course()
    assert first.memory.hits.tolist() == [0, 0]
    first.memory.hits[0] = 5
    assert second.memory.hits.tolist() == [0, 0]
    assert np.shares_memory(first.seen, first.words)


@pytest.mark.parametrize("replies", REPLIES)
@pytest.mark.parametrize("icmp_errors", ["accept", "never"])
def test_the_choices_of_the_stateless_mode_arrive(replies: str, icmp_errors: str) -> None:
    run = StatelessRun(lower(ruleset_of(EDGE), interfaces=["lan", "wan"]), replies=replies, icmp_errors=icmp_errors)
    assert (run.mode.replies, run.mode.icmp_errors) == (REPLIES[replies], int(icmp_errors == "accept"))


@pytest.mark.parametrize(("rules", "twin"), [(EDGE, 1), (LIMITED, 0)])
def test_a_twin_is_there_where_rules_ask_for_state(rules: list[dict[str, object]], twin: int) -> None:
    assert StatelessRun(lower(ruleset_of(rules), interfaces=["lan", "wan"])).mode.twin == twin


def test_the_table_grows_before_it_is_full_and_connections_stay() -> None:
    asked = Wall(EDGE)
    run = asked.simulator.stateful
    rows = len(run.tracker.connections)
    for port in range(1, 2 * rows):
        asked.ask(tcp(ports=(port, 443)))
    run.settle()
    assert len(run.tracker.connections) > rows
    assert len(list(connections_listing(run.tracker))) == 2 * rows - 1
    assert asked.ask(tcp("SA", THERE, ports=(443, 1), seq=1, ack=1001, dst="10.1.0.5")).connection == 1


def test_the_table_of_ghosts_grows_too() -> None:
    asked = Wall(EDGE)
    rows = len(asked.simulator.stateful.ghosts.connections)
    for port in range(1, 2 * rows):
        asked.ask(tcp("S", THERE, "10.1.0.5", ports=(port, 443)))
    asked.simulator.stateful.settle()
    assert len(list(connections_listing(asked.simulator.stateful.ghosts))) == 2 * rows - 1


def test_the_table_does_not_grow_beyond_what_may_be_in_it() -> None:
    asked = Wall(EDGE, conntrack={"max": 10})
    rows = len(asked.simulator.stateful.tracker.connections)
    for port in range(1, 3 * rows):
        asked.ask(tcp(ports=(port, 443)))
    assert len(asked.simulator.stateful.tracker.connections) == rows


def test_a_snapshot_is_a_copy() -> None:
    asked = Wall(EDGE)
    asked.ask(tcp())
    tracker, ghosts = asked.simulator.stateful.snapshot()
    handshake(asked)
    asked.ask(tcp("S", THERE, "10.1.0.5"))
    assert [listed["state"] for listed in connections_listing(tracker)] == [1]
    assert list(connections_listing(ghosts)) == []
    asked.simulator.stateful.settle()
    assert [listed["state"] for listed in connections_listing(asked.simulator.stateful.tracker)] == [3]


def test_settling_in_between_changes_nothing() -> None:
    undisturbed, settled = Wall(EDGE), Wall(EDGE)
    expected = handshake(undisturbed)
    settled.simulator.stateful.settle()
    assert expected[:1] == [settled.ask(tcp())]
    settled.simulator.stateful.settle()
    settled.simulator.stateless.settle()
    assert settled.ask(tcp("SA", THERE, "10.1.0.5", ports=(443, 40000), seq=5000, ack=1001)) == expected[1]


def test_ghosts_are_bounded_and_connections_by_the_setting() -> None:
    run = StatefulRun(lower(ruleset_of(EDGE, conntrack={"max": 123}), interfaces=["lan", "wan"]), key=1)
    assert (run.tracker.settings[0]["max"], run.ghosts.settings[0]["max"]) == (123, running.GHOSTS)


@pytest.mark.parametrize("mode", MODES)
def test_the_clock_of_a_run_starts_with_its_first_packet(mode: Mode) -> None:
    wall = Wall(EDGE, mode=mode)
    run = wall.simulator.stateful if mode == "stateful" else wall.simulator.stateless
    assert not run.mode.course.memory.keyed.books[0]["began"]
    first = wall.now_ns
    for _ in range(2):
        wall.ask(tcp())
    run.settle()
    course = run.mode.course
    assert (course.memory.keyed.books[0]["origin"], course.extra[0]["origin"]) == (first, first)


def test_a_course_goes_on_with_the_clock_of_what_it_remembers() -> None:
    first, second = course(), course()
    set_clock(first, 50)
    set_clock(first, 60)
    assert going_on(second, first.memory).extra[0]["origin"] == 50
    lowered = lower(ruleset_of(LIMITED), interfaces=["lan", "wan"])
    assert new_course(lowered, first.memory).extra[0]["origin"] == 50
