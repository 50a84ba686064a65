"""Decisions get the number of their kind, in the order in which kinds come."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fwsim.baseline.deciders import NOBODY, Decider, Deciders
from fwsim.baseline.kinds import Kinds, grouped, saved_kinds, slowly_grouped
from fwsim.tables import DECISION, RULE_POLICY, empty
from fwsim.terms import CtState, Hook, Reason, RejectWith, TcpState, Verdict

DECIDERS = Deciders([Decider(f"rule {n}", f'"{n}"', "a.yaml", n) for n in range(3)], [Decider("policy", "policy of x")])

ROWS = st.fixed_dictionaries(
    {
        "verdict": st.sampled_from(list(map(int, Verdict))),
        "reason": st.sampled_from(list(map(int, Reason))),
        "reject_with": st.sampled_from(list(map(int, RejectWith))),
        "hook": st.sampled_from([-1, *map(int, Hook)]),
        "chain": st.just(0),
        "rule": st.sampled_from([-1, RULE_POLICY, 0, 1, 2]),
        "mirror": st.integers(0, 1),
        "ct_state": st.sampled_from([-2, *(1 << bit for bit in range(4)), 64, 0]),
        "ct_direction": st.integers(-1, 2),
        "tcp_state_before": st.integers(-2, len(TcpState) - 1),
        "tcp_state": st.integers(-2, len(TcpState) - 1),
    }
)


@given(st.lists(ROWS, max_size=40), st.data())
def test_kinds_are_the_same_for_the_same_words_however_the_rows_are_cut(
    rows: list[dict[str, int]], data: st.DataObject
) -> None:
    table = empty(DECISION, len(rows))
    for number, row in enumerate(rows):
        for name, value in row.items():
            table[number][name] = value
    whole = Kinds(DECIDERS)
    numbers = whole.numbers(table).tolist()
    cut = data.draw(st.integers(0, len(rows)))
    pieces = Kinds(DECIDERS)
    assert [*pieces.numbers(table[:cut]).tolist(), *pieces.numbers(table[cut:]).tolist()] == numbers
    assert pieces.kinds == whole.kinds
    for row, number in zip(rows, numbers, strict=True):
        kind = whole.kinds[number]
        assert kind.verdict == Verdict(row["verdict"]).name.lower()
        assert kind.mirror == bool(row["mirror"])
        wanted = DECIDERS.rules[row["rule"]] if row["rule"] >= 0 else None
        assert kind.decider == (wanted or (DECIDERS.policies[0] if row["rule"] == RULE_POLICY else NOBODY))


def test_a_kind_reads_like_a_line() -> None:
    table = empty(DECISION, 2)
    table["hook"] = int(Hook.FORWARD)
    table["ct_state"] = [int(CtState.NEW), int(CtState.INVALID)]
    table["tcp_state_before"], table["tcp_state"] = -1, [int(TcpState.SYN_SENT), -1]
    table["verdict"] = [int(Verdict.ACCEPT), int(Verdict.NOT_EVALUATED)]
    table["rule"] = [1, -1]
    kinds = Kinds(DECIDERS)
    kinds.numbers(table)
    assert [kind.text() for kind in kinds.kinds] == ['accept by "1" (line 1) new SYN_SENT', "not evaluated invalid"]
    assert kinds.kinds[0].record()["decided_by"] == '"1"'


def test_one_of_several_is_neither_nobody_nor_any_policy() -> None:
    table = empty(DECISION, 8)
    table["rule"] = [-3, -3, -1, -2, -2, -2, 0, 1]
    table["chain"] = [0, -3, -1, 0, 1, 2, 0, 0]
    kinds = Kinds(Deciders(DECIDERS.rules, [Decider(f"policy {n}", f"policy of {n}") for n in range(3)]))
    numbers = kinds.numbers(table).tolist()
    assert numbers[0] == numbers[1]
    assert len(set(numbers)) == 7
    assert kinds.kinds[numbers[0]].decider.title == "one of several rules"


def test_what_is_stored_names_each_decider_once() -> None:
    table = empty(DECISION, 4)
    table["rule"] = [0, 0, 1, -1]
    table["verdict"] = [0, 1, 1, 1]
    kinds = Kinds(DECIDERS)
    assert kinds.numbers(table).tolist() == [0, 1, 2, 3]
    stored = saved_kinds(kinds.kinds)
    assert [one["title"] for one in stored["deciders"]] == ['"0"', '"1"', "no rule"]
    assert [row[-1] for row in stored["kinds"]] == [0, 0, 1, 2]
    assert len(np.unique([row[0] for row in stored["kinds"]])) == 2


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 2), st.integers(-9, 9)), min_size=1, max_size=50))
def test_rows_are_grouped_alike_both_ways(rows: list[tuple[int, int, int]]) -> None:
    columns = [np.array(column, np.int64) for column in zip(*rows, strict=True)]
    for first, places in (grouped(columns), slowly_grouped(columns)):
        assert [rows[int(first[place])] for place in places] == rows
        assert len(first) == len(set(rows))
        assert all(rows.index(rows[row]) == row for row in first.tolist())
