"""xt_limit's credits, against a bucket into which every tick pours its share."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwsim.engine.counted_rows import XT_LIMIT
from fwsim.engine.limits import has_tokens
from fwsim.engine.program import FALSE, TRUE
from fwsim.engine.rule_rows import BUCKET, LIMIT
from fwsim.engine.xt_limit import CREDITS, has_credit
from fwsim.lower.credits import tick_ns, xt_limit_row
from fwsim.lower.limits import limit_row
from fwsim.ruleset.values import Limit
from fwsim.tables import empty

SECOND = 1_000_000_000
TICK = tick_ns()


def row(rate: int, seconds: int, burst: int) -> dict[str, int]:
    return dict(zip(XT_LIMIT.names or (), xt_limit_row(Limit(rate, seconds * SECOND, burst)), strict=True))


@given(
    st.integers(1, 200),
    st.sampled_from([1, 60]),
    st.integers(1, 20),
    st.lists(st.integers(0, 2 * SECOND), max_size=40),
)
def test_ticks_pour_credits_in_until_the_bucket_is_full(rate: int, seconds: int, burst: int, gaps: list[int]) -> None:
    limit, bucket = row(rate, seconds, burst), empty(BUCKET, 1)[0]
    now = started = 1_700_000_000 * SECOND + 123
    poured, credit = 0, limit["capacity"]
    for gap in [0, *gaps]:
        now += gap
        for _ in range((now - started) // TICK - poured):
            credit = min(limit["capacity"], credit + limit["per_tick"])
        poured = (now - started) // TICK
        expected = credit >= limit["cost"]
        assert has_credit(limit, bucket, now, 1) == (TRUE if expected else FALSE)
        assert has_credit(limit, bucket, now, 0) == (TRUE if expected else FALSE)
        credit -= limit["cost"] if expected else 0


def test_the_burst_passes_at_once_and_then_the_rate() -> None:
    limit, bucket = row(10, 1, 3), empty(BUCKET, 1)[0]
    answers = [has_credit(limit, bucket, now * SECOND // 100, 0) for now in (0, 0, 0, 0, 9, 10, 11, 20)]
    assert answers == [TRUE, TRUE, TRUE, FALSE, FALSE, TRUE, FALSE, TRUE]


def test_credits_of_more_than_32_bits_are_lost() -> None:
    limit, bucket = row(1, 1, 5), empty(BUCKET, 1)[0]
    for _ in range(6):
        has_credit(limit, bucket, 0, 0)
    wraps = (CREDITS + 1) // limit["per_tick"] * TICK
    assert has_credit(limit, bucket, wraps, 1) == FALSE
    assert has_credit(limit, bucket, wraps - TICK, 1) == TRUE


def test_a_quiet_look_takes_nothing() -> None:
    limit, bucket = row(1, 60, 1), empty(BUCKET, 1)[0]
    assert [has_credit(limit, bucket, 0, 1) for _ in range(3)] == [TRUE] * 3
    assert bucket["used"] == 0


@pytest.mark.parametrize("hz", [100, 250, 1000])
def test_a_limit_lets_its_rate_through_whatever_the_clock(hz: int) -> None:
    values = xt_limit_row(Limit(5, SECOND, 1), hz)
    limit, bucket = dict(zip(XT_LIMIT.names or (), values, strict=True)), empty(BUCKET, 1)[0]
    passed = sum(has_credit(limit, bucket, now * SECOND // 1000, 0) for now in range(10_000))
    assert passed == 50


def test_no_limit_of_nft_is_one_of_iptables_with_the_same_rate_and_burst() -> None:
    """Why `convert` refuses them. Linux 6.18 let 21 of 41 packets through by nft, 17 by iptables, 199.5 ms apart."""
    written = Limit(5, SECOND, 1)
    xt, nft = (empty(layout, 1)[0] for layout in (XT_LIMIT, LIMIT))
    for table, values in ((xt, xt_limit_row(written)), (nft, limit_row(written))):
        for name, value in zip(table.dtype.names, values, strict=True):
            table[name] = value
    ours, theirs = empty(BUCKET, 1)[0], empty(BUCKET, 1)[0]
    times = [ms * 1_000_000 for ms in (0, 203, 401)]
    assert [has_credit(xt, ours, now, 0) for now in times] == [TRUE, TRUE, TRUE]
    assert [has_tokens(nft, theirs, now, 100, 0) for now in times] == [TRUE, TRUE, FALSE]
