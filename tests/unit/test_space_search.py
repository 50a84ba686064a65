"""The search: what it finds, what it proves, and what it leaves open."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest

from fwsim.lower import lower
from fwsim.ruleset import Ruleset, load_ruleset
from fwsim.space import Goal, Leaf, Model, Search, way_through
from fwsim.space.fields import CT_STATE, DPORT, DST, FAMILY, MARK, PROTO, SPORT, SRC, TTL
from fwsim.space.intervals import Set, holds, point
from fwsim.terms import Hook, Verdict

TCP: dict[int, Set | None] = {
    FAMILY: point(4), PROTO: point(6), SPORT: ((0, 65_535),), DPORT: ((0, 65_535),), MARK: point(0),
}  # fmt: skip
ACCEPTED = Goal(frozenset((int(Verdict.ACCEPT),)))
DROPPED = Goal(frozenset((int(Verdict.DROP),)))


def model_of(rules: list[dict[str, Any]], policy: str = "drop", **chains: Any) -> Model:
    forward = {"hook": "forward", "policy": policy, "rules": [{"proto": "tcp", **rule} for rule in rules]}
    return Model(lower(Ruleset.model_validate({"chains": {"forward": forward, **chains}}), interfaces=("lan", "wan")))


def found(model: Model, goal: Goal = ACCEPTED, packets: dict[int, Set | None] | None = None) -> list[Leaf]:
    search = Search(model, way_through(model, int(Hook.FORWARD)), goal)
    leaves = list(search.leaves(TCP | (packets or {})))
    assert search.complete
    return leaves


def ports(leaves: list[Leaf]) -> list[Set | None]:
    return [leaf.packets[DPORT] for leaf in leaves]


def test_rules_before_take_their_part_away() -> None:
    model = model_of([{"dport": "10-20", "verdict": "drop"}, {"dport": "5-30", "verdict": "accept"}])
    assert ports(found(model)) == [((5, 9), (21, 30))]


def test_rules_on_different_fields_take_away_of_their_own() -> None:
    rules = [{"dport": "1-10", "verdict": "drop"}, {"sport": "20-30", "verdict": "drop"}, {"verdict": "accept"}]
    leaves = found(model_of(rules))
    for sport, dport, passes in ((5, 25, True), (25, 50, False), (50, 5, False), (5, 5, False), (50, 50, True)):
        ends = ((SPORT, sport), (DPORT, dport))
        assert any(all(holds(leaf.packets[field] or (), port) for field, port in ends) for leaf in leaves) == passes


def test_several_rules_together_cover_one() -> None:
    rules = [{"dport": "5-20", "verdict": "drop"}, {"dport": "15-40", "verdict": "drop"}]
    model = model_of([*rules, {"dport": "5-40", "verdict": "accept"}])
    assert found(model) == []
    assert len(found(model_of([*rules, {"dport": "5-41", "verdict": "accept"}]))) == 1


def test_a_rule_that_is_looked_for_is_found_or_proved_to_be_unreachable() -> None:
    rules = [{"dport": "1-10", "verdict": "accept"}, {"dport": "5-7", "verdict": "continue"}, {"verdict": "drop"}]
    model = model_of(rules)
    assert found(model, Goal(rules=frozenset((1,)))) == []
    (leaf,) = found(model, Goal(rules=frozenset((2,))))
    assert leaf.packets[DPORT] == ((0, 0), (11, 65_535))


def test_what_returns_goes_on_behind_the_call() -> None:
    below = {"rules": [{"proto": "tcp", "dport": "1-10", "verdict": "return"}, {"verdict": "drop"}]}
    model = model_of([{"dport": "1-20", "verdict": "jump below"}, {"verdict": "accept"}], below=below)
    accepted = sorted(ports(found(model)), key=str)
    assert accepted == [((0, 0), (21, 65_535)), ((1, 10),)]


def test_who_went_does_not_come_back() -> None:
    below = {"rules": [{"proto": "tcp", "dport": "1-10", "verdict": "return"}]}
    model = model_of([{"dport": "1-20", "verdict": "goto below"}, {"verdict": "accept"}], below=below)
    assert ports(found(model)) == [((0, 0), (21, 65_535))]


def test_every_chain_must_accept() -> None:
    late = {"hook": "forward", "priority": 1, "policy": "drop", "rules": [{"ttl": "1-9", "verdict": "accept"}]}
    model = model_of([{"dport": 80, "verdict": "accept"}], late=late)
    (leaf,) = found(model)
    assert leaf.packets[DPORT] == point(80)
    assert leaf.packets[TTL] == ((2, 10),)  # as it came in: one hop less is left at forward
    assert leaf.rule == 1


def test_marks_that_rules_set_are_seen_by_others() -> None:
    rules = [{"dport": "1-9", "set_mark": 7, "verdict": "continue"}, {"mark": 7, "verdict": "accept"}]
    assert ports(found(model_of(rules))) == [((1, 9),)]


def test_a_limit_leaves_it_open_and_is_named() -> None:
    (leaf,) = found(model_of([{"limit": "1/second", "verdict": "accept"}]))
    assert leaf.doubts == (0,)
    assert [one.doubts for one in found(model_of([{"limit": "1/second", "verdict": "drop"}], "accept"))] == [(0,)]


def test_a_limit_does_not_matter_where_both_ways_end_alike() -> None:
    assert found(model_of([{"limit": "1/second", "verdict": "drop"}])) == []


def test_an_interface_that_is_not_known_leads_both_ways() -> None:
    model = model_of([{"iif": "lan", "verdict": "accept"}])
    place = model.fields.index(next(field for field in model.fields if field in model.chains[0].rules[0].box))
    leaves = found(model, packets={model.fields[place]: TCP[PROTO]} | {_iif(): None})
    assert [leaf.doubts for leaf in leaves] == [(0,)]


def _iif() -> int:
    from fwsim.space.fields import IIF

    return IIF


def test_what_is_dropped_is_found_in_any_chain() -> None:
    late = {"hook": "forward", "priority": 1, "policy": "accept", "rules": [{"ttl": 5, "verdict": "drop"}]}
    model = model_of([{"dport": 80, "verdict": "drop"}, {"verdict": "accept"}], late=late)
    leaves = found(model, DROPPED)
    assert {leaf.rule for leaf in leaves} == {0, 2}
    assert sum(holds(leaf.packets[DPORT] or (), 80) for leaf in leaves) == 1


def test_chains_of_a_family_are_for_that_family() -> None:
    text = "table ip6 x {\n chain c { type filter hook forward priority 0; policy drop; }\n}\n"
    model = Model(lower(load_ruleset(StringIO(text)), interfaces=()))
    way = way_through(model, int(Hook.FORWARD))
    (leaf,) = Search(model, way, ACCEPTED).leaves({})
    assert leaf.packets[FAMILY] == point(4)


def test_a_search_that_takes_too_long_is_given_up_and_says_so() -> None:
    rules = [{"dport": f"{n}-{n + 50}", "src": f"10.0.0.{n}-10.0.0.{n + 30}", "verdict": "drop"} for n in range(40)]
    model = model_of([*rules, {"verdict": "accept"}])
    search = Search(model, way_through(model, int(Hook.FORWARD)), ACCEPTED, steps=30)
    assert len(list(search.leaves(TCP))) < 30
    assert not search.complete


def test_nothing_is_found_among_no_packets() -> None:
    search = Search(model_of([{"verdict": "accept"}]), [], ACCEPTED)
    assert list(search.leaves({SRC: ()})) == []
    assert search.complete


@pytest.mark.parametrize(("state", "found_there"), [(2, True), (8, False), (1, False)])
def test_packets_of_translated_connections_may_have_any_destination_behind_it(state: int, found_there: bool) -> None:
    text = """\
