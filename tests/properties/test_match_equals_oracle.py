"""The matcher against its naive twin, on random rulesets and packets."""

from __future__ import annotations

import itertools
from ipaddress import ip_address
from random import Random
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fwsim.engine.match import walk, walk_linear
from fwsim.engine.program import Memory
from fwsim.lower import Lowered, lower
from fwsim.ruleset import Ruleset
from fwsim.tables import DECISION, RULE_POLICY, Rows, Words, empty, words
from fwsim.terms import ABSENT, UNKNOWN_VALUE, Hook, Reason, Verdict
from fwsim.trace import trace_walk
from fwsim.uncompiled import flush, wrapped
from tests.oracle import Oracle, Outcome, Packet, completions, row_of
from tests.rule_strategies import CANDIDATES, INTERFACES, branching_ruleset, packets, rulesets

LOWEST, HIGHEST = -(1 << 31), (1 << 31) - 1


class Seen(NamedTuple):
    """What a walk said, as the oracle says it, and what the rules left in the packet."""

    outcome: Outcome
    marks: tuple[int, int, int]
    hits: tuple[int, ...]


def fresh_decision() -> npt.NDArray[np.void]:
    table = empty(DECISION, 1)
    table[0]["chain"] = table[0]["rule"] = ABSENT
    return table


def outcome_of(lowered: Lowered, decision: Any) -> Outcome:
    chain = None if decision["chain"] < 0 else lowered.chains[int(decision["chain"])].name
    rule = None if decision["rule"] < 0 else int(decision["rule"])
    tried = int(decision["tried"])
    return Outcome(Verdict(int(decision["verdict"])), chain, rule, int(decision["reject_with"]), tried)


def marks_of(row: Any) -> tuple[int, int, int]:
    return int(row["mark"]), int(row["ct_mark"]), int(row["ct_state"])


def walked(lowered: Lowered, memory: Memory, table: npt.NDArray[np.void], span: tuple[int, int], which: Any) -> Seen:
    """Walk on structured arrays, as compiled code does."""
    table, decision = table.copy(), fresh_decision()
    which(lowered.program, memory, int(Hook.FORWARD), *span, table[0], words(table), decision[0], 0)
    return Seen(outcome_of(lowered, decision[0]), marks_of(table[0]), tuple(memory.hits.tolist()))


def walked_wrapped(lowered: Lowered, memory: Memory, table: npt.NDArray[np.void], span: tuple[int, int]) -> Seen:
    """Walk on dicts and memoryviews, as uncompiled code does."""
    rows, decision, own = Rows(table.copy()), Rows(fresh_decision()), wrapped(memory)
    program = wrapped(lowered.program)
    walk(program, own, int(Hook.FORWARD), *span, rows[0], Words(rows), decision[0], 0)  # type: ignore[arg-type]
    flush(own)
    return Seen(outcome_of(lowered, decision[0]), marks_of(rows[0]), tuple(memory.hits.tolist()))


def traced(lowered: Lowered, memory: Memory, table: npt.NDArray[np.void], span: tuple[int, int]) -> tuple[Outcome, int]:
    """The same as a trace tells it, and how many rules it showed."""
    table, decision = table.copy(), fresh_decision()
    looks = list(trace_walk(lowered, memory, int(Hook.FORWARD), *span, table, words(table), decision[0]))
    assert all(look.failure is not None for look in looks if look.matched is not True)
    return outcome_of(lowered, decision[0]), len(looks)


def timed(stream: list[tuple[Packet, int]]) -> list[Packet]:
    """Packets one after the other, with gaps in ns."""
    times = itertools.accumulate(gap for _, gap in stream)
    return [{**packet, "now": now} for (packet, _), now in zip(stream, times, strict=True)]


GAPS = st.sampled_from((0, 1, 400_000_000, 1_000_000_000, 70_000_000_000))
STREAMS = st.lists(st.tuples(packets(), GAPS), min_size=1, max_size=5).map(timed)
SPANS = st.sampled_from(((LOWEST, HIGHEST), (LOWEST, HIGHEST), (LOWEST, -200), (-200, HIGHEST), (0, 1)))


def check_agreement(ruleset: Ruleset, stream: list[Packet], span: tuple[int, int]) -> None:
    """Walk packets in every way there is, and ask the oracle."""
    lowered = lower(ruleset, interfaces=INTERFACES)
    oracle = Oracle(ruleset, INTERFACES)
    indexed, linear, plain = lowered.memory(), lowered.memory(), lowered.memory()
    for packet in stream:
        table = row_of(packet)
        trace, shown = traced(lowered, indexed, table, span)
        seen = walked(lowered, indexed, table, span, walk)
        wanted = oracle.decide(packet, Hook.FORWARD, *span)
        assert seen.outcome == wanted
        assert seen.marks == (packet["mark"], packet.get("ct_mark", ABSENT), packet["ct_state"])
        assert walked(lowered, linear, table, span, walk_linear) == seen
        assert trace == wanted
        assert shown == wanted.tried
        assert walked_wrapped(lowered, plain, table, span) == seen


