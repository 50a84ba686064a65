"""What makes Linux track, and what asks for a connection."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fwsim.lower.needs import asks_for_ct, different, gives_helper, in_maps, needs_tracking
from fwsim.netfilter import Chain, NetfilterRule, Set, Table
from fwsim.netfilter.model import every_step
from fwsim.netfilter.steps import (
    AnyOf,
    Assign,
    Case,
    Choose,
    Connections,
    Lookup,
    Match,
    Nat,
    NoTrack,
    SetHelper,
    Step,
    Term,
    Unknown,
    Update,
)
from fwsim.ruleset.values import Choice, Masked, Numbers
from tests.netfiltering import ACCEPT, number

NEW = Match("ct_state", Masked((Choice(8, 8, 8),)))


@pytest.mark.parametrize(
    ("step", "tracks", "asks"),
    [
        (number("dport", 1), False, False),
        (NEW, True, True),
        (AnyOf(((NEW,), (number("dport", 1),))), True, True),
        (Lookup(("src", "ct_mark")), True, True),
        (Choose(("dport",), (Case((Numbers(((1, 1),)),), (NEW, ACCEPT)),)), True, True),
        (Update("add", "s", ("src",), steps=(NEW,)), True, True),
        (Unknown("xt match conntrack", tracks=True), True, True),
        (Unknown("xt match string"), False, False),
        (Assign("ct_mark", 1), True, False),
        (Assign("mark", 0, (Term("ct_mark"),)), True, False),
        (Assign("mark", 1), False, False),
        (SetHelper("ftp"), True, False),
        (Nat("masquerade"), True, True),
        (Nat("tproxy"), False, False),
        (Connections(5), True, False),
        (NoTrack(), False, False),
    ],
)
def test_what_looks_at_or_changes_connections_makes_linux_track(step: Step, tracks: bool, asks: bool) -> None:
    rule = NetfilterRule((step,))
    assert needs_tracking(rule) == tracks
    assert asks_for_ct(rule) == asks


def test_what_named_maps_lead_to_and_what_elements_count_makes_linux_track() -> None:
    cases = (Case((Numbers(((1, 1),)),), (Assign("ct_mark", 1),)),)
    for made in (Set("m", ("inet_service",), cases=cases), Set("s", ("ipv4_addr",), steps=(Connections(5),))):
        chain = Chain("c", "ip t c")
        table = Table("ip", "t", {"c": chain}, {made.name: made})
        assert any(map(needs_tracking, in_maps([(table, chain), (table, chain)])))
        assert not list(in_maps([(table, replace(chain, other_hook="ingress"))]))


@pytest.mark.parametrize(
    ("steps", "given"),
    [
        ((NEW, ACCEPT), False),
        ((SetHelper("ftp"),), True),
        ((Choose(("dport",), (Case((Numbers(((1, 1),)),), (SetHelper("ftp"),)),)),), True),
    ],
)
def test_whether_steps_give_a_helper(steps: tuple[Step, ...], given: bool) -> None:
    assert gives_helper(every_step(steps)) is given


def test_a_step_of_many_rules_is_there_once() -> None:
    same = number("ttl", 1)
    steps: list[Step] = [same, AnyOf(((same,),)), number("ttl", 1), same]
    assert [id(step) for step in different(steps)] == [id(same), id(steps[1]), id(steps[2])]
