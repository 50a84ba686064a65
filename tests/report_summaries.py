"""A small run whose summary tests read: six frames, and what is said about them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fwsim.report.about import About, AboutCapture, AboutRuleset
from fwsim.report.tally import Slots, Tally
from fwsim.terms import CtState, Evidence, Reason, Verdict
from tests.batches import FakeBatch, batch

BOTH = ("stateless", "stateful")
DROP = {"verdict": Verdict.DROP, "rule": 1, "reason": Reason.TCP_SEQ_OVER, "ct_state": CtState.INVALID}
UNSEEN = {"verdict": Verdict.NOT_EVALUATED, "rule": -1, "chain": -1, "reason": Reason.EGRESS_COPY}


def about(**given: Any) -> About:
    """A run on office.pcapng."""
    usual = About(
        modes=BOTH,
        captures=(AboutCapture("pcaps/office.pcapng", "pcapng", "ab" * 32, 6, True),),
        ruleset=AboutRuleset("rulesets/office.yaml", None, 4, ("forward policy drop",)),
        connections=391,
        peak_connections=184,
        memory=94_000,
        tracking=True,
        explain="fwsim explain pcaps/office.pcapng",
    )
    return replace(usual, **given)


def tallied(one: FakeBatch, modes: tuple[str, ...] = BOTH, rules: int = 4) -> Tally:
    """The tally of a batch."""
    counted = Tally(modes, {mode: Slots(rules, 1) for mode in modes})
    counted.add(one)
    return counted


@pytest.fixture
def mixed() -> FakeBatch:
    """Six frames: an ordinary one, two beyond the window, a later fragment, a spoofed one, an egress copy."""
    return batch(
        {},
        {"evidence": Evidence.SEQ_ABOVE_WINDOW},
        {"evidence": Evidence.SEQ_ABOVE_WINDOW},
        {"fragment": 2},
        {"evidence": Evidence.SPOOFED_SOURCE},
        {},
        stateless=[{}, {"mirror": 1}, {}, {"verdict": Verdict.DROP, "rule": -2}, {"rule": 3}, UNSEEN],
        stateful=[{}, DROP, DROP, {"rule": 0}, {"rule": 3}, UNSEEN],
    )
