"""Differences against all packets of a toy space, and against an oracle that knows nothing of fwsim."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from copy import deepcopy
from io import StringIO

import pytest

from fwsim.checking.traffic import FLAGS, ICMP_TYPE
from fwsim.differing.answer import Answer, Named
from fwsim.differing.differences import STATEFUL, STATELESS, Comparison, Difference
from fwsim.differing.grouping import groups_of
from fwsim.differing.objects import object_of
from fwsim.exporting.iptables import iptables_text
from fwsim.exporting.nft import nft_text
from fwsim.ruleset import load_ruleset
from fwsim.space.fields import CT_DIRECTION, CT_STATE, DPORT, DST, IIF, OIF, PROTO, SPORT, SRC, TTL
from fwsim.space.intervals import Set, holds
from fwsim.terms import CtState, Verdict
from tests.differing import Toy, model, number, pairs, toy_space, twin_verdict, verdict_of

STATES = {"new": CtState.NEW, "established": CtState.ESTABLISHED, "invalid": CtState.INVALID}
WAYS = {"original": 0, "reply": 1, "none": -1}
VERDICTS = {"accept": int(Verdict.ACCEPT), "drop": int(Verdict.DROP), "reject": int(Verdict.REJECT)}


def values_of(toy: Toy, names: list[str], *, tracked: bool) -> Mapping[int, int]:
    """A packet of the toy space as fields."""
    src, dst, proto, sport, dport, iif, oif, state, way = toy
    found = {
        SRC: number(src), DST: number(dst), PROTO: proto, SPORT: sport, DPORT: dport, IIF: names.index(iif),
        OIF: names.index(oif), TTL: 64,
    }  # fmt: skip
    return found | ({CT_STATE: int(STATES[state]), CT_DIRECTION: WAYS[way]} if tracked else {})


def is_told(one: Difference, packet: Mapping[int, int]) -> bool:
    assert all(is_in(one.found.region, packet) for part in one.found.parts if is_in(part, packet))
    return any(is_in(part, packet) for part in one.found.parts)


def is_in(region: Mapping[int, Set | None], packet: Mapping[int, int]) -> bool:
    return all((values := region.get(field)) is None or holds(values, value) for field, value in packet.items())


@pytest.mark.parametrize("seed", range(5))
def test_differences_are_just_those_of_all_packets_of_a_toy_space(seed: int) -> None:
    space = toy_space()
    for before, after in pairs(30, seed):
        comparison = Comparison(model(before), model(after), most=None)
        found = [one for one in comparison.differences((STATEFUL,)) if one.family == 4]
        assert not comparison.budget.exceeded
        tracked = comparison.tracks
        names = comparison.sides[0].topology.names
        for toy in space:
            if not tracked and toy[7:] != ("new", "original"):
                continue
            packet = values_of(toy, names, tracked=tracked)
            told = {(one.found.old.verdict, one.found.new.verdict) for one in found if is_told(one, packet)}
            verdicts = VERDICTS[verdict_of(before, toy)], VERDICTS[verdict_of(after, toy)]
            assert told == ({verdicts} if verdicts[0] != verdicts[1] else set()), (before, after, toy)


@pytest.mark.parametrize("seed", range(10, 13))
def test_differences_of_twins_are_just_those_of_all_packets_of_a_toy_space(seed: int) -> None:
    space = [toy for toy in toy_space() if toy[7:] == ("new", "original")]
    for before, after in pairs(30, seed):
        comparison = Comparison(model(before), model(after), most=None)
        mode = STATEFUL if comparison.stateless_is_the_same else STATELESS
        found = [one for one in comparison.differences() if (one.family, one.mode) == (4, mode)]
        names = comparison.sides[0].topology.names
        for toy in space:
            packet = {**values_of(toy, names, tracked=False), **({FLAGS: 16} if toy[2] == 6 else {})}
            packet |= {ICMP_TYPE: 8} if toy[2] == 1 else {}
            told = {(one.found.old.verdict, one.found.new.verdict) for one in found if is_told(one, packet)}
            verdicts = VERDICTS[twin_verdict(before, toy)], VERDICTS[twin_verdict(after, toy)]
            assert told == ({verdicts} if verdicts[0] != verdicts[1] else set()), (before, after, toy)


@pytest.mark.parametrize("seed", range(20, 24))
def test_rulesets_are_equivalent_just_when_a_solver_says_so(seed: int) -> None:
    pytest.importorskip("z3", reason="z3-solver (the extra 'test') is not installed")
    from tests.differing_solver import ever_differ

    verdicts = {True: 0, False: 0}
    for before, after in pairs(int(os.environ.get("FWSIM_ORACLE_PAIRS", "25")), seed):
        comparison = Comparison(model(before), model(after))
        groups = [group for group in groups_of(comparison, [STATEFUL]) if any(one.family == 4 for one in group.regions)]
        assert all(group.witness is not None for group in groups), (before, after)
        differ = ever_differ(before, after)
        assert bool(groups) == differ, (before, after)
        verdicts[differ] += 1
    assert all(verdicts.values())


@pytest.mark.parametrize("seed", range(30, 33))
def test_a_ruleset_is_equivalent_to_itself_and_differences_are_mirrored(seed: int) -> None:
    for before, after in pairs(20, seed):
        same = Answer(Named("a", model(before)), Named("a", model(deepcopy(before))))
        assert (same.status, same.groups) == ("equivalent", [])
        there, back = (
            Answer(Named("a", model(one)), Named("b", model(other)), most=None)
            for one, other in ((before, after), (after, before))
        )
        assert there.status == back.status, (before, after)
        told = {(group.mode, group.old.verdict, group.new.verdict) for group in there.groups}
        assert told == {(group.mode, group.new.verdict, group.old.verdict) for group in back.groups}


def test_the_same_answer_is_the_same_text_byte_for_byte() -> None:
    before, after = next((a, b) for a, b in pairs(40, 40) if Comparison(model(a), model(b)).settings == [] and a != b)
    texts = {json.dumps(object_of(Answer(Named("a", model(before)), Named("b", model(after))))) for _ in range(3)}
    assert len(texts) == 1


@pytest.mark.parametrize(("form", "families"), [("nft", (4, 6)), ("iptables", (4,))])
@pytest.mark.parametrize("seed", [50, 51])
def test_a_ruleset_in_another_format_is_equivalent(form: str, families: tuple[int, ...], seed: int) -> None:
    for before, _ in pairs(10, seed):
        before["chains"].pop("late", None)  # iptables has no place for it
        written = model(before)
        text = nft_text(written.netfilter) if form == "nft" else iptables_text(written.netfilter, 4)
        answer = Answer(Named("a", written), Named("b", load_ruleset(StringIO(text))), families=families)
        assert answer.status == "equivalent", (before, text, answer.groups, answer.settings)
