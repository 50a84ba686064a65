"""Comments that say what was decided, and cannot be made to say something else."""

from __future__ import annotations

import numpy as np
import pytest

from fwsim.report.annotations import Annotations, foreign
from fwsim.terms import ABSENT, CtState, Direction, Evidence, Reason, Verdict
from tests.batches import FakeRule, batch, naming

ALL = slice(None)


def test_each_mode_says_its_verdict_and_what_led_to_it() -> None:
    frames = batch(
        {"evidence": Evidence.RST_OUT_OF_WINDOW | Evidence.BAD_CHECKSUM, "connection": 7},
        stateful=[{"verdict": Verdict.DROP, "ct_state": CtState.INVALID, "ct_direction": Direction.NONE}],
    )
    (comment,) = Annotations(("stateless", "stateful"), naming()).of(frames, ALL)
    assert comment.startswith("fwsim: stateless=accept; stateless.reason=")
    assert " stateful=drop; " in comment
    assert " stateful.ct_state=invalid; " in comment
    assert "ct_direction=none" not in comment
    assert comment.endswith(" connection=7; evidence=rst-out-of-window; evidence=bad-checksum;")


def test_what_there_is_not_is_not_told() -> None:
    frames = batch({"evidence": 0, "connection": 0})
    frames.stateful[0]["rule"] = frames.stateful[0]["chain"] = ABSENT
    frames.stateful[0]["reason"] = int(Reason.NOT_IP)
    frames.stateful[0]["verdict"] = int(Verdict.NOT_EVALUATED)
    (comment,) = Annotations(("stateful",), naming()).of(frames, ALL)
    assert comment.startswith("fwsim: stateful=not_evaluated; stateful.reason=not-ip; ")
    assert "rule=" not in comment
    assert "connection=" not in comment


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("a; stateful=drop;", "a%3B stateful%3Ddrop%3B"),
        ("100%", "100%25"),
        ("\x1b[31m\u202ered", r"\x1b[31m\u202ered"),
    ],
)
def test_a_name_cannot_say_what_was_not_decided(name: str, written: str) -> None:
    (comment,) = Annotations(("stateful",), naming([FakeRule(name, 1, 3)])).of(batch({}, stateful=[{"rule": 0}]), ALL)
    assert f" stateful.rule={written}; " in comment


@pytest.mark.parametrize(
    ("comment", "kept"),
    [
        ("opened by hand, cost=3;", "opened by hand, cost=3;"),
        ("udp-reply-without-request", "udp-reply-without-request"),
        ("fwsim:attack=rst;style=blind;id=1", "fwsim:attack=rst;style=blind;id=1"),
        ("fwsim: stateful=accept; a=b", "fwsim: stateful%3Daccept; a%3Db"),
        ("x\nStateful.rule=broken;", "x\nStateful.rule%3Dbroken;"),
        ("evidence=land;", "evidence%3Dland;"),
        ("connection=7;", "connection%3D7;"),
    ],
)
def test_a_comment_of_the_capture_is_kept_and_cannot_be_taken_for_ours(comment: str, kept: str) -> None:
    assert foreign(comment) == kept
    frames = batch({}, {})
    frames.comments[1] = [comment, "second"]
    found = Annotations(("stateful",), naming()).by_row(frames, np.array([0, 1]))
    assert [len(found[0]), found[1][:-1]] == [1, [kept, "second"]]
    assert found[1][-1].startswith("fwsim: stateful=accept; ")
