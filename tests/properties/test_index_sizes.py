"""Long chains against the naive twin: words, blocks, summaries and rough classes of a few rules each."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fwsim.engine.match import walk, walk_linear
from fwsim.lower import lower
from fwsim.ruleset import Ruleset
from tests.index_sizes import BLOCKS, ROUGH, WORDS, Sizes, index_of
from tests.oracle import Packet, row_of
from tests.properties.test_match_equals_oracle import (
    GAPS,
    HIGHEST,
    LOWEST,
    STREAMS,
    check_agreement,
    check_every_world,
    timed,
    walked,
)
from tests.rule_strategies import CANDIDATES, INTERFACES, packets, rulesets

SIZES = pytest.mark.parametrize("sizes", [WORDS, BLOCKS, ROUGH], ids=["words", "blocks", "rough"])
UNKNOWN = st.lists(st.sampled_from(sorted(CANDIDATES)), max_size=3, unique=True)


@SIZES
@given(rulesets(most=14), STREAMS)
@settings(deadline=None)
def test_walk_linear_walk_trace_and_oracle_agree_on_long_chains(
    sizes: Sizes, ruleset: Ruleset, stream: list[Packet]
) -> None:
    with index_of(sizes):
        check_agreement(ruleset, stream, (LOWEST, HIGHEST))


@SIZES
@given(rulesets(most=14), packets(), UNKNOWN)
@settings(deadline=None)
def test_unknown_fields_are_answered_by_the_index_as_rule_by_rule(
    sizes: Sizes, ruleset: Ruleset, packet: Packet, unknown: list[str]
) -> None:
    with index_of(sizes):
        lowered = lower(ruleset, interfaces=INTERFACES)
        table = row_of(packet, unknown)
        seen = walked(lowered, lowered.memory(), table, (LOWEST, HIGHEST), walk)
        assert seen == walked(lowered, lowered.memory(), table, (LOWEST, HIGHEST), walk_linear)


@SIZES
@given(rulesets(most=6), st.lists(st.tuples(packets(), GAPS), min_size=1, max_size=2).map(timed), st.data())
@settings(deadline=None)
def test_a_definite_verdict_of_a_long_chain_holds_for_every_value(
    sizes: Sizes, ruleset: Ruleset, stream: list[Packet], data: st.DataObject
) -> None:
    names = st.lists(st.sampled_from(sorted(CANDIDATES)), max_size=2, unique=True)
    with index_of(sizes):
        check_every_world(ruleset, stream, [data.draw(names) for _ in stream])
