"""The token bucket of xt_limit (`iptables -m limit`), in credits that come with the ticks of the kernel's clock.

Read first: `net/netfilter/xt_limit.c`, limit_mt; XT_LIMIT in `counted_rows`, which `fwsim.lower.xt_limits` fills. What
is left is kept in a BUCKET: `tokens` are credits, `last` is when the last tick began that they are for. Unlike Linux:
ticks are counted from the first packet that is asked about, when the bucket is full.
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot
from fwsim.engine.program import FALSE, TRUE

Row = Any

CREDITS = 0xFFFFFFFF
"""Credits are 32 bits wide, and what does not fit is lost: after 37 hours without a packet they begin again at 0."""


@hot
def has_credit(limit: Row, bucket: Row, now: int, quiet: int) -> int:
    """Whether the limit matches this packet; unless `quiet`, take its credits out of the bucket."""
    credit = limit["capacity"]
    last = now
    tick = limit["tick"]
    if bucket["used"] and tick > 0:
        ticks = (now - bucket["last"]) // tick
        last = bucket["last"] + ticks * tick
        credit = min(limit["capacity"], (bucket["tokens"] + ticks * limit["per_tick"]) & CREDITS)
    enough = limit["cost"] <= credit
    if not quiet:
        bucket["used"] = 1
        bucket["last"] = last
        bucket["tokens"] = credit - limit["cost"] if enough else credit
    return TRUE if enough else FALSE
