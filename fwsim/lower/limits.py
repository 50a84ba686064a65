"""Limits as rows of LIMIT.

Read first: LIMIT in `fwsim.engine.rule_rows`, `fwsim.engine.limits`.
"""

from __future__ import annotations

from collections.abc import Iterable

from fwsim.errors import Problem
from fwsim.netfilter.model import NetfilterRule, every_step
from fwsim.netfilter.steps import Rate, Step
from fwsim.ruleset.values import Limit

MOST_TOKENS = 1 << 62
"""A bucket of more ns would pass 63 bits (the kernel refuses beyond 64, nft_limit_init)."""

LimitRow = tuple[int, int, int, int, int, int, int]
"""A row of LIMIT."""


def limit_problems(rules: Iterable[NetfilterRule]) -> list[Problem]:
    """A message for each limit whose bucket is too large to count in ns."""
    what = "the limit is too large to be counted, expected a shorter time, a smaller burst or a higher rate"
    return [
        Problem(rule.location.path, rule.location.line, rule.location.column, what)
        for rule in rules
        for step in every_step(rule.steps)
        if is_too_large(step)
    ]


def is_too_large(step: Step) -> bool:
    """Whether a step is such a limit."""
    return isinstance(step, Rate) and limit_row(step.limit)[0] > MOST_TOKENS


def limit_row(limit: Limit) -> LimitRow:
    """A limit in tokens of one ns, as nft_limit_init works them out."""
    over = int(limit.over)
    cost = limit.per_ns // limit.rate
    if limit.unit == "packets":
        return cost * limit.burst, cost, 0, 0, 0, 0, over
    capacity = limit.per_ns * (limit.rate + limit.burst) // limit.rate
    # floor(per_ns * length / rate) <= capacity
    longest = ((capacity + 1) * limit.rate - 1) // limit.per_ns
    return capacity, cost, limit.per_ns % limit.rate, limit.rate, 1, longest, over
