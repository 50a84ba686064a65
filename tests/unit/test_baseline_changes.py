"""What became of a decision is told by the weightiest of its differences."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from fwsim.baseline.changes import TITLES, Change, change
from fwsim.baseline.deciders import Decider
from fwsim.baseline.kinds import Kind

WEB = Decider("name web", '"web"', "a.yaml", 3)
WAS = Kind("accept", "rule", None, "forward", "new", "original", None, "SYN_SENT", False, WEB)
VERDICTS = ("accept", "drop", "reject", "not_evaluated", "unknown")


@pytest.mark.parametrize(
    ("now", "found"),
    [
        (WAS, Change.NONE),
        (replace(WAS, decider=replace(WEB, path="b.yaml", line=9)), Change.NONE),
        (replace(WAS, decider=replace(WEB, identity="name other")), Change.RULE),
        (replace(WAS, mirror=True), Change.RULE),
        (replace(WAS, ct_state="established"), Change.STATE),
        (replace(WAS, tcp_state="ESTABLISHED"), Change.STATE),
        (replace(WAS, reason="tcp-seq-over"), Change.STATE),
        (replace(WAS, verdict="drop", ct_state="invalid"), Change.BLOCKED),
        (replace(WAS, verdict="unknown"), Change.UNKNOWN),
        (replace(WAS, verdict="not_evaluated"), Change.VERDICT),
    ],
)
def test_one_change_is_told(now: Kind, found: Change) -> None:
    assert change(WAS, now) == found


def test_another_answer_is_another_verdict() -> None:
    rejected = replace(WAS, verdict="reject", reject_with="tcp-reset")
    assert change(rejected, replace(rejected, reject_with="port-unreachable")) == Change.VERDICT
    assert change(rejected, replace(WAS, verdict="drop")) == Change.VERDICT
    assert change(rejected, WAS) == Change.ADMITTED


def test_blocked_and_admitted_are_each_others_reverse() -> None:
    for was, now in product(VERDICTS, VERDICTS):
        forth, back = (change(replace(WAS, verdict=a), replace(WAS, verdict=b)) for a, b in ((was, now), (now, was)))
        assert (forth == Change.BLOCKED) == (back == Change.ADMITTED)
        assert (forth == Change.NONE) == (was == now)
    assert set(TITLES) == set(Change) - {Change.NONE}
