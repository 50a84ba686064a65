"""Tables and chains, and what steps look at."""

from __future__ import annotations

import pytest

from fwsim.netfilter import Table
from fwsim.netfilter.fields import Raw, Selector
from fwsim.netfilter.model import selectors_of
from fwsim.netfilter.steps import Lookup, Match, NoTrack, Step
from fwsim.ruleset.values import Numbers


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
