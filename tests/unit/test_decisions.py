"""Decisions in words."""

from __future__ import annotations

from fwsim.decisions import Decision, Decisions
from fwsim.terms import CtState, Direction, Hook, Reason, RejectWith, Verdict


def dropped(mode: str) -> Decision:
    return Decision(
        mode=mode,  # type: ignore[arg-type]
        verdict=Verdict.DROP, reason=Reason.POLICY, reject_with=RejectWith(0), hook=Hook.FORWARD, chain="forward",
        rule="policy", line=3, mirror=False, ct_state=CtState.NEW, ct_direction=Direction.ORIGINAL,
        tcp_state_before=None, tcp_state=None, connection=None, evidence=("land",),
    )  # fmt: skip


def test_a_decision_is_told_in_a_line_and_two_in_two() -> None:
    line = "drop, by policy of chain 'forward', ct state new, evidence land"
    both = Decisions(dropped("stateless"), dropped("stateful"))
    assert str(both) == f"stateless: {line}\nstateful: {line}"
    assert not both.stateful.admitted
