"""What comes of cases, counted."""

from __future__ import annotations

from pathlib import Path

from fwsim.expectations.results import Coverage, Failure, Line, Outcome
from tests.expecting import run

UNSURE = """\
table inet filter {
\tchain forward {
\t\ttype filter hook forward priority 0;
\t\tudp dport 9 meta cpu 1 drop
\t}
}
"""
CASES = """\
- {packet: "tcp 10.1.4.23 > 9.9.9.9:80", verdict: accept, points: 2}
- {packet: "tcp 10.1.4.23 > 9.9.9.9:81", verdict: drop, points: 0.5}
- {packet: "udp 10.1.4.23 > 9.9.9.9:9", verdict: accept}
"""


def test_outcomes_and_points_are_summed_up(tmp_path: Path) -> None:
    report = run(tmp_path, CASES, UNSURE)
    assert [report.count(outcome) for outcome in Outcome] == [1, 1, 1]
    assert (report.points, report.got, report.possible) == (True, 2, 2.5)
    assert [result.line for result in report.results] == [3, 4, 5]


def test_without_points_there_are_none_to_tell(tmp_path: Path) -> None:
    assert not run(tmp_path, CASES.replace(", points: 2", "").replace(", points: 0.5", ""), UNSURE).points


def test_a_failure_is_unknown_only_if_each_mode_that_differs_is(tmp_path: Path) -> None:
    report = run(tmp_path, CASES, UNSURE)
    unknown, failed = report.results[2].failures[0].differences, report.results[1].failures[0].differences
    assert Failure("", 1, unknown).is_unknown
    assert not Failure("", 1, (unknown[0], failed[1])).is_unknown
    assert not Failure("", 1, ()).is_unknown


def test_of_no_rules_all_are_reached() -> None:
    policy = Line("policy of forward", "", 3, is_policy=True, reached=False)
    assert Coverage("a", (policy,)).percent == 100
    assert Coverage("a", (policy,)).missed == [policy]
