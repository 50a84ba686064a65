"""Equivalent, different, accepted, unknown."""

from __future__ import annotations

from typing import Any

from tests.differing import answer_about, compared

WEB = {"proto": "tcp", "dport": 80, "verdict": "accept"}
STATES: dict[str, Any] = {"rules": [{"ct_state": "established", "verdict": "accept"}], "policy": "drop"}


def test_equivalent_is_0_and_different_is_1() -> None:
    assert (compared([WEB], [WEB]).status, compared([WEB], [WEB]).exit_status) == ("equivalent", 0)
    assert (compared([WEB], []).status, compared([WEB], []).exit_status) == ("different", 1)


def test_what_was_not_looked_at_is_3_even_if_something_differs() -> None:
    answer = compared([WEB], [], steps=5)
    assert (answer.status, answer.exit_status) == ("unknown", 3)
    assert "--steps" in answer.reasons[0]


def test_settings_that_differ_are_never_equivalent() -> None:
    answer = answer_about(STATES, STATES | {"conntrack": {"tcp_loose": False}})
    assert (answer.groups, answer.status) == ([], "different")


def test_modes_are_told_apart() -> None:
    answer = compared([{"ct_state": "established", "verdict": "accept"}], [], modes=["stateful", "stateless"])
    assert answer.status_of("stateful") == "different"
