"""Ten thousand rules, edited: within the budget, all witnessed, and no packet that differs is missed."""

from __future__ import annotations

from random import Random

import pytest

from fwsim.checking.confirming import frame_of
from fwsim.differing.differences import STATEFUL, Comparison
from fwsim.differing.grouping import groups_of
from fwsim.differing.witnessing import Judge, Witnessing
from fwsim.space.fields import CT_STATE, IIF, OIF
from fwsim.space.intervals import Set, point
from fwsim.terms import Hook, Verdict
from tests.classbench import ICMP, TCP, Filter, corpus_sets, edited, enlarged, headers_for, read_filters, ruleset_of
from tests.differing import model

RULES, PACKETS = 10_000, 400
PLACE: dict[int, Set | None] = {IIF: point(0), OIF: point(0), CT_STATE: point(1)}
SHOWN = {"ct_state": 1, "ct_direction": -1, "ct_status": -1, "ct_mark": -1}


def frames(filters: list[Filter]) -> list[bytes]:
    """Packets that some filters ask for."""
    found = []
    for header in headers_for(filters, PACKETS):
        proto, kind = int(header["proto"]), int(header["kind"])
        packet = {
            "family": 4, "proto": proto, "src": int(header["src"]), "dst": int(header["dst"]),
            "sport": int(header["sport"]), "dport": int(header["dport"]), "ttl": 64, "length": -1, "vlan": -1,
            "tcp_flags": kind if proto == TCP else -1, "icmp_type": kind if proto == ICMP else -1,
        }  # fmt: skip
        data = frame_of(packet, bad_checksum=False)
        if data is not None:
            found.append(data)
    return found


@pytest.mark.slow
@pytest.mark.corpus
@pytest.mark.parametrize("number", range(3))
def test_edited_rulesets_are_compared_whole_and_no_packet_is_missed(number: int) -> None:
    if not corpus_sets():
        pytest.skip("the corpus is not beside the checkout: no ClassBench sets")
    filters = enlarged(read_filters(corpus_sets()[number]), RULES)
    before = ruleset_of(filters)
    after, touched = edited(before, Random(number), 5)
    comparison = Comparison(model(before), model(after))
    groups = groups_of(comparison, [STATEFUL])
    assert groups
    assert not comparison.budget.exceeded
    assert all(group.witness is not None for group in groups)
    pairs = {(one.found.old.rule, one.found.new.rule) for group in groups for one in group.differences}
    witnessing = Witnessing(comparison)
    chunk, _ = witnessing._read(frames([filters[rule] for rule in touched]))
    judges = [Judge(side, chunk, tracks=False) for side in comparison.sides]
    for row in range(len(chunk)):
        witnessing._place(chunk, row, int(Hook.FORWARD), PLACE)
        old, new = (judge.decide(row, SHOWN) for judge in judges)
        if Verdict(old["verdict"]) != new["verdict"]:
            assert (max(old["rule"], -1), max(new["rule"], -1)) in pairs
