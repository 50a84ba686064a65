"""What steps ask, as alternatives that packets meet or do not."""

from __future__ import annotations

import pytest

from fwsim.fuzz.rules.asking import LOCAL, Ask, Packet, ask_of
from fwsim.netfilter import Set, Table
from fwsim.netfilter.fields import Fib, NotSimulated
from fwsim.netfilter.steps import AnyOf, Lookup, Match, NoTrack, Step
from fwsim.ruleset.values import Addresses, Choice, Masked, Names, Numbers

PORTS = Set("ports", ("inet_service",), value=Numbers(((80, 90),)))
PAIRS = Set("pairs", ("ipv4_addr", "inet_service"), ((Addresses(v4=((1, 1),)), Numbers(((22, 22),))),))
TABLE = Table("ip", "t", {}, {"ports": PORTS, "pairs": PAIRS})


def asked(step: Step) -> Ask:
    found = ask_of(step, TABLE)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("step", "meets", "misses"),
    [
        (Match("dport", Numbers(((22, 23),))), {"dport": 23}, {"dport": 24}),
        (Match("dport", Numbers(((22, 23),), negated=True)), {"dport": 24}, {"dport": 22}),
        (Match("dport", Numbers(((22, 23),), negated=True)), {"dport": 24}, {}),
        (Match("dport", Numbers((), sets=("ports",))), {"dport": 85}, {"dport": 91}),
        (Match("src", Addresses(v4=((8, 9),))), {"family": 4, "src": 9}, {"family": 6, "src": 9}),
        (Match("src", Addresses(v4=((8, 9),), negated=True)), {"family": 4, "src": 7}, {"family": 6, "src": 7}),
        (Match("iif", Names(("a",), ("eth",), negated=True), absent=True), {}, {"iif": "eth7"}),
        (Match("tcp_flags", Masked((Choice(2, 2, 18),))), {"tcp_flags": 2}, {"tcp_flags": 18}),
        (Match(Fib(frozenset({"daddr"}), "type"), Numbers(((2, 2),))), {LOCAL: 1}, {LOCAL: 0}),
        (
            Lookup(("src", "dport"), set="pairs"),
            {"family": 4, "src": 1, "dport": 22},
            {"family": 4, "src": 1, "dport": 23},
        ),
        (
            Lookup(("src", "dport"), set="pairs", negated=True),
            {"family": 4, "src": 1, "dport": 23},
            {"family": 4, "src": 1, "dport": 22},
        ),
        (
            AnyOf(((Match("proto", Numbers(((6, 6),))), Match("dport", Numbers(((1, 1),)))),)),
            {"proto": 6, "dport": 1},
            {"proto": 17, "dport": 1},
        ),
    ],
)
def test_a_packet_meets_what_is_asked_or_does_not(step: Step, meets: Packet, misses: Packet) -> None:
    assert asked(step).holds(meets)
    assert not asked(step).holds(misses)


@pytest.mark.parametrize(
    "step", [NoTrack(), Match(NotSimulated("socket"), Numbers(((1, 1),))), Lookup(("src",), set="unheard-of")]
)
def test_what_cannot_be_aimed_at_asks_nothing(step: Step) -> None:
    assert ask_of(step, TABLE) is None


def test_of_a_very_large_set_some_elements_are_tried() -> None:
    elements = tuple((Numbers(((number, number),)),) for number in range(10_000))
    assert 60 <= len(asked(Lookup(("dport",), elements)).alternatives) <= 70
