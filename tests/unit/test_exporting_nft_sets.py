"""Named sets, maps and objects as nft declares them."""

from __future__ import annotations

import pytest

from fwsim.exporting.nft_sets import inner_text, object_lines, set_lines, split_families
from fwsim.exporting.saying import CannotSay
from fwsim.netfilter.model import Object, Set
from fwsim.netfilter.steps import Alter, Assign, Case, Connections, Nat, Quota, Rate, SetHelper, Verdict
from fwsim.ruleset.values import Addresses, Limit, Numbers

PORT = (Numbers(((22, 22),)),)
BUCKET = Rate(Limit(5, 10**9))


def lines(own: Set, family: int = 0) -> str:
    """A set on one line."""
    return " ".join(" ".join(set_lines(own, "s", family, {"x": "x_"}, is_nft=True)).split())


@pytest.mark.parametrize(
    ("own", "text"),
    [
        (Set("s", ("inet_service",), (PORT,)), "set s { type inet_service elements = { 22 } }"),
        (Set("s", ("inet_service",), value=Numbers(((1, 5),))),
         "set s { type inet_service flags interval elements = { 1-5 } }"),
        (Set("s", ("ct_status",), ((Numbers(((2, 2),)),),)), "set s { type ct_status elements = { seen-reply } }"),
        (Set("m", ("ct_state",), cases=(Case((Numbers(((1, 1),)),), (Verdict("drop"),)),)),
         "map s { type ct_state : verdict elements = { invalid : drop } }"),
        (Set("s", ("ipv6_addr",), value=Addresses((), ((10, 12),))),
         "set s { type ipv6_addr flags interval elements = { ::a-::c } }"),
        (Set("s", ("inet_service",), (PORT,), dynamic=True, size=9, timeout_ns=10**9, expiries=(5 * 10**8,)),
         "set s { type inet_service size 9 flags dynamic,timeout timeout 1s elements = { 22 timeout 500ms } }"),
        (Set("m", ("inet_service",), cases=(Case(PORT, (Verdict("jump", "x"),)),)),
         "map s { type inet_service : verdict elements = { 22 : jump x_ } }"),
        (Set("m", ("inet_service",), cases=(Case(PORT, (Verdict("drop"),)), Case((), (Verdict("drop"),))),
             expiries=(10**9, None)),
         "map s { type inet_service : verdict flags interval,timeout elements = { 22 timeout 1s : drop, * : drop } }"),
        (Set("m", ("inet_service",), cases=(Case(PORT, (Assign("mark", 5),)),)),
         "map s { type inet_service : mark elements = { 22 : 0x5 } }"),
        (Set("m", ("inet_service",), cases=(Case(PORT, (Nat("dnat", 4, (1, 1), (8, 8)),)),)),
         "map s { type inet_service : ipv4_addr . inet_service elements = { 22 : 0.0.0.1 . 8 } }"),
    ],
)  # fmt: skip
def test_sets_and_maps(own: Set, text: str) -> None:
    assert lines(own) == text


def test_addresses_of_both_families_are_two_sets() -> None:
    own = Set("s", ("ipv4_addr",), value=Addresses(((1, 1),), ((1, 1),)))
    assert split_families(own) == (4, 6)
    assert lines(own, 6) == "set s { type ipv6_addr elements = { ::1 } }"


def test_a_type_without_a_field_is_refused() -> None:
    with pytest.raises(CannotSay, match="integer"):
        lines(Set("s", ("integer",)))


@pytest.mark.parametrize(
    ("own", "text"),
    [
        (Object("a", "limit", BUCKET), "limit a { rate 5/second burst 5 packets }"),
        (Object("a", "quota", Quota(5)), "quota a { 5 bytes }"),
        (Object("a", "ct helper", SetHelper("sip")), 'ct helper a { type "sip" protocol udp }'),
        (
            Object(
                "b",
                "ct timeout",
                Alter(("ct_status",), None, "ct timeout b { protocol udp; policy = { replied : 9 } }"),
            ),
            "ct timeout a { protocol udp; policy = { replied : 9 } }",
        ),
    ],
)
def test_objects(own: Object, text: str) -> None:
    assert " ".join(" ".join(object_lines(own, "a", is_nft=True)).split()) == text


def test_an_unknown_helper_is_refused() -> None:
    with pytest.raises(CannotSay, match="'x'"):
        object_lines(Object("a", "ct helper", SetHelper("x")), "a", is_nft=True)


def test_elements_may_count() -> None:
    assert inner_text(Connections(3), is_nft=True) == "ct count 3"
    with pytest.raises(CannotSay):
        inner_text(Verdict("drop"), is_nft=True)


def test_an_element_that_stays_while_others_are_forgotten_is_refused() -> None:
    with pytest.raises(CannotSay, match="an element that stays"):
        lines(Set("s", ("inet_service",), (PORT,), timeout_ns=10**9, expiries=(0,)))
