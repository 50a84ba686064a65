"""Quotas, against plain sums."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fwsim.engine.counted_rows import COUNT, COUNTED
from fwsim.engine.program import FALSE, TRUE
from fwsim.engine.quota import is_within
from fwsim.lower.counts import quota_row
from fwsim.netfilter.steps import Quota
from fwsim.tables import empty


def answers(step: Quota, lengths: list[int], quiet: int = 0) -> list[bool]:
    quota, counted = dict(zip(COUNT.names or (), quota_row(step), strict=True)), empty(COUNTED, 1)[0]
    truths = [is_within(quota, counted, length, quiet) for length in lengths]
    assert set(truths) <= {TRUE, FALSE}
    return [truth == TRUE for truth in truths]


LENGTHS = st.lists(st.integers(20, 1500), max_size=30)


@given(st.integers(0, 9000), st.integers(0, 4000), st.booleans(), LENGTHS)
def test_nft_counts_on_beyond_the_quota(most: int, used: int, over: bool, lengths: list[int]) -> None:
    total, expected = used, []
    for length in lengths:
        total += length
        expected.append((total <= most) != over)
    assert answers(Quota(most, used, over), lengths) == expected


@given(st.integers(0, 9000), st.booleans(), LENGTHS)
def test_xt_ends_with_the_first_packet_that_does_not_fit(most: int, inverted: bool, lengths: list[int]) -> None:
    left, expected = most, []
    for length in lengths:
        fits = left >= length
        left = left - length if fits else 0
        expected.append(fits != inverted)
    assert answers(Quota(most, over=inverted, kernel="xt"), lengths) == expected


def test_a_quota_that_is_just_used_up_has_held() -> None:
    assert answers(Quota(56), [28, 28, 28]) == [True, True, False]  # as Linux 6.18 counts


def test_a_quiet_look_uses_nothing() -> None:
    assert answers(Quota(28), [28, 28], quiet=1) == [True, True]


def test_more_bytes_than_are_counted_are_never_used_up() -> None:
    assert answers(Quota(1 << 63), [1 << 61] * 4) == [True] * 4
