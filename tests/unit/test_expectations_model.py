"""A file of expectations as models."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from fwsim.expectations.model import Case, Expectations, Step

SYN = "tcp 10.1.0.5 > 9.9.9.9:443"


def test_a_packet_alone_stands_for_a_step() -> None:
    assert Step.model_validate(SYN).packet == Step.model_validate({"packet": SYN}).packet


def test_a_case_is_called_by_its_name_or_by_what_it_is_about() -> None:
    assert Case.model_validate({"name": "web", "packet": SYN, "verdict": "drop"}).title == "web"
    assert Case.model_validate({"packet": SYN, "verdict": "drop"}).title == SYN
    assert Case.model_validate({"conversation": [SYN], "verdict": "drop"}).title == f"conversation: {SYN}"
    assert Case.model_validate({"select": "evidence", "verdict": "drop"}).title == "select: evidence"


def test_times_are_durations_and_dates() -> None:
    step = Step.model_validate({"packet": SYN, "after": "1m30s", "repeat": 3, "every": "100ms"})
    assert (step.after, step.every, step.repeat) == (90 * 10**9, 10**8, 3)
    case = Case.model_validate({"packet": SYN, "verdict": "drop", "time": "2026-03-02T08:00:00"})
    assert case.time == 1_772_438_400 * 10**9


def test_a_capture_is_one_path_or_one_for_each_interface() -> None:
    case = {"select": "evidence", "verdict": "drop"}
    assert Case.model_validate({**case, "capture": "a.pcap"}).capture == ((None, "a.pcap"),)
    several = Case.model_validate({**case, "capture": {"lan": "a.pcap", "wan": "b.pcap"}})
    assert several.capture == (("lan", "a.pcap"), ("wan", "b.pcap"))


@pytest.mark.parametrize(
    "change",
    [
        {"points": -1}, {"points": "many"}, {"points": True}, {"tags": []}, {"tags": [3.5]}, {"time": "noon"},
        {"packet": 3}, {"verdict": "yes"}, {"unheard": 1}, {"name": ""}, {"description": 3},
    ],
)  # fmt: skip
def test_what_nobody_can_mean_is_refused(change: dict[str, Any]) -> None:
    Case.model_validate({"packet": SYN, "verdict": "drop"})
    with pytest.raises(ValidationError):
        Case.model_validate({"packet": SYN, "verdict": "drop", **change})


@pytest.mark.parametrize("change", [{"repeat": 0}, {"repeat": 10_001}, {"after": "soon"}, {"at": -1}])
def test_steps_are_repeated_within_bounds(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Step.model_validate({"packet": SYN, **change})


@pytest.mark.parametrize(
    "change",
    [
        {"ruleset": 3}, {"ruleset": ""}, {"settings": 3}, {"settings": {"a": [1]}}, {"topology": []}, {"cases": []},
        {"interfaces": {"lan": ["10.0.0"]}}, {"capture": ""},
    ],
)  # fmt: skip
def test_a_file_names_what_it_is_about(change: dict[str, Any]) -> None:
    whole = {"ruleset": "office.yaml", "cases": [{"packet": SYN, "verdict": "drop"}]}
    Expectations.model_validate(whole)
    with pytest.raises(ValidationError):
        Expectations.model_validate({**whole, **change})
