"""At which hooks chains are walked."""

from __future__ import annotations

import pytest

from fwsim.errors import RulesetError
from fwsim.lower import lower
from fwsim.lower.reach import Place, depth_of, hooks_of_chains, targets_of_chains
from fwsim.netfilter import Chain, Netfilter, NetfilterRule, Set, Table
from fwsim.netfilter.steps import Case, Choose, Step, Verdict
from fwsim.ruleset.model import Ruleset
from fwsim.ruleset.values import Location, Numbers
from fwsim.terms import Hook


def chain(name: str, *hooks: Hook, steps: tuple[Step, ...] = ()) -> Chain:
    return Chain(name, name, hooks, rules=(NetfilterRule(steps),))


def hooks_in(running: list[tuple[Table, Chain]]) -> dict[Place, frozenset[Hook]]:
    return hooks_of_chains(running, targets_of_chains(running))


def depth_in(running: list[tuple[Table, Chain]]) -> int:
    return depth_of(running, targets_of_chains(running))


def test_a_chain_is_walked_where_those_that_jump_to_it_are() -> None:
    jump, goto = (Verdict("jump", "b"),), (Verdict("goto", "c"),)
    chains = [
        chain("a", Hook.INPUT, steps=jump),
        chain("b", steps=goto),
        chain("c"),
        chain("d", Hook.OUTPUT, steps=goto),
    ]
    table = Table("ip", "t", {each.name: each for each in chains})
    hooks = {name: own for (_, _, name), own in hooks_in([(table, each) for each in chains]).items()}
    assert hooks == {"a": {Hook.INPUT}, "b": {Hook.INPUT}, "c": {Hook.INPUT, Hook.OUTPUT}, "d": {Hook.OUTPUT}}


def test_jumps_in_maps_count_and_a_chain_that_nothing_jumps_to_is_walked_nowhere() -> None:
    case = Case((Numbers(((1, 1),)),), (Verdict("jump", "b"),))
    own, named = Choose(("dport",), (case,)), Choose(("dport",), map="m")
    chains = [chain("a", Hook.INPUT, steps=(own,)), chain("x", Hook.FORWARD, steps=(named,)), chain("b"), chain("z")]
    table = Table("ip", "t", {each.name: each for each in chains}, {"m": Set("m", ("inet_service",), cases=(case,))})
    hooks = {name: own for (_, _, name), own in hooks_in([(table, each) for each in chains]).items()}
    assert hooks["b"] == {Hook.INPUT, Hook.FORWARD}
    assert not hooks["z"]


def test_chains_of_one_name_in_two_tables_are_two() -> None:
    one = Table("ip", "one", {"a": chain("a", Hook.INPUT, steps=(Verdict("jump", "b"),)), "b": chain("b")})
    other = Table("ip", "other", {"b": chain("b")})
    running = [(table, each) for table in (one, other) for each in table.chains.values()]
    assert hooks_in(running)["ip", "other", "b"] == frozenset()


def test_the_longest_way_from_a_hook_tells_how_deep_packets_get() -> None:
    chains = [
        chain("a", Hook.INPUT, steps=(Verdict("jump", "d"),)),
        chain("b", Hook.OUTPUT, steps=(Verdict("jump", "c"),)),
        chain("c", steps=(Verdict("goto", "d"),)),
        chain("d"),
        chain("x", steps=(Verdict("jump", "x"),)),
    ]
    table = Table("ip", "t", {each.name: each for each in chains})
    assert depth_in([(table, each) for each in chains]) == 3
    assert depth_in([]) == 0


def test_jumps_in_a_circle_are_refused_where_they_close_it() -> None:
    rules = [
        NetfilterRule((Verdict("jump", "c"),), location=Location("r", 5, 2)),
        NetfilterRule((Verdict("goto", "b"),), location=Location("r", 6, 3)),
    ]
    c = Chain("c", "c", rules=tuple(rules))
    for chains in ([c], [chain("c", steps=(Verdict("jump", "d"),)), Chain("d", "d", rules=tuple(rules))]):
        chains = [
            chain("a", Hook.INPUT, steps=(Verdict("jump", "b"),)),
            chain("b", steps=(Verdict("jump", "c"),)),
            *chains,
        ]
        table = Table("ip", "t", {each.name: each for each in chains})
        with pytest.raises(RulesetError) as refused:
            depth_in([(table, each) for each in chains])
        (problem,) = refused.value.problems
        assert problem.what == f"jumps in a circle: from the chain '{chains[-1].name}' back to 'c', expected none"
        assert (problem.path, problem.line, problem.column) == ("r", 5, 2)


def test_a_ruleset_whose_map_jumps_in_a_circle_is_not_lowered() -> None:
    case = Case((Numbers(((1, 1),)),), (Verdict("goto", "b"),))
    rule = NetfilterRule((Choose(("dport",), map="m"),), location=Location("r", 7, 1))
    chains = [chain("a", Hook.INPUT, steps=(Verdict("jump", "b"),)), Chain("b", "b", rules=(rule,))]
    table = Table("ip", "t", {each.name: each for each in chains}, {"m": Set("m", ("inet_service",), cases=(case,))})
    ruleset = Ruleset.model_validate({"policy": "accept"})
    ruleset._imported = Netfilter((table,))
    with pytest.raises(RulesetError, match="r:7:1: jumps in a circle: from the chain 'b' back to 'b'"):
        lower(ruleset, interfaces=[])
