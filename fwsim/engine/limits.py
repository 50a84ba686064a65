"""The token bucket of `limit`, on the capture's clock.

Read first: `net/netfilter/nft_limit.c`, nft_limit_eval. Tokens are nanoseconds: they grow with time, and a packet costs
the time that the rate allows for it. Unlike Linux: the bucket is full when the first packet comes, whenever that is.
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot
from fwsim.engine.program import FALSE, TRUE

Row = Any


@hot
def cost_of(limit: Row, length: int) -> int:
    """What a packet of `length` bytes costs, in ns; what is too long for the bucket, more than it can hold."""
    if not limit["by_bytes"]:
        return int(limit["cost"])
    divisor = limit["divisor"]
    if length > limit["longest"] or divisor <= 0:
        return int(limit["capacity"] + 1)
    return int(limit["cost"] * length + limit["remainder"] * length // divisor)


@hot
def doubt_about(bucket: Row, doubt: int, quiet: int) -> int:
    """Why the bucket's tokens are unknown, or 0.

    A packet that may or may not have taken some (`doubt`, a Reason) leaves them unknown for the rest of the run.
    """
    if bucket["unknown"]:
        return int(bucket["unknown"])
    if doubt and not quiet:
        bucket["unknown"] = doubt
    return doubt


@hot
def has_tokens(limit: Row, bucket: Row, now: int, length: int, quiet: int) -> int:
    """Whether the limit matches this packet; unless `quiet`, take its tokens out of the bucket."""
    capacity = limit["capacity"]
    tokens = capacity
    if bucket["used"]:
        elapsed = now - bucket["last"]
        if elapsed < capacity - bucket["tokens"]:  # compared so that the sum passes no limit
            tokens = bucket["tokens"] + elapsed
    left = tokens - cost_of(limit, length)
    enough = left >= 0
    if not quiet:
        bucket["used"] = 1
        bucket["last"] = now
        bucket["tokens"] = left if enough else tokens
    if limit["over"]:
        enough = not enough
    return TRUE if enough else FALSE
