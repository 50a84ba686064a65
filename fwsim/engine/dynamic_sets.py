"""Sets that rules change: look-ups, additions, deletions, and what each element counts for itself (nft's meters).

Read first: `net/netfilter/nft_dynset.c` (nft_dynset_eval), `nft_lookup.c`, `nft_set_hash.c`; `keyed`. What may or may
not be done to an element leaves it unknown until it is surely renewed or deleted, or for good if it counts something;
what may be done to any element leaves the whole set unknown. Unlike Linux: times are ns, not rounded to ticks.
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot, shared
from fwsim.engine.connection_count import count_connections
from fwsim.engine.entries import K_DELETE, K_LOOK_UP, K_UPDATE, Keyed, KeyedRules
from fwsim.engine.keyed import R_FULL, add, expire_at, find, hash_wanted, in_doubt, lose, suspect, trust
from fwsim.engine.keyed_upkeep import is_full
from fwsim.engine.limits import has_tokens
from fwsim.engine.program import FALSE, TRUE
from fwsim.engine.quota import is_within

Row = Any


@shared
def ask_set(rules: KeyedRules, kept: Keyed, use: Row, seen: Row, doubt: int, quiet: int) -> int:
    """Look the key in `wanted` up in a set, or change the set; `doubt` is why the packet may not be here, or 0."""
    keyed = use["keyed"]
    hashed = hash_wanted(kept, keyed)
    at = find(kept, keyed, hashed, 0, seen["now"])
    if use["kind"] == K_LOOK_UP:
        return look_up(rules, kept, use, at, seen, doubt, quiet)
    if use["kind"] == K_DELETE:
        if at > 0 and not quiet:
            if doubt:
                suspect(kept, at, doubt)
            else:
                trust(kept, at)
                expire_at(kept, at, max(1, seen["now"]))  # it takes room until it is collected (nft_rhash_delete)
        return TRUE  # whether it was there or not
    if at > 0:
        return renew(rules, kept, use, at, seen, doubt, quiet)
    if is_full(rules, kept, keyed, seen["now"]):
        if kept.states[keyed]["vague"]:
            return lose(kept, keyed, R_FULL, quiet)
        return FALSE
    if quiet:
        at = 0
        begin_element(kept, use, at)
        return ask_element(rules, kept, at, seen, doubt, quiet)
    at = add(kept, keyed, hashed)
    if at == 0:
        return lose(kept, keyed, R_FULL, quiet)
    begin_element(kept, use, at)
    expire_at(kept, at, seen["now"] + use["timeout"] if use["timeout"] else 0)
    if doubt:
        suspect(kept, at, doubt)
        return in_doubt(kept, doubt) if counts(use) else TRUE
    return ask_element(rules, kept, at, seen, doubt, quiet)


@hot
def counts(element: Row) -> bool:
    """Whether an element, or what makes one, counts something."""
    return bool(element["rate"] >= 0 or element["quota"] >= 0 or element["connections"] >= 0)


@hot
def look_up(rules: KeyedRules, kept: Keyed, use: Row, at: int, seen: Row, doubt: int, quiet: int) -> int:
    """Whether an element (0: none) was found, as it was asked for; what is found counts the packet."""
    if at == 0:
        return TRUE if use["negate"] else FALSE
    entry = kept.entries[at]
    if entry["unknown"]:
        return in_doubt(kept, entry["unknown"])
    if use["negate"]:
        return FALSE
    return ask_element(rules, kept, at, seen, doubt, quiet)


@hot
def renew(rules: KeyedRules, kept: Keyed, use: Row, at: int, seen: Row, doubt: int, quiet: int) -> int:
    """Add or update an element that is there already, or may be."""
    entry = kept.entries[at]
    counting = counts(entry)
    if use["kind"] == K_UPDATE and entry["expires"] and not quiet:
        if doubt:
            suspect(kept, at, doubt)
        else:
            expire_at(kept, at, seen["now"] + use["timeout"])
    if not counting and not doubt and not quiet and (entry["expires"] == 0 or use["kind"] == K_UPDATE):
        trust(kept, at)
    if entry["unknown"] and counting:
        return in_doubt(kept, entry["unknown"])
    return ask_element(rules, kept, at, seen, doubt, quiet) if counting else TRUE


@hot
def begin_element(kept: Keyed, use: Row, at: int) -> None:
    """What a new element counts."""
    entry = kept.entries[at]
    entry["rate"] = use["rate"]
    entry["quota"] = use["quota"]
    entry["connections"] = use["connections"]
    entry["over"] = use["over"]
    entry["used"] = 0
    entry["count"] = 0
    entry["tokens"] = 0
    entry["last"] = 0
    entry["first_tuple"] = 0
    entry["last_tuple"] = 0
    entry["unknown"] = 0


@shared
def ask_element(rules: KeyedRules, kept: Keyed, at: int, seen: Row, doubt: int, quiet: int) -> int:
    """Count the packet at an element (`nft_set_elem_update_expr`): true if that says so, or if it counts nothing."""
    entry = kept.entries[at]
    if not counts(entry):
        return TRUE
    if doubt:
        if not quiet:
            suspect(kept, at, doubt)
        return in_doubt(kept, doubt)
    if entry["rate"] >= 0:
        return has_tokens(rules.rates[entry["rate"]], entry, seen["now"], seen["length"], quiet)
    if entry["quota"] >= 0:
        return is_within(rules.quotas[entry["quota"]], entry, seen["length"], quiet)
    return count_connections(kept, at, seen, quiet)
