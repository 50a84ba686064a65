"""Questions that count, beside `limit`: which rows they need, and which module answers them.

Read first: COUNT, XT_LIMIT, KEYED and USE in `counted_rows`; `xt_limit`, `quota`, `statistic`, `keyed`. All take
`doubt`, the Reason why the packet may not be here at all, or 0: what may or may not have counted is not known any
more.
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot, shared
from fwsim.engine.connection_count import count_connections
from fwsim.engine.dynamic_sets import ask_set, begin_element
from fwsim.engine.entries import K_CONNECTIONS, K_HASH_LIMIT, K_LOOK_UP, Keyed, KeyedRules
from fwsim.engine.hash_limit import ask_hash_limit
from fwsim.engine.intervals import place_of
from fwsim.engine.keyed import NEVER, R_FULL, Numbers, add, find, hash_wanted, in_doubt, lose, make_key, suspect
from fwsim.engine.limits import doubt_about
from fwsim.engine.program import (
    FALSE,
    MAYBE,
    OP_BY_KEY,
    OP_DRAW,
    OP_DRAWN,
    OP_DRAWN_TERM,
    OP_LUCK,
    OP_QUOTA,
    OP_TURN,
    OP_XT_LIMIT,
    TRUE,
    Memory,
    Program,
)
from fwsim.engine.quota import is_within
from fwsim.engine.recent import ask_recent
from fwsim.engine.statistic import BITS32, has_luck, is_its_turn, next_in_turn, random_below
from fwsim.engine.xt_limit import has_credit
from fwsim.terms import UNKNOWN_VALUE, Reason

Row = Any

R_CUT = int(Reason.CUT)
R_NOT_SIMULATED = int(Reason.NOT_SIMULATED)
THIS_RULE = -1
"""In WALK["blame"]."""


@shared
def ask_counted(program: Program, memory: Memory, step: Row, seen: Row, words: Numbers, doubt: int, quiet: int) -> int:
    """The truth of a question that counts; leaves in WALK["doubt"] why it is not clear."""
    state = memory.state[0]
    op = step["op"]
    if op == OP_BY_KEY:
        result = ask_by_key(program.keyed, memory.keyed, program.keyed.uses[step["first"]], seen, words, doubt, quiet)
        state["doubt"] = memory.keyed.books[0]["why"]
        return result
    if op == OP_XT_LIMIT:
        bucket = memory.xt_buckets[step["first"]]
        state["doubt"] = doubt_about(bucket, doubt, quiet)
        if state["doubt"]:
            return MAYBE
        return has_credit(program.xt_limits[step["first"]], bucket, seen["now"], quiet)
    if op == OP_DRAWN:
        counted = memory.counted[step["value"]]
        state["doubt"] = why_undrawn(counted, doubt)
        if state["doubt"]:
            return MAYBE
        return place_of(program.numbers, step["first"], step["count"], counted["drawn"] + step["mask"]) & 1
    counted = memory.counted[step["first"]]
    if op == OP_DRAWN_TERM:
        return take_drawn(step, counted, state, why_undrawn(counted, doubt))
    state["doubt"] = doubt_about(counted, doubt, quiet)
    if state["doubt"]:
        counted["drawn"] = UNKNOWN_VALUE
        return TRUE if op == OP_DRAW else MAYBE
    return count_in(program.counts[step["first"]], counted, op, step["value"], seen["length"], quiet)


@hot
def why_undrawn(counted: Row, doubt: int) -> int:
    """Why the number drawn last is not known, or 0; `doubt` is why the packet may not be here, or 0."""
    if counted["unknown"]:
        return int(counted["unknown"])
    return doubt if counted["drawn"] == UNKNOWN_VALUE else 0


@hot
def take_drawn(step: Row, counted: Row, state: Row, why: int) -> int:
    """Take the number drawn last into a new value; `why` it is not known, or 0."""
    if why:
        state["value"] = UNKNOWN_VALUE
        state["blame"] = THIS_RULE if why == R_NOT_SIMULATED else 0
    elif state["value"] >= 0:
        drawn = (counted["drawn"] + step["value"]) & BITS32
        shift = step["count"]
        state["value"] ^= (drawn << shift if shift >= 0 else drawn >> -shift) & step["mask"]
    return TRUE


@hot
def count_in(counter: Row, counted: Row, op: int, by_chance: int, length: int, quiet: int) -> int:
    """The truth of a question that counts bytes or packets."""
    if op == OP_QUOTA:
        return is_within(counter, counted, length, quiet)
    if op == OP_TURN:
        return is_its_turn(counter, counted, quiet)
    if op == OP_LUCK:
        return has_luck(counter, counted, quiet)
    counted["drawn"] = random_below(counter, counted, quiet) if by_chance else next_in_turn(counter, counted, quiet)
    return TRUE


@hot
def ask_by_key(rules: KeyedRules, kept: Keyed, use: Row, seen: Row, words: Numbers, doubt: int, quiet: int) -> int:
    """The truth of what a USE asks, and what it does; if MAYBE, BOOKS["why"] says why.

    A packet without a key changes nothing, and matches nothing but what says so (`absent`).
    """
    keyed = use["keyed"]
    kept.books[0]["latest"] = seen["now"]
    truth = make_key(rules, kept, use, words)
    if truth == FALSE:
        return int(use["absent"])
    if kept.states[keyed]["unknown"]:
        return in_doubt(kept, kept.states[keyed]["unknown"])
    kind = use["kind"]
    if truth == MAYBE:
        why = doubt if doubt else R_CUT if has_all_fields(rules, use) else R_NOT_SIMULATED
        changes = kind != K_LOOK_UP or rules.keyed[keyed]["counting"] != 0
        return lose(kept, keyed, why, quiet) if changes else in_doubt(kept, why)
    if kind < K_CONNECTIONS:
        return ask_set(rules, kept, use, seen, doubt, quiet)
    if kind == K_CONNECTIONS:
        return ask_connections(kept, use, seen, doubt, quiet)
    if kind == K_HASH_LIMIT:
        return ask_hash_limit(rules, kept, use, seen, doubt, quiet)
    return ask_recent(rules, kept, use, seen, doubt, quiet)


@hot
def has_all_fields(rules: KeyedRules, use: Row) -> bool:
    """Whether all parts of a key are simulated."""
    for at in range(use["first"], use["first"] + use["parts"]):  # noqa: SIM110 -- no generator in hot code
        if rules.parts[at]["field"] < 0:
            return False
    return True


@hot
def begin(kept: Keyed, now: int) -> None:
    """When the first packet comes, let the time begin that elements written in the ruleset have."""
    books = kept.books[0]
    books["began"] = 1
    books["origin"] = now
    books["latest"] = now
    for at in range(1, books["used"] + 1):
        entry = kept.entries[at]
        if entry["expires"] > 0:
            entry["expires"] += now
            state = kept.states[entry["keyed"]]
            if state["soonest"] == 0 or entry["expires"] < state["soonest"]:
                state["soonest"] = entry["expires"]


@hot
def ask_connections(kept: Keyed, use: Row, seen: Row, doubt: int, quiet: int) -> int:
    """Whether the connections of the key in `wanted` are few enough, or many."""
    keyed = use["keyed"]
    hashed = hash_wanted(kept, keyed)
    at = find(kept, keyed, hashed, 0, NEVER)
    if at == 0:
        if not quiet:
            at = add(kept, keyed, hashed)
            if at == 0:
                return lose(kept, keyed, R_FULL, quiet)
        begin_element(kept, use, at)
    entry = kept.entries[at]
    if entry["unknown"] == 0 and doubt and not quiet:
        suspect(kept, at, doubt)
    if entry["unknown"] or doubt:
        return in_doubt(kept, entry["unknown"] if entry["unknown"] else doubt)
    return count_connections(kept, at, seen, quiet)
