"""Steps in a view of the stateless twin."""

from __future__ import annotations

import pytest

from fwsim.exporting.partial import Partial
from fwsim.exporting.saying import CannotSay
from fwsim.exporting.views import MIRROR, NEW, REPLY, UNTRACKED, Place, View
from fwsim.netfilter.fields import Numgen
from fwsim.netfilter.model import Set
from fwsim.netfilter.steps import (
    AnyOf,
    Assign,
    Case,
    Choose,
    Connections,
    Effectless,
    Lookup,
    Match,
    Rate,
    SetHelper,
    Step,
    Term,
    Verdict,
)
from fwsim.ruleset.values import Choice, Limit, Masked, Numbers
from fwsim.terms import Hook

PORT = Numbers(((22, 22),))
NEW_STATE, EST_STATE = (Masked((Choice(bit, bit, 127),)) for bit in (8, 2))


def left(step: Step, view: View, *, assigns_ct_mark: bool = False) -> object:
    """What is left of a step at forward."""
    place = Place(Hook.FORWARD, Hook.FORWARD, False)
    return Partial(view, place, {}, assigns_ct_mark=assigns_ct_mark).step(step)


def test_a_concatenation_loses_its_ct_state() -> None:
    step = Lookup(("ct_state", "dport"), ((NEW_STATE, PORT), (EST_STATE, Numbers(((80, 80),)))))
    assert left(step, NEW) == Lookup(("dport",), ((PORT,),))
    assert left(step, MIRROR) == Lookup(("sport",), ((PORT,),))
    assert left(step, UNTRACKED) is False


def test_a_map_of_ct_states_becomes_the_one_case() -> None:
    cases = (Case((EST_STATE,), (Verdict("accept"),)), Case((NEW_STATE,), (Verdict("drop"),)))
    assert left(Choose(("ct_state",), cases), NEW) == Choose((), (Case((), (Verdict("drop"),)),))


def test_alternatives_that_are_false_go() -> None:
    step = AnyOf(((Match("ct_state", EST_STATE), Match("dport", PORT)), (Match("ct_state", NEW_STATE),)))
    assert left(step, REPLY) == AnyOf(((Match("dport", PORT),),))
    assert left(step, NEW) is True


@pytest.mark.parametrize("step", [Effectless("log", "x"), SetHelper("ftp"), Assign("ct_mark", 5)])
def test_what_needs_a_connection_or_only_tells_does_nothing_in_a_quiet_view(step: Step) -> None:
    assert left(step, MIRROR) is True


def test_a_mark_made_of_that_of_no_connection_ends_the_rule_unless_leniently() -> None:
    terms = (Term("ct_mark"),)
    assert left(Assign("mark", 5, terms), UNTRACKED) is False
    assert left(Assign("mark", 5, terms, lenient=True), UNTRACKED) is True
    assert left(Assign("mark", 5, terms), NEW) == Assign("mark", 5)


@pytest.mark.parametrize(
    ("step", "view"),
    [
        (Assign("mark", 0, (Term(Numgen("inc", 4, 0, 0)),)), MIRROR),
        (Choose((Numgen("inc", 4, 0, 0),), (Case((PORT,), (Verdict("drop"),)),)), MIRROR),
        (Rate(Limit(1, 10**9)), MIRROR), (Connections(3), NEW), (Match("ct_mark", Masked((Choice(1, 1, 1),))), NEW),
        (Match("ct_original_dport", PORT), NEW),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_without_state_is_refused(step: Step, view: View) -> None:
    with pytest.raises(CannotSay):
        left(step, view, assigns_ct_mark=True)


def test_what_lacks_the_state_is_in_no_set_of_xtables() -> None:
    step = Lookup(("ct_state", "dport"), ((NEW_STATE, PORT),), negated=True, absent=True)
    assert left(step, UNTRACKED) is True
    assert left(step, NEW) == Lookup(("dport",), ((PORT,),), negated=True, absent=True)


@pytest.mark.parametrize("step", [Lookup(("ct_state",), set="s"), Choose(("dport",), map="m")])
def test_elements_that_are_forgotten_cannot_be_taken_apart(step: Step) -> None:
    sets = {
        "s": Set("s", ("ct_state",), ((NEW_STATE,),), timeout_ns=9),
        "m": Set("m", ("inet_service",), cases=(Case((PORT,), (Verdict("drop"),)),), timeout_ns=9),
    }
    place = Place(Hook.FORWARD, Hook.FORWARD, False)
    with pytest.raises(CannotSay, match="forgotten in time"):
        Partial(NEW, place, sets, assigns_ct_mark=False).step(step)