@given(rulesets(), STREAMS, SPANS)
@settings(deadline=None)
def test_walk_linear_walk_trace_and_oracle_agree(ruleset: Ruleset, stream: list[Packet], span: tuple[int, int]) -> None:
    check_agreement(ruleset, stream, span)


def check_every_world(ruleset: Ruleset, stream: list[Packet], unknown: list[list[str]]) -> None:
    """Walk packets of which some fields are unknown; then try out all their values: what was definite must hold."""
    lowered = lower(ruleset, interfaces=INTERFACES)
    indexed, linear = lowered.memory(), lowered.memory()
    said: list[Seen] = []
    for packet, names in zip(stream, unknown, strict=True):
        table = row_of(packet, names)
        trace, shown = traced(lowered, indexed, table, (LOWEST, HIGHEST))
        said.append(walked(lowered, indexed, table, (LOWEST, HIGHEST), walk))
        assert walked(lowered, linear, table, (LOWEST, HIGHEST), walk_linear) == said[-1]
        assert (trace, shown) == (said[-1].outcome, trace.tried)
    values = [{name: CANDIDATES[name] for name in names} for names in unknown]
    worlds = itertools.product(*map(completions, stream, values))
    for world in itertools.islice(worlds, 500):
        oracle = Oracle(ruleset, INTERFACES)
        for packet, seen in zip(world, said, strict=True):
            copy = dict(packet)
            truth = oracle.decide(copy, Hook.FORWARD, LOWEST, HIGHEST)
            assert seen.outcome.verdict in (truth.verdict, Verdict.UNKNOWN)
            if truth.verdict == Verdict.ACCEPT:
                left = (copy["mark"], copy.get("ct_mark", ABSENT), copy["ct_state"])
                assert all(mine in (theirs, UNKNOWN_VALUE) for mine, theirs in zip(seen.marks, left, strict=True))


@given(rulesets(most=4), st.lists(st.tuples(packets(), GAPS), min_size=1, max_size=2).map(timed), st.data())
@settings(deadline=None)
def test_a_definite_verdict_on_unknown_fields_holds_for_every_value(
    ruleset: Ruleset, stream: list[Packet], data: st.DataObject
) -> None:
    names = st.lists(st.sampled_from(sorted(CANDIDATES)), max_size=2, unique=True)
    check_every_world(ruleset, stream, [data.draw(names) for _ in stream])


def plain_packet(dice: Random) -> Packet:
    """A packet in which only what branching rules ask for varies."""
    packet: Packet = {
        "now": 0, "family": 4, "proto": 17, "src": ip_address("10.0.0.1"), "dst": ip_address("10.0.0.2"),
        "sport": 1, "dport": 2, "length": 100, "dscp": 0, "fragment": 0, "ttl": dice.choice((1, 64)),
        "mark": dice.randint(0, 2), "ct_state": dice.choice((1, 8, 64)), "iif": dice.randint(0, 1),
        "oif": dice.randint(0, 1),
    }  # fmt: skip
    if packet["ct_state"] == 8:
        packet |= {"ct_direction": 0, "ct_status": 0, "ct_mark": dice.randint(0, 1)}
    return packet


@pytest.mark.parametrize("seed", range(6))
def test_every_way_through_the_chains_is_taken_when_a_rule_may_apply(seed: int) -> None:
    dice = Random(seed)
    for _ in range(100):
        count = dice.choice((1, 1, 2, 3))
        gaps = [dice.choice((0, 400_000_000, 3_000_000_000)) for _ in range(count)]
        unknown = [dice.choice((["iif"], ["iif"], ["oif"], ["iif", "oif"], [])) for _ in range(count)]
        ruleset = branching_ruleset(dice)
        check_every_world(ruleset, timed([(plain_packet(dice), gap) for gap in gaps]), unknown)


@given(rulesets(most=4), packets(), st.data())
@settings(deadline=None)
def test_an_unknown_verdict_names_its_cause_and_a_rule(ruleset: Ruleset, packet: Packet, data: st.DataObject) -> None:
    lowered = lower(ruleset, interfaces=INTERFACES)
    names = data.draw(st.lists(st.sampled_from(sorted(CANDIDATES)), min_size=1, max_size=3, unique=True))
    table, decision = row_of(packet, names), fresh_decision()
    before = lowered.memory()
    memory = lowered.memory()
    args = (int(Hook.FORWARD), LOWEST, HIGHEST, table[0], words(table), decision[0])
    verdict = walk(lowered.program, memory, *args, 1)
    if verdict == Verdict.UNKNOWN:
        causes = (Reason.NO_INTERFACE, Reason.CUT, Reason.TENTATIVE)
        assert int(decision[0]["reason"]) in causes
        assert 0 <= decision[0]["rule"] < len(lowered.rules)
    else:
        assert decision[0]["rule"] >= 0 or decision[0]["rule"] == RULE_POLICY
    assert memory.hits.tolist() == before.hits.tolist()  # quiet
    assert memory.buckets.tolist() == before.buckets.tolist()
