"""Steps are values: equal if they say the same, and fit to be keys."""

from __future__ import annotations

import pytest

from fwsim.netfilter.steps import Assign, Choose, Match, Nat, Step, Term, Unknown, Update, Verdict
from fwsim.ruleset.values import Numbers
from fwsim.terms import Hook


@pytest.mark.parametrize(
    "step",
    [
        Match("dport", Numbers(((1, 2),))),
        Assign("mark", 1, (Term("ct_mark", 0xFF),)),
        Choose(("dport",), map="m"),
        Update("add", "s", ("src",), 5),
        Nat("dnat", 4, (1, 1), (80, 80)),
        Verdict("jump", "c"),
    ],
)
def test_steps_are_hashable(step: Step) -> None:
    """That they are not changed, mypy sees to (`fwsim.frozen`)."""
    assert {step: 1}[step] == 1


def test_what_is_not_simulated_is_so_at_every_hook_unless_told_otherwise() -> None:
    assert Unknown("x").hooks == frozenset(Hook)
    assert not Unknown("x").elsewhere
