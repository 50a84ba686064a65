"""Lists of addresses with the times when they were seen last: xt_recent.

Read first: `net/netfilter/xt_recent.c` (recent_mt), KEYED and ENTRY in `counted_rows`, `keyed`. Times are ticks of the
kernel's clock. A list holds so many addresses (ip_list_tot); for one more the one goes that was used longest ago.
Unlike Linux: ticks are counted from the first packet of the run that asks for anything by key.
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot, shared
from fwsim.engine.entries import K_RECENT_CHECK, K_RECENT_REMOVE, K_RECENT_SET, K_RECENT_UPDATE, Keyed, KeyedRules
from fwsim.engine.keyed import NEVER, R_FULL, add, find, hash_wanted, in_doubt, lose, remove, suspect
from fwsim.engine.program import FALSE, TRUE
from fwsim.terms import ABSENT, Hook

Row = Any

FORWARD = int(Hook.FORWARD)
HIGHEST_TTL = 0xFF


@shared
def ask_recent(rules: KeyedRules, kept: Keyed, use: Row, seen: Row, doubt: int, quiet: int) -> int:
    """Whether the address in `wanted` is in a list as it was asked for; unless `quiet`, do to the list what it says."""
    keyed = use["keyed"]
    state = kept.states[keyed]
    ttl = ttl_before_forwarding(seen)
    hashed = hash_wanted(kept, keyed)
    at = find(kept, keyed, hashed, ttl if use["ttl"] else 0, NEVER)
    if at > 0 and kept.entries[at]["unknown"]:
        return in_doubt(kept, kept.entries[at]["unknown"])
    now = tick_of(rules, kept, keyed, seen["now"])
    kind = use["kind"]
    if at == 0:
        found = kind == K_RECENT_SET
    elif kind == K_RECENT_CHECK or kind == K_RECENT_UPDATE:
        found = is_hit(rules, kept, use, at, now)
    else:
        found = True
    matches = found != (use["negate"] != 0)
    touches = kind == K_RECENT_SET or kind == K_RECENT_REMOVE or (kind == K_RECENT_UPDATE and matches)
    if quiet or not (touches or use["reap"]) or (at == 0 and kind != K_RECENT_SET):
        return TRUE if matches else FALSE
    if doubt:
        # the order of use is not known either
        if at == 0 or use["reap"] or state["vague"]:
            return lose(kept, keyed, doubt, quiet)
        suspect(kept, at, doubt)
        return TRUE if matches else FALSE
    if kind == K_RECENT_REMOVE:
        forget_address(rules, kept, keyed, at)
        return TRUE if matches else FALSE
    if use["reap"] and state["vague"]:
        return lose(kept, keyed, R_FULL, quiet)
    if use["reap"] and reap(rules, kept, use, at, now, touches):
        return TRUE if matches else FALSE
    if touches and at == 0:
        at = remember(rules, kept, keyed, hashed)
        if at == 0:
            return lose(kept, keyed, R_FULL, quiet)
    if touches:
        stamp(rules, kept, keyed, at, now)
        kept.entries[at]["ttl"] = ttl
    return TRUE if matches else FALSE


@hot
def ttl_before_forwarding(seen: Row) -> int:
    """The TTL as the packet came, which the list keeps."""
    forwarded = seen["hook"] == FORWARD and seen["oif"] != ABSENT
    return (int(seen["ttl"]) + (1 if forwarded else 0)) & HIGHEST_TTL


@hot
def tick_of(rules: KeyedRules, kept: Keyed, keyed: int, now: int) -> int:
    """The number of a tick."""
    tick = rules.keyed[keyed]["tick"]
    return int((now - kept.books[0]["origin"]) // tick if tick > 0 else 0)


@hot
def is_hit(rules: KeyedRules, kept: Keyed, use: Row, at: int, now: int) -> bool:
    """Whether an address was seen often enough of late; without `hits` once, without `seconds` whenever."""
    entry = kept.entries[at]
    first = ring_of(rules, kept, at)
    hits = 0
    for n in range(entry["count"]):
        if use["seconds"] == 0 or kept.stamps[first + n] >= now - use["seconds"]:
            hits += 1
            if hits >= use["hits"]:
                return True
    return False


@hot
def ring_of(rules: KeyedRules, kept: Keyed, at: int) -> int:
    """Where the stamps of an entry begin."""
    keyed = rules.keyed[kept.entries[at]["keyed"]]
    return int(keyed["base"] + kept.entries[at]["slot"] * keyed["stamps"])


@hot
def reap(rules: KeyedRules, kept: Keyed, use: Row, at: int, now: int, touches: bool) -> bool:
    """Forget the address used longest ago if that is too long; whether it was this one (`recent_entry_reap`)."""
    oldest = int(kept.states[use["keyed"]]["oldest"])
    if oldest == at and touches:
        return False
    last = ring_of(rules, kept, oldest) + kept.entries[oldest]["last"] - 1
    if kept.stamps[last] >= now - use["seconds"]:
        return False
    forget_address(rules, kept, use["keyed"], oldest)
    return oldest == at


@hot
def remember(rules: KeyedRules, kept: Keyed, keyed: int, hashed: int) -> int:
    """A new address in a list, for which another may have to go; 0 if that is not known, or there is no room."""
    state = kept.states[keyed]
    if state["count"] >= rules.keyed[keyed]["size"]:
        if state["vague"]:
            return 0
        forget_address(rules, kept, keyed, state["oldest"])
    at = add(kept, keyed, hashed)
    if at == 0:
        return 0
    if state["free_slot"] > 0:
        kept.entries[at]["slot"] = state["free_slot"] - 1
        state["free_slot"] = kept.stamps[ring_of(rules, kept, at)]
    else:
        kept.entries[at]["slot"] = state["slots"]
        state["slots"] += 1
    line_up(kept, keyed, at)
    return at


@hot
def stamp(rules: KeyedRules, kept: Keyed, keyed: int, at: int, now: int) -> None:
    """Note that an address was seen (`recent_entry_update`)."""
    entry = kept.entries[at]
    if entry["last"] >= rules.keyed[keyed]["stamps"]:
        entry["last"] = 0
    kept.stamps[ring_of(rules, kept, at) + entry["last"]] = now
    entry["last"] += 1
    entry["count"] = max(entry["count"], entry["last"])
    step_out(kept, keyed, at)
    line_up(kept, keyed, at)


@shared
def forget_address(rules: KeyedRules, kept: Keyed, keyed: int, at: int) -> None:
    """Take an address out of a list; its ring is free again."""
    state = kept.states[keyed]
    kept.stamps[ring_of(rules, kept, at)] = state["free_slot"]
    state["free_slot"] = kept.entries[at]["slot"] + 1
    step_out(kept, keyed, at)
    kept.entries[at]["count"] = 0
    remove(kept, at)


@hot
def line_up(kept: Keyed, keyed: int, at: int) -> None:
    """Put an entry at the end of the order of use."""
    state = kept.states[keyed]
    kept.entries[at]["older"] = state["newest"]
    kept.entries[at]["newer"] = 0
    if state["newest"] > 0:
        kept.entries[state["newest"]]["newer"] = at
    else:
        state["oldest"] = at
    state["newest"] = at


@hot
def step_out(kept: Keyed, keyed: int, at: int) -> None:
    """Take an entry out of the order of use."""
    state = kept.states[keyed]
    older, newer = int(kept.entries[at]["older"]), int(kept.entries[at]["newer"])
    if older > 0:
        kept.entries[older]["newer"] = newer
    else:
        state["oldest"] = newer
    if newer > 0:
        kept.entries[newer]["older"] = older
    else:
        state["newest"] = older
