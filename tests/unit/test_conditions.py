"""What a packet must be to come to a rule, through the jumps that lead there."""

from __future__ import annotations

from fwsim.fuzz.rules.asking import Packet
from fwsim.fuzz.rules.conditions import VISITS, Condition, conditions
from fwsim.netfilter import Chain, Netfilter, NetfilterRule, Table
from fwsim.netfilter.steps import Case, Choose, Match, Step, Verdict
from fwsim.ruleset.values import Location, Numbers
from fwsim.terms import Hook


def port(number: int) -> Match:
    return Match("dport", Numbers(((number, number),)))


def rule(text: str, *steps: Step) -> NetfilterRule:
    return NetfilterRule(steps, location=Location(text=text))


def ruleset(*rules: NetfilterRule, family: str = "inet", **chains: tuple[NetfilterRule, ...]) -> Netfilter:
    base = Chain("base", "base", (Hook.INPUT,), rules=rules)
    others = {name: Chain(name, name, rules=more) for name, more in chains.items()}
    return Netfilter((Table(family, "t", {"base": base, **others}),))


def of(found: list[Condition], text: str) -> list[Condition]:
    return [one for one in found if one.text == text]


def meets(condition: Condition, **packet: int) -> bool:
    fields: Packet = {**packet}
    return all(ask.holds(fields) for ask in condition.asks)


def test_a_rule_is_reached_through_the_matches_of_the_jump() -> None:
    jump = rule("jump", Match("proto", Numbers(((6, 6),))), Verdict("jump", "own"))
    (inner,) = of(conditions(ruleset(jump, own=(rule("inner", port(22)),))), "inner")
    assert inner.hook == Hook.INPUT
    assert meets(inner, proto=6, dport=22)
    assert not meets(inner, proto=17, dport=22)
    assert not meets(inner, proto=6, dport=23)


def test_a_case_of_a_map_is_what_its_element_says() -> None:
    cases = tuple(Case((Numbers(((n, n),)),), (Verdict("goto", f"c{n}"),)) for n in (1, 2))
    one, two = (rule("in 1"),), (rule("in 2"),)
    found = conditions(ruleset(rule("map", Choose(("dport",), cases)), c1=one, c2=two))
    (first,), (second,) = of(found, "in 1"), of(found, "in 2")
    assert meets(first, dport=1)
    assert not meets(first, dport=2)
    assert meets(second, dport=2)
    assert not meets(second, dport=1)


def test_the_family_of_the_table_is_asked_for() -> None:
    (one,) = of(conditions(ruleset(rule("a"), family="ip6")), "a")
    assert meets(one, family=6)
    assert not meets(one, family=4)


def test_a_chain_that_many_rules_jump_to_is_followed_some_times() -> None:
    jumps = [rule("jump", port(number), Verdict("jump", "own")) for number in range(100)]
    assert len(of(conditions(ruleset(*jumps, own=(rule("inner"),))), "inner")) == VISITS


def test_there_is_one_for_the_policy_and_without_a_base_chain_one_for_every_way() -> None:
    assert conditions(ruleset()) == [Condition(Hook.INPUT, ())]
    ways = [one.hook for one in conditions(Netfilter(()))]
    assert ways == [Hook.INPUT, Hook.FORWARD, Hook.OUTPUT]


def test_frames_that_are_no_packets_of_ip_are_not_aimed_at() -> None:
    assert not of(conditions(ruleset(rule("a"), family="bridge")), "a")
