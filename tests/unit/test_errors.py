"""Errors that the user can mend."""

from __future__ import annotations

import pytest

from fwsim.errors import CaptureError, FwsimError, KernelError, Problem, RulesetError, UsageError

LATE = Problem("office.yaml", 9, 2, "unknown key: expected `verdict`")
EARLY = Problem("office.yaml", 3, 14, "expected a port")


def test_a_problem_tells_its_place_as_compilers_do() -> None:
    assert str(EARLY) == "office.yaml:3:14: expected a port"


def test_a_mistake_of_a_whole_file_or_of_an_option_has_no_place_in_it() -> None:
    assert str(Problem("office.yaml", 0, 0, "no such file")) == "office.yaml: no such file"
    assert str(Problem("--set policy=x", 1, 1, "expected drop")) == "--set policy=x: expected drop"


def test_all_mistakes_of_a_ruleset_are_told_in_the_order_of_the_file() -> None:
    error = RulesetError([LATE, EARLY])
    assert error.problems == [EARLY, LATE]
    assert error.lines() == [
        "error: office.yaml:3:14: expected a port",
        "error: office.yaml:9:2: unknown key: expected `verdict`",
    ]
    assert str(error) == f"{EARLY}\n{LATE}"


def test_problems_are_ordered_by_number_and_not_as_text() -> None:
    problems = [Problem("a", 10, 1, "x"), Problem("a", 9, 11, "x"), Problem("a", 9, 2, "x")]
    assert [(p.line, p.column) for p in RulesetError(problems).problems] == [(9, 2), (9, 11), (10, 1)]


def test_a_capture_error_names_its_file() -> None:
    error = CaptureError("monday.pcap", "not a capture")
    assert error.path == "monday.pcap"
    assert error.lines() == ["error: monday.pcap: not a capture"]


def test_any_other_error_is_one_line() -> None:
    assert UsageError("--in and captures do not fit together").lines() == [
        "error: --in and captures do not fit together"
    ]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UsageError("x"), 2),
        (RulesetError([LATE]), 2),
        (CaptureError("a", "x"), 2),
        (KernelError("no namespace"), 3),
    ],
)
def test_a_wrong_request_exits_with_2_and_a_missing_kernel_with_3(error: FwsimError, status: int) -> None:
    assert isinstance(error, FwsimError)
    assert error.exit_status == status
