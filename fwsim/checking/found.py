"""What an analysis has found, by the numbers of rules: before it is written in words that a person reads.

Read first: `kinds`, `ground` (Sample).
"""

from __future__ import annotations

from dataclasses import dataclass

from .ground import Sample
from .kinds import Kind, Level

NO_RULE = -1


@dataclass(frozen=True)
class Found:
    """A finding on a rule, or (`rule` NO_RULE) on the policy of a chain; `what` may name others as {0}, {1}, ...

    `sample` shows it, when `before` has gone through. Those with the same words `together` may be told as one.
    """

    kind: Kind
    rule: int
    chain: int
    what: str
    others: tuple[int, ...] = ()
    sample: Sample | None = None
    before: Sample | None = None
    level: Level | None = None
    together: str = ""
