"""The chains at each hook, in the order in which the kernel runs them.

Read first: BASE in `fwsim.tables`; `net/netfilter/core.c`, nf_hook_entries_grow.
"""

from __future__ import annotations

from collections.abc import Mapping

from fwsim.ruleset.model import Chain
from fwsim.terms import ABSENT, Hook

BaseRow = tuple[int, int, int]
"""A row of BASE."""


def bases_of(chains: Mapping[str, Chain]) -> list[BaseRow]:
    """The rows of BASE: one for each hook, then those of the chains at it in their order.

    Of chains with equal priority the one that was added last runs first: a new hook goes in front of those that are
    not of lower priority (seen on Linux 6.18).
    """
    heads: list[BaseRow] = []
    rows: list[BaseRow] = []
    for hook in Hook:
        here = sorted((chain.priority, -n) for n, chain in enumerate(chains.values()) if hook in chain.hook)
        after = len(Hook) + len(rows)
        heads.append((ABSENT, 0, after if here else ABSENT))
        for place, (priority, negative) in enumerate(here, 1):
            rows.append((-negative, priority, after + place if place < len(here) else ABSENT))
    return heads + rows
