"""The chains at each hook, in the order in which the kernel runs them.

Read first: BASE in `fwsim.tables`; `net/netfilter/core.c`, nf_hook_entries_grow.
"""

from __future__ import annotations

from collections.abc import Sequence

from fwsim.netfilter.model import Chain, Table
from fwsim.terms import ABSENT, Hook

BaseRow = tuple[int, int, int, int, int]
"""A row of BASE."""


def bases_of(chains: Sequence[tuple[Table, Chain]]) -> list[BaseRow]:
    """The rows of BASE: one for each hook, then those of the chains at it in their order.

    Of chains with equal priority the one that was registered last runs first: a new hook goes in front of those that
    are not of lower priority (seen on Linux 6.18).
    """
    heads: list[BaseRow] = []
    rows: list[BaseRow] = []
    for hook in Hook:
        here = sorted(
            (chain.priority, -chain.registered, n) for n, (_, chain) in enumerate(chains) if hook in chain.hooks
        )
        after = len(Hook) + len(rows)
        heads.append((ABSENT, 0, after if here else ABSENT, 0, 0))
        for place, (priority, _, number) in enumerate(here, 1):
            table, chain = chains[number]
            following = after + place if place < len(here) else ABSENT
            rows.append((number, priority, following, table.sees, int(chain.kind == "nat")))
    return heads + rows
