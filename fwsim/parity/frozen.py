"""Captures whose clock stands still: all packets come at once, as the kernel gets them when they are injected.

Read first: DESIGN section 1, "Time is a field".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

from fwsim.capture import Captures, Chunk
from fwsim.ruleset import Rule, Ruleset
from fwsim.ruleset.limits import PACKETS, SECOND, UNITS_OF_TIME

HOUR = UNITS_OF_TIME["hour"] * SECOND
MOST_TOKENS = 1 << 64
"""A bucket of as many ns is refused by the kernel (nft_limit_init)."""


def frozen(captures: Captures) -> Captures:
    """The same captures, every packet at the time of the first one."""
    return cast(Captures, Frozen(captures))


class Frozen:
    """The chunks of captures with the clock stopped; it takes the place of `Captures`."""

    def __init__(self, captures: Captures) -> None:
        """Nothing is read yet."""
        self.captures = captures

    def __iter__(self) -> Iterator[Chunk]:
        """The chunks. The frames keep their own timestamps; `now`, which the firewall goes by, does not move."""
        now: int | None = None
        for chunk in self.captures:
            if now is None and len(chunk):
                now = int(chunk.packets["now"][0])
            chunk.packets["now"] = now
            yield chunk

    def __getattr__(self, name: str) -> Any:
        """All else is the captures'."""
        return getattr(self.captures, name)


def without_refill(ruleset: Ruleset) -> Ruleset:
    """The same ruleset with limits whose buckets hold as much as before, but hardly fill again: a token an hour.

    With the clock stopped nothing else can happen in the simulator; the kernel's own clock goes on while it is asked.
    A byte limit whose bucket would be more than the kernel counts is left as it is.
    """
    changes: dict[str, Any] = {}
    if "rules" in ruleset.model_fields_set:
        changes["rules"] = tuple(map(_still, ruleset.rules))
    changes["chains"] = {
        name: chain.model_copy(update={"rules": tuple(map(_still, chain.rules))})
        for name, chain in ruleset.chains.items()
    }
    still = ruleset.model_copy(update=changes)
    for name in ("all_chains", "readings"):
        still.__dict__.pop(name, None)  # computed from what has just been replaced
    return still


def _still(rule: Rule) -> Rule:
    """A rule whose limit, if it has one, hardly fills again."""
    limit = rule.limit
    if limit is None:
        return rule
    burst = limit.burst if limit.unit == PACKETS else limit.rate + limit.burst - 1
    if limit.unit != PACKETS and HOUR * (burst + 1) >= MOST_TOKENS:
        return rule
    return rule.model_copy(update={"limit": replace(limit, rate=1, per_ns=HOUR, burst=burst)})
