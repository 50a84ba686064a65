"""What matches ask in the views of the stateless twin."""

from __future__ import annotations

import pytest

from fwsim.exporting.saying import CannotSay
from fwsim.exporting.views import (
    MIRROR,
    NEW,
    REPLY,
    UNTRACKED,
    Place,
    View,
    constant,
    error_view,
    is_visible,
    matched,
    mirror_of,
    takes_out,
)
from fwsim.netfilter.fields import Raw
from fwsim.netfilter.steps import Match
from fwsim.ruleset.values import Choice, Masked, Names, Numbers
from fwsim.terms import CtState, Hook

HERE = Place(Hook.FORWARD, Hook.FORWARD, False)
EARLY = Place(Hook.FORWARD, Hook.PREROUTING, True)
STATE_NEW = Match("ct_state", Masked((Choice(1, 8, 8),)))


def number(field: str, *numbers: int, negated: bool = False) -> Match:
    """A match on numbers."""
    return Match(field, Numbers(tuple((each, each) for each in numbers), negated))


@pytest.mark.parametrize(
    ("view", "place", "answer"),
    [(NEW, HERE, True), (MIRROR, HERE, True), (REPLY, HERE, False), (UNTRACKED, HERE, False), (NEW, EARLY, False)],
)
def test_the_ct_state_is_a_constant(view: View, place: Place, answer: bool) -> None:
    assert matched(STATE_NEW, view, place) is answer


def test_without_a_connection_nothing_of_it_is_there() -> None:
    assert constant("ct_mark", NEW, HERE) == 0
    assert constant("ct_mark", UNTRACKED, HERE) is None
    assert matched(Match("ct_mark", Masked(), absent=True), UNTRACKED, HERE) is True
    with pytest.raises(CannotSay):
        constant("ct_original_src", NEW, HERE)


@pytest.mark.parametrize(
    ("match", "found"),
    [
        (number("dport", 80), number("sport", 80)), (Match("iif", Names(("a",))), Match("oif", Names(("a",)))),
        (number("icmp_type", 8), number("icmp_type", 0)), (number("icmp_type", 0), False),
        (number("ttl", 64), number("ttl", 64)), (Match("tcp_flags", Masked((Choice(2, 2, 18),))), number("proto", 6)),
        (Match("tcp_flags", Masked((Choice(1, 16, 16),))), False),
    ],
)  # fmt: skip
def test_the_mirror_image_is_asked_for_what_it_is_made_of(match: Match, found: object) -> None:
    assert matched(match, MIRROR, HERE) == found


def test_bytes_of_the_mirror_image_are_not_there() -> None:
    with pytest.raises(CannotSay):
        mirror_of(Raw("th", 0, 16))
    with pytest.raises(CannotSay, match="'@th,0,16 5' of the mirror image"):
        matched(Match(Raw("th", 0, 16), Numbers(((5, 5),)), text="@th,0,16 5"), MIRROR, HERE)


def test_a_time_to_live_is_one_lower_at_forward() -> None:
    assert matched(number("ttl", 64), NEW, EARLY) == number("ttl", 63)


def test_interfaces_are_seen_where_the_packet_has_them() -> None:
    assert not is_visible("oif", NEW, EARLY)
    assert not is_visible("iif", NEW, Place(Hook.OUTPUT, Hook.OUTPUT, False))
    assert is_visible("iif", MIRROR, Place(Hook.OUTPUT, Hook.INPUT, False))


def test_what_is_known_of_a_view_makes_matches_false() -> None:
    assert matched(number("icmp_type", 8), error_view(4, related=True), HERE) is False
    assert matched(number("family", 4), UNTRACKED, HERE) is False
    assert matched(number("icmp_type", 3), error_view(4, related=False), HERE) == number("icmp_type", 3)


def test_notrack_does_something_only_where_nothing_is_attached() -> None:
    assert takes_out(NEW, EARLY)
    assert not takes_out(NEW, HERE)
    assert takes_out(error_view(4, related=False), HERE)
    assert NEW.without_connection.state == CtState.UNTRACKED
