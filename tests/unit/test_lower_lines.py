"""Rules of steps as lines of a program: what they decide, and how often things are done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from fwsim.engine.match import walk, walk_linear
from fwsim.lower.lines import MOST_ELEMENTS, MOST_GROWN
from fwsim.netfilter import Set
from fwsim.netfilter.fields import NotSimulated, Raw
from fwsim.netfilter.steps import (
    AnyOf,
    Assign,
    Case,
    Choose,
    Effectless,
    Lookup,
    Match,
    Rate,
    Step,
    Term,
    Unknown,
    Verdict,
)
from fwsim.ruleset.limits import parse_limit
from fwsim.ruleset.values import Addresses, Names, Numbers
from fwsim.terms import Hook
from fwsim.terms import Verdict as Policy
from tests.netfiltering import ACCEPT, DROP, NetfilterFirewall, number, table

WALKS = pytest.mark.parametrize("which", [walk, walk_linear])
Walk = Callable[..., int]
ONCE = Rate(parse_limit({"rate": "1/day", "burst": 1}), text="limit rate 1/day burst 1 packets")


def ports(*values: int) -> tuple[Numbers]:
    return (Numbers(tuple((value, value) for value in values)),)


def verdict(firewall: NetfilterFirewall, which: Walk = walk, **fields: Any) -> tuple[str, str | None]:
    answer = firewall.ask(which=which, **fields)
    return answer.verdict, answer.rule


@WALKS
def test_a_verdict_map_says_for_each_element_what_becomes_of_the_packet(which: Walk) -> None:
    cases = (
        Case(ports(22), (Verdict("jump", "ssh"),)),
        Case(ports(80), (ACCEPT,)),
        Case(ports(443), (ACCEPT,)),
        Case(ports(25), (DROP,)),
    )
    choose = Choose(("dport",), cases, text="tcp dport vmap { ... }")
    firewall = NetfilterFirewall(
        table([number("proto", 6), choose], [number("dport", 9), ACCEPT], ssh=[[number("sport", 1000), ACCEPT]])
    )
    assert verdict(firewall, which, dport=22) == ("accept", "1")
    assert firewall.ask(which=which, dport=22).chain == "inet t ssh"
    assert verdict(firewall, which, dport=22, sport=5) == ("drop", "policy")
    assert verdict(firewall, which, dport=80) == verdict(firewall, which, dport=443) == ("accept", "1")
    assert verdict(firewall, which, dport=25) == ("drop", "1")
    assert verdict(firewall, which, dport=9) == ("accept", "2")
    assert verdict(firewall, which, dport=22, proto=17) == ("drop", "policy")
    assert firewall.rule_hits == [6, 1, 2]


@WALKS
def test_goto_and_return_in_a_map_leave_the_chain_that_has_the_map(which: Walk) -> None:
    cases = (Case(ports(1), (Verdict("goto", "away"),)), Case(ports(2), (Verdict("return"),)))
    rules: Any = {"inner": [[Choose(("dport",), cases)], [DROP]], "away": [[number("sport", 5), DROP]]}
    firewall = NetfilterFirewall(table([Verdict("jump", "inner")], [ACCEPT], **rules))
    assert verdict(firewall, which, dport=1) == ("accept", "2")
    assert verdict(firewall, which, dport=2) == ("accept", "2")
    assert verdict(firewall, which, dport=3) == ("drop", "2")


@WALKS
def test_a_map_with_an_asterisk_has_a_case_for_what_no_other_element_holds(which: Walk) -> None:
    cases = (Case(ports(1, 2), (ACCEPT,)), Case((), (Verdict("reject"),)))
    firewall = NetfilterFirewall(table([Choose(("dport",), cases)], [DROP]))
    assert [verdict(firewall, which, dport=port)[0] for port in (1, 2, 3)] == ["accept", "accept", "reject"]
    # without ports the key cannot be made: the rule ends
    assert verdict(firewall, which, dport=None) == ("drop", "2")


@WALKS
@pytest.mark.parametrize("count", [1, 3, 200])
@pytest.mark.parametrize("negated", [False, True])
def test_a_concatenation_is_in_one_of_the_elements_or_in_none(which: Walk, count: int, negated: bool) -> None:
    elements = tuple((Addresses(v4=((n, n),)), Numbers(((n, n + 10),))) for n in range(100, 100 + count))
    lookup = Lookup(("src", "dport"), elements, negated=negated, text="ip saddr . tcp dport { ... }")
    firewall = NetfilterFirewall(table([number("proto", 6), lookup, ACCEPT]))
    for address, port in ((100, 99), (100, 100), (100, 110), (100, 111), (99, 100), (99 + count, 99 + count)):
        inside = any(address == n and n <= port <= n + 10 for n in range(100, 100 + count))
        wanted = "accept" if inside != negated else "drop"
        assert verdict(firewall, which, src=address, dport=port)[0] == wanted
    assert verdict(firewall, which, src=100, dport=None)[0] == "drop"


@WALKS
@pytest.mark.parametrize("count", [1, 3, 200])
@pytest.mark.parametrize("dynamic", [False, True])
def test_a_packet_that_lacks_the_field_is_in_no_set_of_xtables(which: Walk, count: int, dynamic: bool) -> None:
    one, two = (tuple((Numbers(((n, n),)),) * parts for n in range(100, 100 + count)) for parts in (1, 2))
    sets = [
        Set("one", ("inet_service",), one, dynamic=dynamic),
        Set("two", ("inet_service",) * 2, two, dynamic=dynamic),
    ]
    lookup = Lookup(("dport",), set="one", negated=True, absent=True)
    pair = Lookup(("dport", "dport"), set="two", negated=True, absent=True)
    for step in (lookup, pair):
        firewall = NetfilterFirewall(table([step, ACCEPT], [replace(step, absent=False), ACCEPT], sets=sets))
        assert verdict(firewall, which, dport=None) == ("accept", "1")
        assert verdict(firewall, which, dport=100) == ("drop", "policy")
        assert verdict(firewall, which, dport=99) == ("accept", "1")
        firewall = NetfilterFirewall(table([replace(step, absent=False), ACCEPT], sets=sets))
        assert verdict(firewall, which, dport=None) == ("drop", "policy")


@WALKS
def test_a_long_list_of_elements_is_unknown_only_for_packets_that_may_be_in_it(which: Walk) -> None:
    elements = tuple((Addresses(v4=((n, n),)), Numbers(((n, n),))) for n in range(200))
    firewall = NetfilterFirewall(table([Lookup(("src", "dport"), elements), ACCEPT]))
    assert verdict(firewall, which, src=5, dport=5)[0] == "accept"
    assert firewall.ask(("dport",), which=which, src=5).verdict == "unknown"
    assert firewall.ask(("dport",), which=which, src=777).verdict == "drop"


@WALKS
def test_what_is_done_before_a_map_is_done_once_and_the_map_asks_whether_it_was(which: Walk) -> None:
    cases = tuple(Case(ports(n), (ACCEPT if n % 2 else DROP,)) for n in range(4))
    firewall = NetfilterFirewall(table([ONCE, Choose(("dport",), cases)], [Verdict("reject")]))
    assert verdict(firewall, which, dport=3) == ("accept", "1")
    assert verdict(firewall, which, dport=3) == ("reject", "2")
    assert firewall.memory.buckets[0]["used"] == 1
    assert firewall.rule_hits == [1, 1]


@WALKS
def test_what_is_done_between_two_maps_is_done_once_as_well(which: Walk) -> None:
    either = AnyOf(((number("sport", 7),), (number("sport", 7, negated=True), number("dport", 7))), "th port 7")
    cases = (Case((Numbers(((64, 64),)),), (Assign("mark", 1),)), Case((Numbers(((1, 1),)),), (Assign("mark", 2),)))
    firewall = NetfilterFirewall(
        table(
            [
                ONCE,
                either,
                Choose(("ttl",), cases),
                ONCE,
                Choose(("ttl",), (Case((Numbers(((64, 64),)),), (ACCEPT,)), Case((Numbers(((1, 1),)),), (DROP,)))),
            ],
            policy=Policy.ACCEPT,
        )
    )
    assert firewall.ask(which=which, sport=7, dport=7).rule == "1"
    assert firewall.ask(which=which, sport=7, dport=7).rule == "policy"
    assert firewall.rule_hits == [1]


@WALKS
def test_a_limit_ahead_of_a_match_is_used_by_packets_that_do_not_match(which: Walk) -> None:
    firewall = NetfilterFirewall(table([ONCE, number("dport", 80), ACCEPT]))
    assert verdict(firewall, which, dport=81)[0] == "drop"
    assert verdict(firewall, which, dport=80)[0] == "drop"
    behind = NetfilterFirewall(table([number("dport", 80), ONCE, ACCEPT]))
    assert verdict(behind, which, dport=81)[0] == "drop"
    assert verdict(behind, which, dport=80)[0] == "accept"


@WALKS
def test_alternatives_without_a_verdict_do_once_what_follows(which: Walk) -> None:
    either = AnyOf(((number("sport", 7),), (number("sport", 7, negated=True), number("dport", 7))))
    double = Assign("mark", 0, (Term("mark", 0xFFFFFFFF, 1),))
    firewall = NetfilterFirewall(table([either, double]))
    assert firewall.ask(which=which, mark=3, sport=7, dport=7).mark == 6
    assert firewall.ask(which=which, mark=3, sport=1, dport=7).mark == 6
    assert firewall.ask(which=which, mark=3, sport=1, dport=1).mark == 3
    assert firewall.rule_hits == [2]


def test_a_mark_is_put_together_from_parts() -> None:
    saved = Assign("mark", 0x5, (Term("ct_mark", 0xFF00, 8), Term("mark", 0xF0)))
    firewall = NetfilterFirewall(table([saved]))
    assert firewall.ask(mark=0x123, ct_mark=0xAB).mark == 0xAB25
    assert firewall.ask(mark=0x123, ct_mark=None).mark == 0x123
    assert firewall.ask(("ct_mark",), mark=0x123).mark == -2
    lenient = NetfilterFirewall(table([replace(saved, lenient=True), ACCEPT], policy=Policy.DROP))
    assert lenient.ask(mark=0x123, ct_mark=None).mark == 0x123
    assert lenient.ask(mark=0x123, ct_mark=None).verdict == "accept"
    assert NetfilterFirewall(table([saved, ACCEPT])).ask(ct_mark=None).verdict == "drop"
    shifted = NetfilterFirewall(table([Assign("mark", 0, (Term("mark", 0xFF, -8),))]))
    assert shifted.ask(mark=0x1234).mark == 0x12


@WALKS
def test_what_is_not_simulated_leaves_open_only_what_hangs_on_it(which: Walk) -> None:
    owner = Unknown("meta skuid 1000", frozenset({Hook.OUTPUT}))
    firewall = NetfilterFirewall(
        table(
            [number("dport", 1), Unknown('payload "x"'), ACCEPT],
            [number("dport", 2), owner, ACCEPT],
            [number("dport", 3), Match(NotSimulated("meta random"), Numbers(((0, 9),))), DROP],
            [number("dport", 4), Match(Raw("th", 32, 64), Numbers(((0, 9),)), text="@th,32,64 0-9"), DROP],
        )
    )
    verdicts = {port: firewall.ask(which=which, dport=port).verdict for port in range(1, 6)}
    assert verdicts == {1: "unknown", 2: "drop", 3: "drop", 4: "drop", 5: "drop"}
    assert firewall.ask(which=which, dport=1).reason == "not-simulated"
    assert firewall.ask(which=which, dport=1).rule == "1"
    told = [rule.not_simulated for rule in firewall.lowered.rules]
    assert told == [('payload "x"',), ("meta skuid 1000",), ("meta random",), ("@th,32,64 0-9",)]


@WALKS
def test_what_goes_to_userspace_is_unknown_even_if_the_policy_accepts(which: Walk) -> None:
    firewall = NetfilterFirewall(table([number("dport", 1), Verdict("queue")], policy=Policy.ACCEPT))
    assert firewall.ask(which=which, dport=1).verdict == "unknown"
    assert firewall.ask(which=which, dport=2).verdict == "accept"


@WALKS
def test_a_negated_interface_may_match_where_there_is_none(which: Walk) -> None:
    names = Names(("lan",), negated=True)
    firewall = NetfilterFirewall(
        table([number("dport", 1), Match("iif", names, absent=True), ACCEPT], [Match("iif", names), ACCEPT])
    )
    assert verdict(firewall, which, dport=1, iif=None) == ("accept", "1")
    assert verdict(firewall, which, dport=2, iif=None) == ("drop", "policy")
    assert verdict(firewall, which, dport=1, iif=0) == ("drop", "policy")
    assert verdict(firewall, which, dport=2, iif=1) == ("accept", "2")
    assert firewall.ask(("iif",), which=which, dport=1).verdict == "unknown"


@WALKS
def test_chains_see_packets_of_the_family_of_their_table(which: Walk) -> None:
    firewall = NetfilterFirewall(
        table([DROP], family="ip", policy=Policy.ACCEPT), table([Verdict("reject")], family="ip6", policy=Policy.ACCEPT)
    )
    assert verdict(firewall, which)[0] == "drop"
    assert verdict(firewall, which, family=6, src="::1", dst="::2")[0] == "reject"


def test_a_named_map_gives_the_cases() -> None:
    named = Set("ways", ("inet_service",), cases=(Case(ports(1), (ACCEPT,)),))
    firewall = NetfilterFirewall(table([Choose(("dport",), map="ways")], sets=[named]))
    assert verdict(firewall, dport=1)[0] == "accept"
    assert verdict(firewall, dport=2)[0] == "drop"


def test_a_trace_tells_a_rule_by_the_line_that_matched() -> None:
    cases = (Case(ports(1), (ACCEPT,)), Case(ports(2), (DROP,)))
    firewall = NetfilterFirewall(table([ONCE, Effectless("counter"), Choose(("dport",), cases, text="dport vmap")]))
    (look,) = firewall.trace(dport=2)
    assert (look.rule, look.matched, look.verdict) == (0, True, 1)
    (look,) = firewall.trace(dport=3)
    assert (look.rule, look.matched) == (0, False)
    assert look.failure is not None
    assert look.failure.wanted == "dport vmap"


@WALKS
def test_behind_continue_the_rule_goes_on(which: Walk) -> None:
    on = Case(ports(80), (Verdict("continue"),))
    taken = Case(ports(443), (ACCEPT,))
    firewall = NetfilterFirewall(
        table([Choose(("dport",), (on, taken)), DROP], [Verdict("continue"), ACCEPT], policy=Policy.DROP)
    )
    assert verdict(firewall, which, dport=80) == ("drop", "1")
    assert verdict(firewall, which, dport=443) == ("accept", "1")
    assert verdict(firewall, which, dport=22) == ("accept", "2")


def test_maps_of_many_elements_are_not_mistaken_for_each_other() -> None:
    def cases(first: int) -> tuple[Case, ...]:
        return tuple(Case((*ports(first + n), *ports(1)), (ACCEPT,)) for n in range(70))

    sets = [Set(f"m{n}", ("inet_service", "inet_service"), cases=cases(100 * n)) for n in range(1, 9)]
    rules = [[Choose(("dport", "sport"), map=each.name)] for each in sets]
    firewall = NetfilterFirewall(table(*rules, sets=sets))
    answers = [verdict(firewall, dport=100 * n + 5, sport=1) for n in range(1, 9)]
    assert answers == [("accept", str(n)) for n in range(1, 9)]


@pytest.mark.parametrize(("parts", "said"), [(31, "accept"), (40, "unknown")])
def test_a_rule_of_more_parts_than_can_be_kept_is_not_simulated(parts: int, said: str) -> None:
    some = AnyOf(((number("dport", 1),), (number("dport", 2),)))
    many = Rate(parse_limit({"rate": "1000/second", "burst": 1000}))
    steps: list[Step] = [*(step for _ in range(parts) for step in (many, some)), ACCEPT]
    firewall = NetfilterFirewall(table(steps))
    assert firewall.ask(dport=2).verdict == said
    assert firewall.ask(dport=3).verdict == "drop"


def alternatives(count: int, field: str) -> AnyOf:
    """As many alternatives, of which the ports of another field are asked as well."""
    return AnyOf(tuple((number(field, n), number("length", n)) for n in range(1, count + 1)))


def test_alternatives_that_multiply_without_bound_are_not_simulated() -> None:
    choose = Choose(("dscp",), tuple(Case(ports(n), (Verdict("jump", f"c{n}"),)) for n in range(200)))
    steps: list[Step] = [*(alternatives(200, field) for field in ("sport", "dport", "ttl")), choose]
    chains: Any = {f"c{n}": [] for n in range(200)}
    firewall = NetfilterFirewall(table([number("proto", 6), *steps], [ACCEPT], **chains))
    assert len(firewall.lowered.program.rules) < MOST_GROWN
    (info, _) = firewall.lowered.rules[:2]
    assert info.not_simulated == ("a rule of very many parts", "the rest of it")
    assert verdict(firewall, proto=17) == ("accept", "2")
    assert verdict(firewall, proto=6, sport=7, dport=7, length=7) == ("unknown", "1")
    assert verdict(firewall, proto=6, sport=7, dport=8, length=7) == ("accept", "2")


def test_alternatives_of_all_rules_together_are_bounded() -> None:
    rules: list[list[Step]] = [
        [number("proto", n), alternatives(MOST_GROWN // 4, "sport"), ACCEPT] for n in (1, 2, 3, 4, 5)
    ]
    lowered = NetfilterFirewall(table(*rules)).lowered
    assert [bool(rule.not_simulated) for rule in lowered.rules] == [False, False, False, False, True]


def test_sets_of_very_many_joined_elements_are_not_simulated_but_those_that_there_is_room_for_are() -> None:
    def joined(name: str, count: int) -> Set:
        elements = tuple((*ports(n % 5), *ports(n)) for n in range(count))
        return Set(name, ("inet_service", "inet_service"), elements)

    sets = [joined("a", 100), joined("b", MOST_ELEMENTS - 99), joined("c", 200)]
    asked = [Lookup(("dport", "sport"), set=name, text=f"tcp dport . tcp sport @{name}") for name in "abaca"]
    rules: list[list[Step]] = [[number("proto", n), each, ACCEPT] for n, each in enumerate(asked)]
    firewall = NetfilterFirewall(table(*rules, sets=sets))
    said = [rule.not_simulated for rule in firewall.lowered.rules]
    assert said == [(), ("a set of very many elements: tcp dport . tcp sport @b",), (), (), ()]
    answers = [verdict(firewall, proto=n, dport=2, sport=52)[0] for n in range(5)]
    assert answers == ["accept", "unknown", "accept", "accept", "accept"]


def test_who_asks_for_more_than_there_is_room_for_is_told_so() -> None:
    matches = [Match(Raw("th", 8 * n, 8), Numbers(((1, 1),)), text=f"@th,{8 * n},8 1") for n in range(18)]
    asked: list[list[Step]] = [[match, ACCEPT] for match in matches]
    told = [rule.not_simulated for rule in NetfilterFirewall(table(*asked)).lowered.rules]
    assert told == [()] * 16 + [("@th,128,8 1",), ("@th,136,8 1",)]
