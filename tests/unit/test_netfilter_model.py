"""Tables and chains, and what steps look at."""

from __future__ import annotations

import pytest

from fwsim.netfilter import Set, Table
from fwsim.netfilter.fields import Raw, Selector
from fwsim.netfilter.model import every_step, selectors_of
from fwsim.netfilter.steps import AnyOf, Lookup, Match, NoTrack, Step, Update
from fwsim.ruleset.values import Numbers
from tests.netfiltering import number


@pytest.mark.parametrize(("family", "sees"), [("ip", 4), ("ip6", 6), ("inet", 0), ("bridge", 0)])
def test_a_table_sees_packets_of_its_family(family: str, sees: int) -> None:
    assert Table(family, "t", {}).sees == sees


@pytest.mark.parametrize(
    ("step", "selectors"),
    [
        (Match("dport", Numbers()), ("dport",)),
        (Match(Raw("th", 0, 16), Numbers()), (Raw("th", 0, 16),)),
        (Lookup(("src", "dport")), ("src", "dport")),
        (NoTrack(), ()),
    ],
)
def test_a_step_tells_what_it_looks_at(step: Step, selectors: tuple[Selector, ...]) -> None:
    assert selectors_of(step) == selectors


ELEMENTS = ((Numbers(((1, 1),)),), (Numbers(((2, 2),)),))


@pytest.mark.parametrize(
    ("timeout_ns", "expiries", "lifetimes"),
    [(None, (), (0, 0)), (9, (), (9, 9)), (9, (0, None), (0, 9)), (None, (5, None), (5, 0)), (9, (0, 0), (0, 0))],
)
def test_an_element_lives_as_long_as_it_says_or_else_its_set(
    timeout_ns: int | None, expiries: tuple[int | None, ...], lifetimes: tuple[int, ...]
) -> None:
    own = Set("s", ("mark",), ELEMENTS, timeout_ns=timeout_ns, expiries=expiries)
    assert (own.lifetimes, own.expires) == (lifetimes, any(lifetimes))
    assert not Set("s", ("mark",), ELEMENTS, timeout_ns=timeout_ns, expiries=expiries, dynamic=True).expires


def test_every_step_is_found_wherever_it_stands() -> None:
    inner = number("ttl", 1)
    steps: list[Step] = [Update("add", "s", ("src",), steps=(inner,)), AnyOf(((inner,), (inner,)))]
    assert list(every_step(steps)).count(inner) == 3
