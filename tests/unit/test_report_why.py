"""Why the modes differ, in a few words."""

from __future__ import annotations

import pytest

from fwsim.report.why import admitted_because, blocked_because
from fwsim.terms import CtState, Direction, Reason


@pytest.mark.parametrize(
    ("reason", "state", "phrase"),
    [
        (Reason.TCP_NOT_AN_OPENING, CtState.INVALID, "no connection"),
        (Reason.TCP_SEQ_OVER, CtState.INVALID, "outside the window"),
        (Reason.TCP_BAD_FLAGS, CtState.INVALID, "impossible flags"),
        (Reason.NAT_CLASH, CtState.NEW, "dropped by translation"),
        (Reason.POLICY, CtState.NEW, "no connection"),
        (Reason.RULE, CtState.ESTABLISHED, "refused although established"),
        (Reason.RULE, CtState.NONE, "another rule decided"),
    ],
)
def test_why_stateful_blocks(reason: Reason, state: CtState, phrase: str) -> None:
    assert blocked_because(reason, state) == phrase


@pytest.mark.parametrize(
    ("fragment", "state", "direction", "could", "phrase"),
    [
        (2, CtState.ESTABLISHED, Direction.REPLY, True, "later fragments (no port to match)"),
        (0, CtState.RELATED, Direction.REPLY, True, "related to a connection, which stateless does not know"),
        (0, CtState.ESTABLISHED, Direction.REPLY, False, "replies that nothing marks as such"),
        (0, CtState.ESTABLISHED, Direction.REPLY, True, "replies whose mirror image is refused"),
        (0, CtState.ESTABLISHED, Direction.ORIGINAL, True, "later packets of a connection, each judged as a new one"),
        (0, CtState.NEW, Direction.ORIGINAL, True, "another rule decided"),
    ],
)
def test_why_stateless_blocks(fragment: int, state: CtState, direction: Direction, could: bool, phrase: str) -> None:
    assert admitted_because(fragment, state, direction, could) == phrase


def test_every_way_of_being_invalid_has_a_phrase_of_its_own() -> None:
    invalid = [reason for reason in Reason if 30 <= reason < 60]
    assert [reason.name for reason in invalid if blocked_because(reason, CtState.INVALID) == "invalid"] == []
