"""Findings on generated rulesets: the packets that show them are sent through the kernel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from random import Random

import pytest

from fwsim.checking.findings import NOT_OF_PACKETS
from fwsim.checking.kinds import Kind
from fwsim.checking.telling import BROUGHT, NEVER
from fwsim.kernel import KernelFirewall
from fwsim.ruleset import Ruleset
from fwsim.terms import CtState, Hook, Verdict
from tests.finding_rules import without
from tests.judged_findings import Json, Showing, Shown, Way, document
from tests.kernel_stage import IN, OUT, Seen, Stage, needs_kernel

pytestmark = pytest.mark.kernel

ACCEPT, DROP, REJECT = int(Verdict.ACCEPT), int(Verdict.DROP), int(Verdict.REJECT)
STATES = {Kind.NEW_WITHOUT_SYN: CtState.NEW, Kind.INVALID_ACCEPTED: CtState.INVALID, Kind.BROAD_ACCEPT: CtState.NEW}
ACCEPTED = frozenset(STATES)
UNTRACKED = int(CtState.UNTRACKED)
REFUSED = {Kind.NO_EFFECT, Kind.NOTRACK_STATE, Kind.REPLIES_DROPPED}
SEEDS = (1121, 1029, 1002)
"""Rulesets that have findings of all kinds."""
WITHOUT_IT = "the same without it"
CALLED_OTHERWISE = "ct state"
"""The kernel gives the packet another ct state than it is foretold: it is no such packet."""
ELSEWHERE = "way"
"""Routing leads the packet another way than it is foretold."""


def played(stage: Stage, ways: Sequence[Way]) -> Iterator[str | dict[str, int]]:
    """The kernel's decision about each packet; or why it is not about such a packet as was foretold."""
    seen = [
        Seen(way.oif or "lan", way.data, OUT) if way.hook == Hook.OUTPUT else Seen(way.iif or "lan", way.data, IN)
        for way in ways
    ]
    chunk = stage.chunk(seen)
    tracked, names = stage.firewall.lowered.tracking, [*stage.firewall.topology.names, None]
    for way, row, decision in zip(ways, chunk.packets, stage.firewall.run(chunk), strict=True):
        iif, oif = (names[max(row[name], -1)] for name in ("iif", "oif"))
        found = {name: int(decision[name]) for name in ("verdict", "rule", "chain", "ct_state")}
        if row["hook"] != way.hook or way.iif not in (None, iif) or way.oif not in (None, oif):
            yield ELSEWHERE
        elif tracked and found["ct_state"] not in (way.state, UNTRACKED):  # rules may have exempted it
            yield CALLED_OTHERWISE
        else:
            yield found


def judge(stage: Stage, every: Sequence[Shown]) -> Iterator[tuple[str, str]]:
    """What the kernel says to findings: nothing if it confirms one; fails if it does something else."""
    decisions = played(stage, [way for shown in every for way in shown.ways])
    for shown in every:
        said = list(islice(decisions, len(shown.ways)))
        told = [each for each in said if not isinstance(each, str)]
        if len(told) == len(said):
            for decision, way in zip(told, shown.ways, strict=True):
                as_told = (way.verdict, way.rule, way.chain)
                assert (decision["verdict"], decision["rule"], decision["chain"]) == as_told, (shown, decision)
            check(shown, told, tracked=stage.firewall.lowered.tracking)
        yield shown.kind.word, next((each for each in said if isinstance(each, str)), "")


def check(shown: Shown, decisions: Sequence[dict[str, int]], *, tracked: bool) -> None:
    """The kernel does with the packets what the finding says."""
    first, last = decisions[0], decisions[-1]
    if shown.kind in NEVER - {Kind.REDUNDANT}:
        assert last["rule"] != shown.rule, shown
    if shown.kind in ACCEPTED or shown.kind == Kind.SPOOFING:
        assert last["verdict"] == ACCEPT, shown
    if shown.kind in REFUSED:
        assert last["verdict"] in (DROP, REJECT), shown
    if shown.kind == Kind.REPLIES_DROPPED:
        assert (first["verdict"], first["rule"]) == (ACCEPT, shown.rule), shown
    if shown.kind in STATES and tracked:
        assert last["ct_state"] == STATES[shown.kind], shown


def check_without(written: Json, shown: Shown) -> str:
    """A redundant rule is taken out: the kernel does the same with the packet that shows it."""
    (way,) = shown.ways
    rule = KernelFirewall(Ruleset.model_validate(written)).lowered.rules[shown.rule]
    chain = list(written["chains"])[rule.chain]
    left = Ruleset.model_validate({**written, "chains": without(written["chains"], chain, rule.position - 1)})
    with KernelFirewall(left) as firewall:
        (decision,) = played(Stage(left, firewall), [way])
    assert isinstance(decision, str) or decision["verdict"] == way.verdict, shown
    return "" if isinstance(decision, dict) else decision


def confirmed(seed: int, removed: int = 1) -> Counter[tuple[str, str]]:
    """How often the kernel has confirmed findings of each kind on a ruleset, or why it could not be asked."""
    written = document(Random(seed * 1_000_003))
    ruleset = Ruleset.model_validate(written)
    every = list(Showing(ruleset).shown())
    found: Counter[tuple[str, str]] = Counter()
    if every:
        with KernelFirewall(ruleset) as firewall:
            found.update(judge(Stage(ruleset, firewall), every))
    decides = [shown for shown in every if shown.kind == Kind.REDUNDANT and shown.ways[0].rule == shown.rule]
    found.update((WITHOUT_IT, check_without(written, shown)) for shown in decides[:removed])
    return found


def test_the_kernel_does_with_packets_what_findings_say() -> None:
    needs_kernel()
    found = sum(map(confirmed, SEEDS), Counter())
    kinds = {kind.word for kind in Kind if kind not in NOT_OF_PACKETS} - {Kind.UNKNOWN.word}
    assert {kind for kind, why in found if not why} == {*kinds, WITHOUT_IT}
    assert not {kind for kind, why in found if why == CALLED_OTHERWISE} & {kind.word for kind in BROUGHT}
