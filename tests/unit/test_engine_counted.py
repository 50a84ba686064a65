"""Questions that count, in rules: numbers drawn once for all cases, and what is not known."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from fwsim.netfilter.fields import Numgen
from fwsim.netfilter.steps import (
    Assign,
    Case,
    Choose,
    Lookup,
    Match,
    Quota,
    Rate,
    Statistic,
    Step,
    Term,
    Unknown,
    Verdict,
)
from fwsim.ruleset.values import Choice, Limit, Masked, Numbers
from tests.keeping_by_key import SECOND, Keeper
from tests.netfiltering import ACCEPT, DROP, NetfilterFirewall, number, table

MAYBE: list[Step] = [number("dport", 1), Unknown("what is not simulated")]


def values(*numbers: int) -> Numbers:
    return Numbers(tuple((number, number) for number in numbers))


def test_a_number_in_turn_is_drawn_for_each_packet() -> None:
    firewall = Keeper([Match(Numgen("inc", 3, 0, 0), values(0, 2))])
    assert [firewall.accepts() for _ in range(6)] == [True, False, True] * 2


def test_a_map_draws_once_and_has_its_offset() -> None:
    cases = tuple(Case((values(number),), (Verdict("jump", f"c{number}"),)) for number in (10, 11, 12))
    chains: dict[str, Any] = {f"c{number}": [[ACCEPT if number == 11 else DROP]] for number in (10, 11, 12)}
    firewall = NetfilterFirewall(table([Choose((Numgen("inc", 3, 10, 0),), cases)], **chains))
    assert [firewall.ask().chain for _ in range(4)] == ["inet t c10", "inet t c11", "inet t c12", "inet t c10"]


def test_two_generators_in_a_rule_do_not_mix_and_one_number_is_one_generator() -> None:
    firewall = Keeper([Match(Numgen("inc", 2, 0, 0), values(0)), Match(Numgen("inc", 2, 0, 1), values(0))])
    assert [firewall.accepts() for _ in range(6)] == [True, False, False, False, True, False]
    shared = Match(Numgen("inc", 3, 0, 7), values(0))
    firewall = Keeper([number("dport", 1), shared], [number("dport", 2), shared])
    assert [firewall.accepts(dport=port) for port in (1, 2, 1, 2)] == [True, False, False, True]


def test_a_look_up_by_chance_goes_all_ways() -> None:
    elements = ((values(0),), (values(1),))
    firewall = Keeper([Lookup((Numgen("random", 4, 0, 0),), elements)])
    assert 60 < Counter(firewall.accepts() for _ in range(200))[True] < 140
    assert len({firewall.accepts(quiet=1) for _ in range(20)}) == 1


def test_a_number_that_may_not_have_been_drawn_is_unknown_from_then_on() -> None:
    draw = Match(Numgen("inc", 2, 0, 0), values(0))
    firewall = Keeper([*MAYBE, draw], [number("dport", 2), draw])
    assert firewall.accepts(dport=2) is True
    firewall.accepts(dport=1)
    assert firewall.accepts(dport=2) is None


def test_credits_quotas_and_turns_that_may_have_been_used_are_unknown() -> None:
    for step in (Rate(Limit(1, SECOND, 5), "xt"), Quota(1000), Statistic(every=2), Statistic(probability=1 << 30)):
        firewall = Keeper([*MAYBE, step], [number("dport", 2), step])
        named = Keeper([*MAYBE, Quota(1000, object="q")], [number("dport", 2), Quota(1000, object="q")])
        firewall.accepts(dport=1)
        assert firewall.accepts(dport=2) is not None, "another rule has its own"
        named.accepts(dport=1)
        assert named.accepts(dport=2) is None


def test_a_limit_of_xt_passes_its_burst_first() -> None:
    firewall = Keeper([Rate(Limit(1, SECOND, 2), "xt")])
    assert [firewall.accepts(now) for now in (0, 0, 0, 1, 1)] == [True, True, False, True, False]


def test_a_named_quota_is_shared() -> None:
    quota = Quota(100, object="q")
    firewall = Keeper([number("dport", 1), quota], [number("dport", 2), quota])
    assert [firewall.accepts(dport=port, length=60) for port in (1, 2)] == [True, False]


def test_the_seed_says_what_chance_does() -> None:
    firewall = Keeper([Statistic(probability=1 << 30)])
    memories = [firewall.lowered.memory(seed=seed) for seed in (1, 1, 2)]
    runs = []
    for memory in memories:
        firewall.memory = memory
        runs.append([firewall.accepts() for _ in range(30)])
    assert runs[0] == runs[1] != runs[2]


MASKS = Masked((Choice(1, 1, 1),))


def marks(*steps: Step, packets: int = 6) -> list[int]:
    """The mark that each packet gets."""
    firewall = Keeper(steps)
    return [firewall.ask().mark for _ in range(packets)]


def test_a_mark_is_the_next_number() -> None:
    assert marks(Assign("mark", 0, (Term(Numgen("inc", 4, 0, 0)),))) == [0, 1, 2, 3, 0, 1]
    assert marks(Assign("mark", 0x100, (Term(Numgen("inc", 2, 5, 0), 0xF0, 4),)), packets=2) == [0x150, 0x160]
    assert marks(Assign("mark", 0, (Term(Numgen("inc", 9, 6, 0), 0xFF, -1),)), packets=3) == [3, 3, 4]
    assert set(marks(Assign("mark", 0, (Term(Numgen("random", 4, 8, 0)),)), packets=99)) == {8, 9, 10, 11}


def test_a_mark_of_a_number_and_of_another_mark() -> None:
    terms = (Term("ct_mark"), Term(Numgen("inc", 4, 0, 0), 0xF0, 4))
    firewall = Keeper([Assign("mark", 0, terms)])
    assert [firewall.ask(ct_mark=3).mark for _ in range(3)] == [0x03, 0x13, 0x23]
    assert firewall.ask(ct_mark=None).mark == 0


def test_a_number_under_a_mask_is_compared() -> None:
    firewall = Keeper([Match(Numgen("inc", 4, 2, 0), MASKS)])
    assert [firewall.accepts() for _ in range(5)] == [False, True, False, True, False]
    firewall = Keeper([Match(Numgen("inc", 4, 2, 0), replace(MASKS, negated=True))])
    assert [firewall.accepts() for _ in range(3)] == [True, False, True]


def test_a_mark_of_a_number_that_may_not_have_been_drawn_is_unknown_and_says_why() -> None:
    draw = Assign("mark", 0, (Term(Numgen("inc", 4, 0, 0)),))
    firewall = Keeper([*MAYBE, draw], [draw, number("mark", 2)])
    assert [firewall.ask(dport=2).verdict for _ in range(3)] == ["drop", "drop", "accept"]
    assert firewall.ask(dport=1).verdict == "unknown"
    assert firewall.ask(dport=2)[0:4] == ("unknown", "ip t f", "2", "not-simulated")


def test_quietly_too_a_number_is_not_that_of_an_earlier_packet() -> None:
    firewall = Keeper([*MAYBE, Match(Numgen("inc", 4, 0, 0), values(1)), ACCEPT])
    assert firewall.accepts(dport=1, quiet=1) is None
