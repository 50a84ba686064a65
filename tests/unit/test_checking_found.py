"""What an analysis has found."""

from __future__ import annotations

from fwsim.checking import Kind
from fwsim.checking.found import NO_RULE, Found
from fwsim.checking.ground import Ground
from fwsim.checking.states import States
from tests.findings import lowered_of, tcp

STATES = ("established", "accept"), ("invalid", "drop")


def test_others_are_named_by_places_in_the_text() -> None:
    replies, broken = ({"ct_state": state, "verdict": done} for state, done in STATES)
    _, found = States(Ground(lowered_of([replies, tcp("80"), broken]))).found()
    assert isinstance(found, Found)
    assert (found.kind, found.rule, found.chain, found.others) == (Kind.INVALID_ACCEPTED, 1, 0, (2,))
    assert found.what.endswith("before {0} drops them")
    assert found.rule != NO_RULE
