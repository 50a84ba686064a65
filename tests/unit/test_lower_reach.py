"""At which hooks chains are walked."""

from __future__ import annotations

from fwsim.lower.reach import depth_of, hooks_of_chains
from fwsim.netfilter import Chain, NetfilterRule, Set, Table
from fwsim.netfilter.steps import Case, Choose, Step, Verdict
from fwsim.ruleset.values import Numbers
from fwsim.terms import Hook


def chain(name: str, *hooks: Hook, steps: tuple[Step, ...] = ()) -> Chain:
    return Chain(name, name, hooks, rules=(NetfilterRule(steps),))


def test_a_chain_is_walked_where_those_that_jump_to_it_are() -> None:
    jump, goto = (Verdict("jump", "b"),), (Verdict("goto", "c"),)
    chains = [
        chain("a", Hook.INPUT, steps=jump),
        chain("b", steps=goto),
        chain("c"),
        chain("d", Hook.OUTPUT, steps=goto),
    ]
    table = Table("ip", "t", {each.name: each for each in chains})
    hooks = {name: own for (_, _, name), own in hooks_of_chains([(table, each) for each in chains]).items()}
    assert hooks == {"a": {Hook.INPUT}, "b": {Hook.INPUT}, "c": {Hook.INPUT, Hook.OUTPUT}, "d": {Hook.OUTPUT}}


def test_jumps_in_maps_count_and_a_chain_that_nothing_jumps_to_is_walked_nowhere() -> None:
    case = Case((Numbers(((1, 1),)),), (Verdict("jump", "b"),))
    own, named = Choose(("dport",), (case,)), Choose(("dport",), map="m")
    chains = [chain("a", Hook.INPUT, steps=(own,)), chain("x", Hook.FORWARD, steps=(named,)), chain("b"), chain("z")]
    table = Table("ip", "t", {each.name: each for each in chains}, {"m": Set("m", ("inet_service",), cases=(case,))})
    hooks = {name: own for (_, _, name), own in hooks_of_chains([(table, each) for each in chains]).items()}
    assert hooks["b"] == {Hook.INPUT, Hook.FORWARD}
    assert not hooks["z"]


def test_chains_of_one_name_in_two_tables_are_two() -> None:
    one = Table("ip", "one", {"a": chain("a", Hook.INPUT, steps=(Verdict("jump", "b"),)), "b": chain("b")})
    other = Table("ip", "other", {"b": chain("b")})
    running = [(table, each) for table in (one, other) for each in table.chains.values()]
    assert hooks_of_chains(running)["ip", "other", "b"] == frozenset()


def test_the_longest_way_from_a_hook_tells_how_deep_packets_get() -> None:
    chains = [
        chain("a", Hook.INPUT, steps=(Verdict("jump", "d"),)),
        chain("b", Hook.OUTPUT, steps=(Verdict("jump", "c"),)),
        chain("c", steps=(Verdict("goto", "d"),)),
        chain("d"),
        chain("x", steps=(Verdict("jump", "x"),)),
    ]
    table = Table("ip", "t", {each.name: each for each in chains})
    assert depth_of([(table, each) for each in chains]) == 3
    assert depth_of([]) == 0
