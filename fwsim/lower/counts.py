"""Quotas, turns and chance as rows of COUNT.

Read first: COUNT in `fwsim.engine.counted_rows`, `fwsim.engine.quota`, `fwsim.engine.statistic`.
"""

from __future__ import annotations

from fwsim.engine.counted_rows import COUNT
from fwsim.netfilter.fields import Numgen
from fwsim.netfilter.steps import Quota, Statistic

MOST_BYTES = 1 << 62
"""More are not counted, and never used up."""

CountRow = tuple[int, ...]
"""A row of COUNT."""


def quota_row(step: Quota) -> CountRow:
    """A quota; more bytes than are ever counted are as many as are."""
    most, start = min(step.bytes, MOST_BYTES), min(step.used, MOST_BYTES)
    if step.kernel == "xt":
        return _row(most=most, start=0, over=int(step.over), xt=1)
    return _row(most=most, start=start, over=int(step.over))


def statistic_row(step: Statistic, number: int) -> CountRow:
    """xt_statistic: its first turn comes when `packet` packets have gone by."""
    if step.every is None:
        return _row(over=int(step.negated), probability=step.probability or 0, number=number)
    return _row(over=int(step.negated), modulus=step.every, start=(step.every - step.packet) % step.every)


def numgen_row(selector: Numgen, number: int) -> CountRow:
    """Nft's numgen, which begins with 0 if it goes in turn."""
    return _row(modulus=selector.modulus, number=number)


def _row(**fields: int) -> CountRow:
    """A row of COUNT with these fields."""
    return tuple(fields.get(name, 0) for name in COUNT.names or ())
