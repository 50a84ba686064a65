"""Decisions about single packets, in words and enumerations.

Read first: DECISION in `fwsim.tables`, whose rows they are made of (`fwsim.simulator`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fwsim.shown import Shown
from fwsim.terms import CtState, Direction, Hook, Reason, RejectWith, TcpState, Verdict, ct_state_words, word

Mode = Literal["stateful", "stateless"]


@dataclass(frozen=True)
class Decision(Shown):
    """One decision, in words and enumerations; `str()` of it explains it in a line."""

    mode: Mode
    verdict: Verdict
    reason: Reason
    reject_with: RejectWith
    hook: Hook | None
    chain: str | None
    rule: str | None
    line: int | None
    mirror: bool
    ct_state: CtState
    ct_direction: Direction
    tcp_state_before: TcpState | None
    tcp_state: TcpState | None
    connection: int | None
    evidence: tuple[str, ...]

    @property
    def admitted(self) -> bool:
        """Whether the packet goes through."""
        return self.verdict == Verdict.ACCEPT

    def __str__(self) -> str:
        """The verdict, who decided, and the connection state, in one line."""
        parts = [f"{self.mode}: {word(self.verdict)}"]
        if self.rule is not None:
            parts.append(f"by {'policy' if self.rule == 'policy' else f'rule {self.rule!r}'} of chain {self.chain!r}")
        if self.mirror:
            parts.append("through its mirror image")
        if self.ct_state:
            parts.append(f"ct state {ct_state_words(self.ct_state)}")
        if self.reason not in (Reason.RULE, Reason.POLICY, Reason.NONE):
            parts.append(word(self.reason))
        if self.evidence:
            parts.append("evidence " + " ".join(self.evidence))
        return ", ".join(parts)


@dataclass(frozen=True)
class Decisions(Shown):
    """What both modes decided about a packet."""

    stateless: Decision
    stateful: Decision

    def __str__(self) -> str:
        """A line for each."""
        return f"{self.stateless}\n{self.stateful}"
