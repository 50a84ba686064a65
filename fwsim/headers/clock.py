"""What the time of a packet says: the hour, the day of the week and of the month, in UTC.

Read first: `nft_meta_get_eval_time` and xt_time.c of the kernel. Unlike Linux: a time zone of the kernel (`sys_tz`), or
of the machine on which nft read a rule, is not taken into account.
"""

from __future__ import annotations

import numpy as np

from .places import Numbers

SECOND = 1_000_000_000
DAY = 86_400
THURSDAY = 4
"""The day of the week of 1970-01-01."""


def clock(field: str, now: Numbers) -> Numbers:
    """A field of the clock at some times (ns)."""
    seconds = now // SECOND
    if field == "hour":
        return seconds % DAY
    days = seconds // DAY
    if field == "day":
        return (days + THURSDAY) % 7
    date = (days - 1 if field == "monthday_before" else days).astype("datetime64[D]")
    found: Numbers = (date - date.astype("datetime64[M]")).astype(np.int64) + 1
    return found