table ip x {
 chain nat { type nat hook prerouting priority -100; ip daddr 192.0.2.1 dnat to 10.0.0.1; }
 chain raw { type filter hook prerouting priority -150; ip daddr 10.0.0.1 drop; }
 chain c { type filter hook forward priority 0; policy drop; ip daddr 10.0.0.1 accept; }
}
"""
    model = Model(lower(load_ruleset(StringIO(text)), interfaces=()))
    search = Search(model, way_through(model, int(Hook.FORWARD)), ACCEPTED)
    others: dict[int, Set | None] = {FAMILY: point(4), CT_STATE: point(state), DST: point(198 << 24)}
    assert bool(list(search.leaves(others))) == found_there
    assert search.complete


@pytest.mark.parametrize("verdict", ["drop", "accept"])
def test_userspace_decides_either_way(verdict: str) -> None:
    text = "table ip x {\n chain c { type filter hook forward priority 0; policy drop; queue\n }\n}\n"
    model = Model(lower(load_ruleset(StringIO(text)), interfaces=()))
    goal = Goal(frozenset((int(Verdict[verdict.upper()]),)))
    (leaf,) = Search(model, way_through(model, int(Hook.FORWARD)), goal).leaves({FAMILY: point(4)})
    assert leaf.doubts == (0,)


def test_a_rule_that_is_left_out_makes_no_difference() -> None:
    model = model_of([{"dport": "1-9", "verdict": "drop"}, {"dport": "1-20", "verdict": "accept"}])
    search = Search(model, way_through(model, int(Hook.FORWARD)), ACCEPTED, without=frozenset((0,)))
    assert ports(list(search.leaves(TCP))) == [((1, 20),)]
    assert search.complete


def test_a_line_that_is_looked_for_is_found_by_its_number() -> None:
    model = model_of([{"dport": "1-10", "verdict": "drop"}, {"dport": "5-20", "verdict": "accept"}])
    (leaf,) = found(model, Goal(lines=frozenset((1,))))
    assert (leaf.rule, leaf.packets[DPORT]) == (1, ((11, 20),))


def test_the_end_of_a_chain_is_found_whatever_its_policy_says() -> None:
    model = model_of([{"dport": "1-65535", "verdict": "accept"}])
    (leaf,) = found(model, Goal(ends=frozenset((0,))))
    assert (leaf.verdict, leaf.packets[DPORT]) == (int(Verdict.DROP), point(0))
    assert found(model_of([{"verdict": "accept"}]), Goal(ends=frozenset((0,)))) == []


def test_the_trail_tells_what_was_done_and_which_way_was_taken() -> None:
    rules: list[dict[str, Any]] = [
        {"set_mark": 1},
        {"limit": "1/second", "verdict": "drop"},
        {"dport": 80, "verdict": "accept"},
    ]
    every = Goal(frozenset((int(Verdict.ACCEPT), int(Verdict.DROP))))
    trails = {(leaf.rule, leaf.trail) for leaf in found(model_of(rules), every)}
    passed, dropped = ((0, 1), (1, 0)), ((0, 1), (1, 1))
    assert trails == {(1, dropped), (2, passed), (-1, passed)}
    assert [leaf.trail for leaf in found(model_of([{"limit": "1/second", "set_mark": 7}], "accept"))] == [((0, 2),)]


def test_what_is_read_of_the_transport_header_stays_when_packets_are_forwarded() -> None:
    text = """\
table ip filter {
    chain early { type filter hook prerouting priority 0; policy drop; @th,0,24 >= 0x0 accept; }
    chain late { type filter hook forward priority 0; policy accept; @th,0,24 >= 0x0 drop; }
}
"""
    model = Model(lower(load_ruleset(StringIO(text)), interfaces=("lan", "wan")))
    assert found(model) == []


def test_a_translation_that_may_not_apply_leaves_what_is_behind_it() -> None:
    text = """\
table ip nat {
    chain pre { type nat hook prerouting priority -100; policy accept; meta cpu 1 dnat to 10.0.0.5; tcp dport 80 drop; }
}
"""
    model = Model(lower(load_ruleset(StringIO(text)), interfaces=("lan", "wan")))
    assert [leaf.verdict for leaf in found(model, DROPPED) if leaf.verdict == Verdict.DROP] == [int(Verdict.DROP)]
