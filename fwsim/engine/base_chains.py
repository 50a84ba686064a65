"""From base chain to base chain of a hook: which is next for a packet, and where the walk stops for a translation.

Read first: BASE in `rule_rows`; `fwsim.engine.match`, which walks what is in them. (`nf_hook_slow`, `nf_nat_inet_fn`.)
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot
from fwsim.tables import Table
from fwsim.terms import ABSENT, Reason, Verdict

Row = Any

MAY_ACCEPT = 1 << int(Verdict.ACCEPT)
"""In `WALK["possible"]`: the packet may go on."""
R_TENTATIVE = int(Reason.TENTATIVE)


@hot
def begin_walk(state: Row, hook: int) -> None:
    """Nothing is decided yet, and the packet is at the hook for sure."""
    state["hook"] = hook
    state["possible"] = MAY_ACCEPT
    state["accept_chain"] = ABSENT
    state["cause"] = 0
    state["cause_rule"] = ABSENT
    state["tried"] = 0


@hot
def next_base(bases: Table, state: Row, base: int, from_priority: int, to_priority: int, seen: Row) -> int:
    """The row of the base chain behind row `base` that is in the range, or -1: there is none, or the packet is gone.

    Also -1 where addresses are translated: then `state["halt"]` is the row.
    """
    if state["possible"] & MAY_ACCEPT == 0:
        return -1
    base = bases[base]["next"]
    while base >= 0 and (bases[base]["priority"] < from_priority or not is_for(bases[base], state, seen)):
        base = bases[base]["next"]
    if base < 0 or bases[base]["priority"] >= to_priority:
        return -1
    if bases[base]["chain"] < 0:
        state["halt"] = base
        return -1
    return int(base)


@hot
def is_for(base: Row, state: Row, seen: Row) -> bool:
    """Whether a packet gets to a base chain: one of its family, and if it translates, as `nf_nat_inet_fn` says."""
    family = base["family"]
    if family and seen["family"] != family:
        return False
    return base["nat"] == 0 or is_for_translation(base, state, seen)


@hot
def is_for_translation(base: Row, state: Row, seen: Row) -> bool:
    """Whether the packet has a connection, and of chains that say how it is translated: whether they are asked.

    They are for one that has not been here yet, which also may be none, until one of them has said it.
    """
    if seen["ct_status"] == ABSENT or base["chain"] < 0:
        return bool(seen["ct_status"] != ABSENT)
    return bool(state["chosen"] == ABSENT and state["bound"] & base["nat"] == 0)


@hot
def pass_by(state: Row) -> None:
    """The packet may be one that is not asked how it is translated: then the chain has not refused it."""
    if state["possible"] & MAY_ACCEPT == 0:
        state["possible"] |= MAY_ACCEPT
        if state["cause"] == 0:
            state["cause"] = R_TENTATIVE
