"""The chains at each hook, in the order in which the kernel runs them.

Read first: BASE in `rule_rows`; `net/netfilter/core.c`, nf_hook_entries_grow; `nf_nat_register_fn`: translation runs
once at a hook, at a priority of its own, and the chains that say how are asked there in the order of theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from fwsim.netfilter.model import Chain, Table
from fwsim.terms import ABSENT, CtStatus, Hook

BaseRow = tuple[int, int, int, int, int]
"""A row of BASE."""

Chains = Sequence[tuple[Table, Chain]]

TRANSLATED_AT = {Hook.PREROUTING: -100, Hook.OUTPUT: -100, Hook.INPUT: 100, Hook.POSTROUTING: 100}
"""The hooks at which addresses are translated, and the priority (NF_IP_PRI_NAT_DST, NF_IP_PRI_NAT_SRC)."""

DONE = {
    Hook.PREROUTING: CtStatus.DNAT_DONE, Hook.OUTPUT: CtStatus.DNAT_DONE,
    Hook.INPUT: CtStatus.SNAT_DONE, Hook.POSTROUTING: CtStatus.SNAT_DONE,
}  # fmt: skip


class _Place(NamedTuple):
    """What stands at a hook, by its place in the order: rows of BASE without their `next`."""

    priority: int
    newness: int
    number: int
    rows: tuple[tuple[int, int, int], ...]
    """For each the chain, the family and the `nat`."""


def bases_of(chains: Chains) -> list[BaseRow]:
    """The rows of BASE: one for each hook, then what stands at it in the kernel's order.

    Of chains with equal priority the one that was registered last runs first: a new hook goes in front of those that
    are not of lower priority (seen on Linux 6.18).
    """
    heads: list[BaseRow] = []
    rows: list[BaseRow] = []
    for hook in Hook:
        here = sorted([*_filters(chains, hook), *_translations(chains, hook)])
        flat = [(place.priority, *row) for place in here for row in place.rows]
        after = len(Hook) + len(rows)
        heads.append((ABSENT, 0, after if flat else ABSENT, 0, 0))
        for place, (priority, number, family, nat) in enumerate(flat, 1):
            following = after + place if place < len(flat) else ABSENT
            rows.append((number, priority, following, family, nat))
    return heads + rows


def families_translated(chains: Chains) -> tuple[int, ...]:
    """The families of which addresses may be translated: those of tables with such a chain."""
    seen = {table.sees for table, chain in chains if chain.hooks and chain.kind == "nat"}
    return tuple(family for family in (4, 6) if seen & {family, 0})


def _filters(chains: Chains, hook: Hook) -> list[_Place]:
    """The chains at a hook that do not translate."""
    return [
        _Place(chain.priority, -chain.registered, number, ((number, table.sees, 0),))
        for number, (table, chain) in enumerate(chains)
        if hook in chain.hooks and chain.kind != "nat"
    ]


def _translations(chains: Chains, hook: Hook) -> list[_Place]:
    """Translation at a hook, of each family; it was registered with the first chain of its family anywhere."""
    places: list[_Place] = []
    for family in families_translated(chains) if hook in TRANSLATED_AT else ():
        own = [
            (chain.priority, -chain.registered, number, hook in chain.hooks)
            for number, (table, chain) in enumerate(chains)
            if chain.hooks and chain.kind == "nat" and table.sees in (family, 0)
        ]
        asked = [(number, family, int(DONE[hook])) for *_, number, is_here in sorted(own) if is_here]
        registered = max(newness for _, newness, *_ in own)
        rows = (*asked, (ABSENT, family, int(DONE[hook])))
        places.append(_Place(TRANSLATED_AT[hook], registered, len(chains), rows))
    return places
