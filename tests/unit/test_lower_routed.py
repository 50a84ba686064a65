"""Questions about routes as alternatives."""

from __future__ import annotations

from typing import NamedTuple

from fwsim.lower import lower
from fwsim.lower.routed import Ways, routed
from fwsim.netfilter.fields import Fib
from fwsim.netfilter.steps import AtHook, Match, Unknown
from fwsim.ruleset.values import Addresses, MatchValue, Numbers
from fwsim.terms import Hook
from fwsim.terms import Verdict as Policy
from tests.netfiltering import ACCEPT, NetfilterFirewall, imported, number, table

LOCAL = Match(Fib(frozenset({"daddr"}), "type"), Numbers(((2, 2),)), text="fib daddr type local")


class Answer(NamedTuple):
    """What the routes say."""

    true: Ways
    unknown: Ways = ()
    why: str = ""


def by_hook(fib: Fib, value: MatchValue, hook: Hook) -> Answer:
    """Port 1 is local where packets come in, port 2 perhaps, and nowhere else is anything."""
    assert (fib, value) == (LOCAL.selector, LOCAL.value)
    return (
        Answer(((number("dport", 1),),), ((number("dport", 2),),), "no networks") if hook <= Hook.INPUT else Answer(())
    )


def test_where_the_hook_changes_nothing_there_is_no_question_for_it() -> None:
    assert isinstance(LOCAL.selector, Fib)
    ways = routed(LOCAL.selector, LOCAL, [Hook.PREROUTING, Hook.INPUT], 0, by_hook)
    assert [[type(step) for step in way] for way in ways] == [[Match], [Match, Unknown]]
    assert ways[0][0] == Match("dport", Numbers(((1, 1),)), text="fib daddr type local")
    assert ways[1][1] == Unknown("fib daddr type local: no networks")


def test_where_the_hook_matters_it_is_asked() -> None:
    assert isinstance(LOCAL.selector, Fib)
    ways = routed(LOCAL.selector, LOCAL, [Hook.INPUT, Hook.FORWARD], 0, by_hook)
    assert [way[0] for way in ways] == [AtHook(frozenset({Hook.INPUT}))] * 2
    assert routed(LOCAL.selector, LOCAL, [Hook.FORWARD], 0, by_hook) == []


def test_the_answer_decides_and_without_one_it_is_unknown() -> None:
    firewall = NetfilterFirewall(table([LOCAL, ACCEPT], policy=Policy.DROP, hook=Hook.INPUT))
    assert firewall.ask(hook=Hook.INPUT, dport=1).verdict == "unknown"
    firewall.lowered = lower(imported(table([LOCAL, ACCEPT], hook=Hook.INPUT)), interfaces=("lan",), routes=by_hook)
    firewall.memory = firewall.lowered.memory()
    assert [firewall.ask(hook=Hook.INPUT, dport=port).verdict for port in (1, 2, 3)] == ["accept", "unknown", "drop"]


def test_ways_that_only_packets_of_the_other_family_take_are_left_out() -> None:
    four, six = Match("dst", Addresses(v4=((1, 1),))), Match("dst", Addresses(v6=((1, 1),)))
    assert isinstance(LOCAL.selector, Fib)

    def both(fib: Fib, value: MatchValue, hook: Hook) -> Answer:
        return Answer(((four,), (six,)), ((number("iif", 1), six),), "own IPv6 addresses")

    of_four = routed(LOCAL.selector, LOCAL, [Hook.INPUT], 4, both)
    assert [step.value for (step,) in of_four if isinstance(step, Match)] == [four.value]
    assert len(routed(LOCAL.selector, LOCAL, [Hook.INPUT], 6, both)) == 2
    assert len(routed(LOCAL.selector, LOCAL, [Hook.INPUT], 0, both)) == 3
