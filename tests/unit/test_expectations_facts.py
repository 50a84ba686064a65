"""What can be expected, as it is written."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from fwsim.expectations.facts import Facts, Nat, Remembered


def test_a_verdict_alone_stands_for_a_mapping() -> None:
    assert Facts.model_validate("drop") == Facts.model_validate({"verdict": "drop"})
    assert Facts.model_validate(["drop", "reject"]).verdict == ("drop", "reject")
    assert Remembered.model_validate("ESTABLISHED").state == ("ESTABLISHED",)
    assert Nat.model_validate("none").side == ("none",)


def test_capitals_and_hyphens_do_not_count() -> None:
    facts = Facts.model_validate({"verdict": "Not-Evaluated", "reason": "TCP_SEQ_OVER", "tcp_state": "established"})
    assert (facts.verdict, facts.reason, facts.tcp_state) == (("not_evaluated",), ("tcp-seq-over",), ("ESTABLISHED",))


def test_a_rule_is_named_or_numbered() -> None:
    assert Facts.model_validate({"rule": ["public web", 3]}).rule == ("public web", "3")


def test_those_given_are_told_by_key() -> None:
    assert Facts.model_validate({"verdict": "drop", "mirror": False}).given() == {"verdict": ("drop",), "mirror": False}


@pytest.mark.parametrize(
    "given",
    [
        "acept", {"verdict": []}, {"verdict": 3}, {"rulez": "x"}, {"ct_state": "open"}, {"reject_with": "tcp"},
        {"mirror": "maybe"}, {"nat": {"src": "10.0.0"}}, {"nat": {"sport": 70000}}, {"nat": {"side": "up"}},
    ],
)  # fmt: skip
def test_what_nobody_can_mean_is_refused(given: Any) -> None:
    with pytest.raises(ValidationError):
        Facts.model_validate(given)


OUT = {"side": "out", "src": "203.0.113.1", "dst": "9.9.9.9", "sport": 40000, "dport": 443, "icmp_id": None}


@pytest.mark.parametrize(
    ("wanted", "actual", "wrong"),
    [
        ("none", None, False), ("none", OUT, True), ("out", OUT, False), ("in", OUT, True), ("out", None, True),
        ({"src": "203.0.113.1", "dport": 443}, OUT, False), ({"dport": 80}, OUT, True),
    ],
)  # fmt: skip
def test_a_translation_is_compared_in_what_is_said_of_it(wanted: Any, actual: Any, wrong: bool) -> None:
    assert Nat.model_validate(wanted).complaint(actual) is wrong


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"verdict": "allow"}, "unknown verdict 'allow', did you mean 'accept'"),
        ({"verdict": "Deny"}, "unknown verdict 'Deny', did you mean 'drop'"),
        ({"nat": True}, "expected 'none', or how it looks there, such as {side: out, dst: 192.0.2.2}, found true"),
        ({"nat": {"side": False}}, "found false"),
        (
            {"reject_with": "admin-prohibited"},
            "unknown reject with 'admin-prohibited', expected one of icmp-admin-prohibited, icmpv6-",
        ),
        ({"reject_with": "tcp-rst"}, "did you mean 'tcp-reset'"),
    ],
)
def test_what_other_tools_call_otherwise_is_told(said: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Facts.model_validate(said)
    assert message in str(refused.value)
