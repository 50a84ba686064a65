"""Steps that count as instructions."""

from __future__ import annotations

import pytest

from fwsim.engine.program import OP_BY_KEY, OP_DRAW, OP_DRAWN, OP_LIMIT, OP_LUCK, OP_QUOTA, OP_TURN, OP_XT_LIMIT
from fwsim.lower.counting import Counting, asking_drawn
from fwsim.lower.stretches import Stretches
from fwsim.netfilter.fields import Numgen
from fwsim.netfilter.steps import (
    Connections,
    HashLimit,
    Lookup,
    Match,
    Quota,
    Rate,
    Recent,
    Statistic,
    Step,
    Verdict,
)
from fwsim.ruleset.values import Limit, Numbers
from tests.netfiltering import table

SECOND = 1_000_000_000
NUMGEN = Numgen("inc", 3, 10, 4)


def counting() -> Counting:
    return Counting(("lan",), Stretches())


@pytest.mark.parametrize(
    ("step", "op"),
    [
        (Rate(Limit(1, SECOND)), OP_LIMIT),
        (Rate(Limit(1, SECOND), "xt"), OP_XT_LIMIT),
        (Quota(5), OP_QUOTA),
        (Statistic(every=2), OP_TURN),
        (Statistic(probability=2), OP_LUCK),
        (Recent("r", "set"), OP_BY_KEY),
        (Connections(5), OP_BY_KEY),
        (HashLimit("h", Limit(1, SECOND), (("src", 32),), SECOND), OP_BY_KEY),
    ],
)
def test_each_step_has_its_instruction(step: Step, op: int) -> None:
    counted = counting().instruction(step, table())
    assert counted is not None
    assert counted.operands[0] == op


def test_what_does_not_count_is_for_others() -> None:
    for step in (Verdict("accept"), Match("dport", Numbers(((1, 1),))), Lookup(("dport",), ((Numbers(((1, 1),)),),))):
        assert counting().instruction(step, table()) is None


def test_a_number_is_drawn_once_and_asked_for_after() -> None:
    rows = counting()
    match = Match(NUMGEN, Numbers(((11, 12),)))
    draws = rows.draws(match)
    assert [draw.operands[0] for draw in draws] == [OP_DRAW]
    after = asking_drawn(match)
    assert isinstance(after, Match)
    assert rows.draws(after) == []
    asked = rows.instruction(after, table())
    assert asked is not None
    op, _, _, boundaries, offset, row, *_ = asked.operands
    assert (op, boundaries, offset, row) == (OP_DRAWN, 2, 10, 0)
    assert len(rows.counts) == 1


def test_named_objects_are_shared_in_their_table() -> None:
    rows = counting()
    for family in ("ip", "ip", "ip6"):
        rows.instruction(Quota(5, object="q"), table(family=family))
        rows.instruction(Rate(Limit(1, SECOND), object="q"), table(family=family))
    assert (len(rows.counts), len(rows.limits)) == (2, 2)
