"""Quotas, turns and chance as rows."""

from __future__ import annotations

from fwsim.engine.counted_rows import COUNT
from fwsim.lower.counts import MOST_BYTES, numgen_row, quota_row, statistic_row
from fwsim.netfilter.fields import Numgen
from fwsim.netfilter.steps import Quota, Statistic


def fields(row: tuple[int, ...]) -> dict[str, int]:
    named = dict(zip(COUNT.names or (), row, strict=True))
    return {name: value for name, value in named.items() if value}


def test_a_quota() -> None:
    assert fields(quota_row(Quota(1000, 200, over=True))) == {"most": 1000, "start": 200, "over": 1}
    assert fields(quota_row(Quota(1000, kernel="xt"))) == {"most": 1000, "xt": 1}
    assert fields(quota_row(Quota(1 << 70))) == {"most": MOST_BYTES}


def test_a_turn_comes_when_so_many_have_gone_by() -> None:
    assert fields(statistic_row(Statistic(every=3), 1)) == {"modulus": 3}
    assert fields(statistic_row(Statistic(every=3, packet=1, negated=True), 1)) == {"modulus": 3, "start": 2, "over": 1}


def test_chance_has_a_number() -> None:
    assert fields(statistic_row(Statistic(probability=5), 9)) == {"probability": 5, "number": 9}
    assert fields(numgen_row(Numgen("random", 4, 100, 2), 9)) == {"modulus": 4, "number": 9}
