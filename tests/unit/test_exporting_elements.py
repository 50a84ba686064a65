"""Sets written out: values with the elements of their sets, concatenations as alternatives."""

from __future__ import annotations

import pytest

from fwsim.exporting.elements import alternatives_of, resolved, with_more
from fwsim.exporting.saying import CannotSay
from fwsim.netfilter.model import Set
from fwsim.netfilter.steps import Lookup
from fwsim.ruleset.values import Addresses, Names, Numbers

PORTS = Set("ports", ("inet_service",), value=Numbers(((22, 22),)))
SEEN = Set("seen", ("inet_service",), value=Numbers(((22, 22),)), dynamic=True)


def test_a_value_gets_the_elements_of_its_sets() -> None:
    value = Numbers(((23, 23),), negated=True, sets=("ports",))
    assert resolved(value, {"ports": PORTS}) == Numbers(((22, 23),), negated=True)


@pytest.mark.parametrize("name", ["seen", "nowhere"])
def test_a_set_that_rules_change_or_that_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(CannotSay, match=name):
        resolved(Numbers(sets=(name,)), {"seen": SEEN})


def test_values_of_two_kinds_do_not_mix() -> None:
    assert with_more(Names(("a",)), Names(("b",), ("c",))) == Names(("a", "b"), ("c",))
    with pytest.raises(CannotSay):
        with_more(Numbers(), Addresses())


def test_a_concatenation_is_an_alternative_for_each_element() -> None:
    elements = tuple((Numbers(((port, port),)), Names((name,))) for port, name in ((22, "a"), (80, "b")))
    found = alternatives_of(Lookup(("dport", "iif"), elements), {})
    assert [[match.selector for match in way] for way in found] == [["dport", "iif"]] * 2
    assert [way[0].value for way in found] == [Numbers(((22, 22),)), Numbers(((80, 80),))]


def test_elements_that_are_forgotten_are_refused() -> None:
    port = ((Numbers(((22, 22),)),),)
    with pytest.raises(CannotSay, match="forgotten in time"):
        alternatives_of(Lookup(("dport",), set="s"), {"s": Set("s", ("inet_service",), port, timeout_ns=1)})
    assert alternatives_of(Lookup(("dport",), set="s"), {"s": Set("s", ("inet_service",), port)})


def test_none_of_some_concatenations_is_refused() -> None:
    with pytest.raises(CannotSay):
        alternatives_of(Lookup(("dport",), (), negated=True), {})
