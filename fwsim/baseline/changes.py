"""What may become of a decision from one run to another.

Read first: `Change`, then `change`.
"""

from __future__ import annotations

from enum import IntEnum

from fwsim.baseline.kinds import Kind

ADMITTED = "accept"
REFUSED = ("drop", "reject")
UNKNOWN = "unknown"


class Change(IntEnum):
    """In the order of their weight."""

    NONE = 0
    BLOCKED = 1
    ADMITTED = 2
    UNKNOWN = 3
    VERDICT = 4
    TRANSLATION = 5
    RULE = 6
    STATE = 7


TITLES = {
    Change.BLOCKED: "newly blocked",
    Change.ADMITTED: "newly admitted",
    Change.UNKNOWN: "no longer known",
    Change.VERDICT: "another verdict",
    Change.TRANSLATION: "translated otherwise",
    Change.RULE: "same verdict by another rule",
    Change.STATE: "same verdict in another state",
}
"""What each is called; NONE is not spoken of."""


def change(was: Kind, now: Kind) -> Change:
    """What became of a decision. A rule that moved to another line is the same one."""
    if was.verdict != now.verdict:
        return _of_verdicts(str(was.verdict), str(now.verdict))
    if was.reject_with != now.reject_with:
        return Change.VERDICT
    if (was.decider.identity, was.mirror) != (now.decider.identity, now.mirror):
        return Change.RULE
    same = (was.state, was.reason, was.hook) == (now.state, now.reason, now.hook)
    return Change.NONE if same else Change.STATE


def _of_verdicts(was: str, now: str) -> Change:
    """Of two verdicts that differ."""
    if now == UNKNOWN:
        return Change.UNKNOWN
    if was == ADMITTED and now in REFUSED:
        return Change.BLOCKED
    return Change.ADMITTED if was in REFUSED and now == ADMITTED else Change.VERDICT
