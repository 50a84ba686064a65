"""Verdicts, rejects, hooks and priorities."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.ruleset import Chain, Rule
from fwsim.ruleset.values import (
    Action,
)
from fwsim.terms import Hook, RejectWith, Verdict


def value(key: str, raw: object, **more: object) -> Any:
    return getattr(Rule.model_validate({key: raw, **more}), key)


@pytest.mark.parametrize("kind", ["accept", "drop", "reject", "return", "continue"])
def test_verdicts_stand_alone(kind: str) -> None:
    assert value("verdict", kind) == Action(kind)


def test_jumps_name_their_chain() -> None:
    assert value("verdict", "jump tcp-in") == Action("jump", "tcp-in")
    assert value("verdict", "goto  log.drop ") == Action("goto", "log.drop")


def test_a_rule_without_verdict_continues() -> None:
    rule = Rule(counter=True)
    assert rule.verdict == Action("continue")
    assert rule.counter
    assert not rule.notrack


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        ("tcp-reset", RejectWith.TCP_RESET),
        ("tcp reset", RejectWith.TCP_RESET),
        ("icmp port-unreachable", RejectWith.ICMP_PORT_UNREACHABLE),
        ("icmpx-admin-prohibited", RejectWith.ICMPX_ADMIN_PROHIBITED),
        ("icmpv6_no_route", RejectWith.ICMPV6_NO_ROUTE),
    ],
)
def test_kinds_of_reject_are_those_of_nft(raw: str, kind: RejectWith) -> None:
    assert value("reject_with", raw, verdict="reject") == kind


def test_every_kind_of_reject_can_be_written() -> None:
    for kind in RejectWith:
        if kind:
            assert value("reject_with", kind.name.lower().replace("_", "-")) == kind


@pytest.mark.parametrize(
    ("raw", "priority"),
    [(0, 0), (-150, -150), ("-150", -150), ("filter", 0), ("raw", -300), ("filter + 10", 10), ("mangle-5", -155)],
)
def test_priorities_are_numbers_or_nft_names(raw: object, priority: int) -> None:
    assert Chain.model_validate({"hook": "input", "priority": raw}).priority == priority


def test_a_chain_may_sit_at_several_hooks() -> None:
    chain = Chain.model_validate({"hook": ["input", "forward"], "policy": "drop"})
    assert chain.hook == (Hook.INPUT, Hook.FORWARD)
    assert chain.policy == Verdict.DROP
