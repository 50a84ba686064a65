"""Room among the entries by key: taking out what has expired, and hanging entries into more buckets.

Read first: `keyed`. What is taken out here would be taken out at the next question that could tell.
"""

from __future__ import annotations

from fwsim.engine import entry, hot, shared
from fwsim.engine.connection_count import COLLECTED_MOST, is_deserted
from fwsim.engine.entries import Keyed, KeyedRules
from fwsim.engine.keyed import FREE, Numbers, Row, is_there, last_collected, link, remove

CONNECTIONS = 2
"""In KEYED["counting"]."""


@shared
def is_full(rules: KeyedRules, kept: Keyed, keyed: int, now: int) -> bool:
    """Whether there is no room for one more entry, expired ones collected."""
    state = kept.states[keyed]
    most = rules.keyed[keyed]["size"]
    if state["count"] < most:
        return False
    until = last_collected(rules, kept, keyed, now)
    worth = 0 < state["soonest"] <= until or rules.keyed[keyed]["counting"] == CONNECTIONS
    if until > state["collected"] and worth:
        collect(kept, keyed, until)
    return bool(state["count"] >= most)


@hot
def collect(kept: Keyed, keyed: int, until: int) -> None:
    """Take out the entries of a KEYED that have expired by then, or count connections of which none is left."""
    soonest = 0
    for at in range(1, kept.books[0]["used"] + 1):
        candidate = kept.entries[at]
        if candidate["keyed"] != keyed:
            continue
        expires = candidate["expires"]
        if not is_there(candidate, until) or is_unused(kept, candidate):
            remove(kept, at)
        elif expires > 0 and (soonest == 0 or expires < soonest):
            soonest = expires
    kept.states[keyed]["soonest"] = soonest
    kept.states[keyed]["collected"] = until


@hot
def is_unused(kept: Keyed, candidate: Row) -> bool:
    """Whether an element counts connections and has none (`nft_connlimit_gc`)."""
    return bool(candidate["connections"] >= 0 and candidate["unknown"] == 0 and is_deserted(kept, candidate))


@entry
def tidy(rules: KeyedRules, kept: Keyed) -> None:
    """Between chunks, take out what can make no difference any more."""
    now = kept.books[0]["latest"]
    for at in range(1, kept.books[0]["used"] + 1):
        candidate = kept.entries[at]
        keyed = candidate["keyed"]
        if keyed == FREE:
            continue
        if rules.keyed[keyed]["counting"] != CONNECTIONS:
            if not is_there(candidate, last_collected(rules, kept, keyed, now)):
                remove(kept, at)
        elif rules.keyed[keyed]["collect"] == 0 and candidate["count"] <= COLLECTED_MOST and is_unused(kept, candidate):
            remove(kept, at)


@entry
def rehang(kept: Keyed, old: Numbers) -> None:
    """Hang the entries of `old` buckets into those of a larger table, which are empty, each chain in its order."""
    for bucket in range(len(old)):
        at = int(old[bucket])
        while at > 0:
            following = int(kept.entries[at]["next"])
            link(kept, at)
            at = following
