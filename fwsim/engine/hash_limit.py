"""The token buckets by key of xt_hashlimit, in credits that come with the ticks of the kernel's clock.

Read first: `net/netfilter/xt_hashlimit.c` (hashlimit_mt_common, revision 3), KEYED in `counted_rows`, `keyed`. Credits
are 64 bits wide there, and wrap; here two halves of 32 bits, of which a tick changes the upper one only. By bytes, a
bucket holds what comes in a second, is filled again `burst` times, and 16 bytes cost so much.

Unlike Linux: ticks are counted from a key's first packet; and where there is no room for a key, whether the packet
matches is not simulated (the kernel drops it).
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot, shared
from fwsim.engine.entries import Keyed, KeyedRules
from fwsim.engine.keyed import R_FULL, add, blank, expire_at, find, hash_wanted, in_doubt, last_collected, lose, suspect
from fwsim.engine.keyed_upkeep import is_full
from fwsim.engine.program import FALSE, TRUE

Row = Any

HALF = 0xFFFFFFFF


@shared
def ask_hash_limit(rules: KeyedRules, kept: Keyed, use: Row, seen: Row, doubt: int, quiet: int) -> int:
    """Whether the packet is within the limit of the key in `wanted`; unless `quiet`, take its credits."""
    keyed = use["keyed"]
    now = seen["now"]
    limit = rules.keyed[keyed]
    hashed = hash_wanted(kept, keyed)
    at = find(kept, keyed, hashed, 0, last_collected(rules, kept, keyed, now))
    if at == 0:
        if is_full(rules, kept, keyed, now):
            return in_doubt(kept, R_FULL) if kept.states[keyed]["vague"] == 0 else lose(kept, keyed, R_FULL, quiet)
        if quiet:
            blank(kept.entries[0])
        else:
            at = add(kept, keyed, hashed)
            if at == 0:
                return lose(kept, keyed, R_FULL, quiet)
        fill(limit, kept.entries[at], now)
    entry = kept.entries[at]
    if not quiet:
        expire_at(kept, at, now + limit["timeout"])
        if doubt:
            suspect(kept, at, doubt)
    if entry["unknown"] or doubt:
        return in_doubt(kept, entry["unknown"] if entry["unknown"] else doubt)
    if quiet and at > 0:
        kept.entries[0] = entry
        entry = kept.entries[0]
    refill(limit, entry, now)
    within = pay_bytes(limit, entry, seen["length"]) if limit["by_bytes"] else pay(limit, entry)
    if use["over"]:
        within = not within
    return TRUE if within else FALSE


@hot
def fill(limit: Row, entry: Row, now: int) -> None:
    """A full bucket (`rateinfo_init`)."""
    entry["last"] = now
    entry["tokens"] = limit["capacity_high"]
    entry["count"] = limit["capacity_low"]
    entry["used"] = limit["burst"]


@hot
def refill(limit: Row, entry: Row, now: int) -> None:
    """Add what has come since (`rateinfo_recalc`)."""
    tick = limit["tick"]
    ticks = (now - entry["last"]) // tick if tick > 0 else 0
    if ticks <= 0:
        return
    entry["last"] += ticks * tick
    if limit["by_bytes"]:
        entry["count"] = min(limit["capacity_low"], entry["count"] + ticks * limit["per_tick"])
        return
    high = (entry["tokens"] + ticks * limit["per_tick"]) & HALF
    low = entry["count"]
    if is_more(high, low, limit["capacity_high"], limit["capacity_low"]):
        high = limit["capacity_high"]
        low = limit["capacity_low"]
    entry["tokens"] = high
    entry["count"] = low


@hot
def is_more(high: int, low: int, other_high: int, other_low: int) -> bool:
    """Whether a number of two halves is more than another."""
    return high > other_high or (high == other_high and low > other_low)


@hot
def pay(limit: Row, entry: Row) -> bool:
    """Take the credits of a packet, if there are as many."""
    high, low = limit["cost_high"], limit["cost_low"]
    if is_more(high, low, entry["tokens"], entry["count"]):
        return False
    entry["tokens"] -= high
    entry["count"] -= low
    if entry["count"] < 0:
        entry["tokens"] -= 1
        entry["count"] += HALF + 1
    return True


@hot
def pay_bytes(limit: Row, entry: Row, length: int) -> bool:
    """Take the credits of so many bytes; what they lack may come out of the burst (`hashlimit_byte_cost`)."""
    most = limit["capacity_low"]
    cost = min(most, ((length >> 4) + 1) * limit["cost_low"])
    if entry["count"] < cost and entry["used"] > 0:
        entry["used"] -= 1
        entry["count"] = most
    if entry["count"] < cost:
        return False
    entry["count"] -= cost
    return True
