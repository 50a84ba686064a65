"""The limits of xtables in credits, as the kernel works them out when a rule is loaded.

Read first: user2credits in `net/netfilter/xt_limit.c` and `xt_hashlimit.c`; what `libxt_limit` and `libxt_hashlimit` of
iptables hand over; XT_LIMIT and KEYED in `fwsim.engine.counted_rows`. All hangs on the length of a tick, CONFIG_HZ: 250
a second, as Debian builds its kernels.
"""

from __future__ import annotations

from typing import NamedTuple

from fwsim.ruleset.values import Limit

HZ = 250
SECOND = 1_000_000_000
DAY = 60 * 60 * 24
BITS32 = 0xFFFFFFFF
BITS64 = (1 << 64) - 1
SCALE = 10_000
"""The average of `limit` is in so many parts of a second (XT_LIMIT_SCALE)."""
HASH_SCALE = 1_000_000
"""The same of `hashlimit` (XT_HASHLIMIT_SCALE_v2)."""
BYTE_CREDITS = 32_768
"""Of a tick, in byte mode (CREDITS_PER_JIFFY_BYTES)."""
BYTE_SHIFT = 4
"""Bytes are counted in chunks of 16."""

XtLimitRow = tuple[int, int, int, int]
"""A row of XT_LIMIT."""


class HashBucket(NamedTuple):
    """The fields of KEYED that xt_hashlimit has."""

    tick: int
    per_tick: int
    capacity_high: int
    capacity_low: int
    cost_high: int
    cost_low: int
    by_bytes: int
    burst: int


def tick_ns(hz: int = HZ) -> int:
    """How long a tick of the kernel's clock is."""
    return SECOND // hz


def xt_limit_row(limit: Limit, hz: int = HZ) -> XtLimitRow:
    """`-m limit` (limit_mt_check); the product of average and burst is 32 bits wide."""
    average = SCALE * (limit.per_ns // SECOND) // limit.rate
    per_tick = power_below(BITS32 // (hz * DAY))

    def credits_of(user: int) -> int:
        """An average in credits (user2credits)."""
        if user > BITS32 // (hz * per_tick):
            return user // SCALE * hz * per_tick & BITS32
        return user * hz * per_tick // SCALE

    return tick_ns(hz), per_tick, credits_of(average), credits_of(average * limit.burst & BITS32)


def hash_bucket(limit: Limit, hz: int = HZ) -> HashBucket:
    """`-m hashlimit` (rateinfo_init): by packets, credits of 64 bits; by bytes, of what comes in a second."""
    if limit.unit == "bytes":
        return _byte_bucket(limit, hz)
    average = HASH_SCALE * (limit.per_ns // SECOND) // limit.rate
    per_tick = power_below(BITS64 // (hz * DAY))
    per_unit = hz * per_tick // HASH_SCALE
    cost = average * per_unit & BITS64
    capacity = (average * limit.burst & BITS64) * per_unit & BITS64
    return HashBucket(tick_ns(hz), per_tick >> 32, capacity >> 32, capacity & BITS32, cost >> 32, cost & BITS32, 0, 0)


def _byte_bucket(limit: Limit, hz: int) -> HashBucket:
    """The bucket of a rate of bytes; libxt_hashlimit gives the burst as how often a whole second's may come again."""
    cost = BITS32 // ((limit.rate >> BYTE_SHIFT) + 1)
    bytes_again = (BITS32 // cost - 1) << BYTE_SHIFT
    burst = -(-limit.burst // bytes_again) if bytes_again else 0
    chunk = cost * hz * BYTE_CREDITS >> 32
    return HashBucket(tick_ns(hz), BYTE_CREDITS, 0, BYTE_CREDITS * hz, 0, chunk, 1, burst)


def power_below(number: int) -> int:
    """The greatest power of two that is not above a number (POW2_BELOW32 and POW2_BELOW64)."""
    return 1 << number.bit_length() - 1
