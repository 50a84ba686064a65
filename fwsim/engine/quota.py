"""Quotas: so many bytes may pass here, then none, or the other way round.

Read first: `net/netfilter/nft_quota.c` and `xt_quota.c`; COUNT and COUNTED in `counted_rows`. nft counts on beyond the
quota; xt takes from what is left only packets that fit, and the first that does not ends it for all.
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot
from fwsim.engine.program import FALSE, TRUE

Row = Any

MOST = 1 << 62
"""More is not counted."""


@hot
def is_within(quota: Row, counted: Row, length: int, quiet: int) -> int:
    """Whether the quota matches a packet of `length` bytes; unless `quiet`, count them."""
    before = counted["count"] if counted["used"] else quota["start"]
    after = min(MOST, before + length)
    within = after <= quota["most"]
    if quota["xt"] and not within:
        after = quota["most"]  # nothing is left, not even for small ones
    if not quiet:
        counted["used"] = 1
        counted["count"] = after
    if quota["over"]:
        within = not within
    return TRUE if within else FALSE
