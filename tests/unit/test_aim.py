"""Packets that meet a rule, and such as just fail to."""

from __future__ import annotations

from random import Random

import pytest

from fwsim.fuzz.rules.aim import Aimed, aimed
from fwsim.fuzz.rules.asking import Ask
from fwsim.fuzz.rules.conditions import Condition
from fwsim.fuzz.rules.places import Places
from fwsim.ruleset.values import Addresses, Choice, Masked, MatchValue, Names, Numbers
from fwsim.terms import CtState, Hook

PLACES = Places({"lan": ["10.0.0.0/8", "fd00::/16"], "wan": ["192.0.2.0/24", "any"]}, ["10.0.0.1", "fd00::1"], "wan")


def condition(hook: Hook = Hook.FORWARD, **asked: MatchValue) -> Condition:
    return Condition(hook, tuple(Ask((((field, value),),)) for field, value in asked.items()))


def found(one: Condition, missed: int | None = None, seed: int = 1) -> Aimed:
    packet = aimed(Random(seed), one, PLACES, missed)
    assert packet is not None
    return packet


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("missed", [None, 0, 1, 2])
def test_all_is_met_but_what_is_to_be_missed(missed: int | None, seed: int) -> None:
    one = condition(proto=Numbers(((6, 6),)), dport=Numbers(((22, 30),)), src=Addresses(v4=((0xC0000200, 0xC00002FF),)))
    packet = aimed(Random(seed), one, PLACES, missed)
    if packet is None:
        assert missed == 0  # a protocol without ports meets nothing that asks for one
        return
    assert [ask.holds(packet.packet) for ask in one.asks] == [at != missed for at in range(3)]


@pytest.mark.parametrize("seed", range(20))
def test_what_goes_out_by_an_interface_is_sent_to_what_lies_behind_it(seed: int) -> None:
    packet = found(condition(iif=Names(("lan",)), oif=Names(("wan",))), seed=seed).packet
    assert (packet["iif"], packet["oif"]) == ("lan", "wan")
    assert PLACES.behind(int(packet["family"]), int(packet["dst"])) == "wan"


@pytest.mark.parametrize("hook", [Hook.INPUT, Hook.OUTPUT])
@pytest.mark.parametrize("seed", range(10))
def test_to_and_from_the_firewall_itself(hook: Hook, seed: int) -> None:
    one = found(condition(hook), seed=seed)
    own = {end: (int(one.packet["family"]), int(one.packet[end])) in PLACES.own for end in ("src", "dst")}
    assert own == {"src": hook == Hook.OUTPUT, "dst": hook == Hook.INPUT}
    assert one.seen_on == one.packet["oif" if hook == Hook.OUTPUT else "iif"]


def test_the_loopback_interface_is_between_addresses_of_the_firewall() -> None:
    packet = found(condition(Hook.INPUT, iif=Names(("lo",)))).packet
    assert {(packet["family"], packet[end]) for end in ("src", "dst")} <= PLACES.own


def test_a_state_is_chosen_that_is_asked_for() -> None:
    asked = Masked((Choice(1, 6, 6),))
    assert {found(condition(ct_state=asked), seed=seed).packet["ct_state"] for seed in range(20)} == {
        CtState.ESTABLISHED,
        CtState.RELATED,
    }


def test_an_address_of_ipv6_makes_a_packet_of_ipv6() -> None:
    first = 0xFD00 << 112
    assert found(condition(dst=Addresses(v6=((first, first + 9),)))).packet["family"] == 6


def test_the_firewall_sends_nothing_to_nobody() -> None:
    nobody = condition(Hook.OUTPUT, dst=Addresses(v4=((0, 0),)))
    assert aimed(Random(1), nobody, PLACES) is None
    assert found(condition(dst=Addresses(v4=((0, 0),)))).packet["dst"] == 0


def test_what_cannot_be_met_is_let_go() -> None:
    assert aimed(Random(1), condition(iif=Names(("unheard-of",))), PLACES) is None
    assert aimed(Random(1), condition(proto=Numbers(((6, 6),)), icmp_type=Numbers(((8, 8),))), PLACES) is None
