"""Entries by key: the hash table of all sets that rules change, of xt_hashlimit, xt_recent and counted connections.

Read first: KEYED, ENTRY and BOOKS in `counted_rows`, `entries`. A key is the words of its parts, all as wide as the
widest. Row 0 of the entries is scratch, and 0 ends every chain. `fwsim.keyed_tables` makes and grows the tables between
chunks, since nothing is allocated here. No result depends on the order of entries or on the key of the hash: entries of
one key are found in the order in which they came.

Entries that have expired are not found, but count until they are collected: in Linux by a timer, here when there is no
room, as if that timer had run since the first packet came.
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot, shared
from fwsim.engine.entries import Keyed, KeyedRules
from fwsim.engine.program import FALSE, MAYBE, TRUE
from fwsim.engine.tuples import LOW, PRIME, fold
from fwsim.tables import V6
from fwsim.terms import ABSENT, UNKNOWN_VALUE, Reason

Row = Any
Numbers = Any

NEVER = -1
FREE = -1
"""In ENTRY["keyed"]."""
R_FULL = int(Reason.ENTRIES_FULL)


@hot
def make_key(rules: KeyedRules, kept: Keyed, use: Row, words: Numbers) -> int:
    """Write the key of a packet into `wanted`: TRUE, FALSE if it has none, MAYBE if that cannot be known."""
    wanted = kept.wanted
    place = 0
    truth = TRUE
    for at in range(use["first"], use["first"] + use["parts"]):
        part = rules.parts[at]
        value = words[0, part["field"]] if part["field"] >= 0 else UNKNOWN_VALUE
        if value == ABSENT:
            if part["otherwise"] < 0:
                return FALSE
            value = part["otherwise"]
        if value == UNKNOWN_VALUE:
            truth = MAYBE  # and the key of no use
        elif part["wide"]:
            mask_address(part, words, wanted, place)
            place += 4
        else:
            wanted[place] = value & part["mask0"]
            place += 1
    for rest in range(place, kept.books[0]["width"]):
        wanted[rest] = 0
    return truth


@hot
def mask_address(part: Row, words: Numbers, wanted: Numbers, place: int) -> None:
    """Write the bits of an address that count."""
    field = part["field"]
    first = words[0, field]
    if first < V6:
        wanted[place] = first & part["narrow"]
        wanted[place + 1] = 0
        wanted[place + 2] = 0
        wanted[place + 3] = 0
    else:
        wanted[place] = V6 | (first & part["mask0"])
        wanted[place + 1] = words[0, field + 1] & part["mask1"]
        wanted[place + 2] = words[0, field + 2] & part["mask2"]
        wanted[place + 3] = words[0, field + 3] & part["mask3"]


@shared
def hash_wanted(kept: Keyed, keyed: int) -> int:
    """The hash of the key in `wanted`, below 2**31 (as `fwsim.engine.tuples.spread`)."""
    key = kept.books[0]["hash_key"]
    total = fold(keyed * key + 1)
    for at in range(kept.books[0]["width"]):
        word = kept.wanted[at]
        total = fold(total * key + (word & LOW))
        total = fold(total * key + (word >> 30 & LOW))
        total = fold(total * key + (word >> 60))
    return int(total & PRIME)


@shared
def find(kept: Keyed, keyed: int, hashed: int, ttl: int, now: int) -> int:
    """The first entry of the key in `wanted` that has not expired, or 0. A `ttl` that is not 0 must be the entry's."""
    at = int(kept.buckets[hashed & (len(kept.buckets) - 1)])
    while at > 0:
        entry = kept.entries[at]
        if (
            entry["hashed"] == hashed
            and entry["keyed"] == keyed
            and is_there(entry, now)
            and (ttl == 0 or entry["ttl"] == 0 or entry["ttl"] == ttl)
            and has_wanted_key(kept, at)
        ):
            return at
        at = int(entry["next"])
    return 0


@hot
def is_there(entry: Row, now: int) -> bool:
    """Whether an entry has not expired; one of which little is known stays."""
    return bool(entry["expires"] == 0 or now < entry["expires"] or entry["unknown"] != 0)


@hot
def has_wanted_key(kept: Keyed, at: int) -> bool:
    """Whether an entry has the key in `wanted`."""
    width = kept.books[0]["width"]
    place = at * width
    word = 0
    while word < width and kept.keys[place + word] == kept.wanted[word]:
        word += 1
    return bool(word == width)


@shared
def add(kept: Keyed, keyed: int, hashed: int) -> int:
    """A new entry of the key in `wanted`, or 0 if there is no row left (`fwsim.keyed_tables` sees to that)."""
    books = kept.books[0]
    at = int(books["free"])
    if at > 0:
        books["free"] = kept.entries[at]["next"]
    elif books["used"] + 1 < len(kept.entries):
        books["used"] += 1
        at = int(books["used"])
    else:
        return 0
    blank(kept.entries[at])
    kept.entries[at]["keyed"] = keyed
    kept.entries[at]["hashed"] = hashed
    width = books["width"]
    for word in range(width):
        kept.keys[at * width + word] = kept.wanted[word]
    kept.states[keyed]["count"] += 1
    link(kept, at)
    return at


@hot
def blank(entry: Row) -> None:
    """Make an entry one that has nothing."""
    entry["next"] = 0
    entry["expires"] = 0
    entry["unknown"] = 0
    entry["tokens"] = 0
    entry["last"] = 0
    entry["used"] = 0
    entry["count"] = 0
    entry["rate"] = ABSENT
    entry["quota"] = ABSENT
    entry["connections"] = ABSENT
    entry["over"] = 0
    entry["first_tuple"] = 0
    entry["last_tuple"] = 0
    entry["slot"] = 0
    entry["older"] = 0
    entry["newer"] = 0
    entry["ttl"] = 0


@hot
def link(kept: Keyed, at: int) -> None:
    """Put an entry at the end of its hash chain."""
    kept.entries[at]["next"] = 0
    bucket = kept.entries[at]["hashed"] & (len(kept.buckets) - 1)
    last = int(kept.buckets[bucket])
    if last == 0:
        kept.buckets[bucket] = at
        return
    while kept.entries[last]["next"] > 0:
        last = int(kept.entries[last]["next"])
    kept.entries[last]["next"] = at


@shared
def remove(kept: Keyed, at: int) -> None:
    """Take an entry out; its row and its tuples are free again."""
    entry = kept.entries[at]
    state = kept.states[entry["keyed"]]
    bucket = entry["hashed"] & (len(kept.buckets) - 1)
    before = int(kept.buckets[bucket])
    if before == at:
        kept.buckets[bucket] = entry["next"]
    else:
        while kept.entries[before]["next"] != at:
            before = int(kept.entries[before]["next"])
        kept.entries[before]["next"] = entry["next"]
    state["count"] -= 1
    if entry["unknown"]:
        state["vague"] -= 1
    free_tuples(kept, entry)
    entry["keyed"] = FREE
    entry["next"] = kept.books[0]["free"]
    kept.books[0]["free"] = at


@hot
def free_tuples(kept: Keyed, entry: Row) -> None:
    """Give the whole list of an entry's tuples back."""
    if entry["first_tuple"] > 0:
        kept.tuples[entry["last_tuple"]]["next"] = kept.books[0]["free_tuple"]
        kept.books[0]["free_tuple"] = entry["first_tuple"]
        kept.books[0]["tuples"] -= entry["count"]
        entry["first_tuple"] = 0
        entry["last_tuple"] = 0
        entry["count"] = 0


@hot
def suspect(kept: Keyed, at: int, reason: int) -> None:
    """What is known of an entry is not known any more."""
    entry = kept.entries[at]
    if entry["unknown"] == 0:
        entry["unknown"] = reason
        kept.states[entry["keyed"]]["vague"] += 1


@hot
def trust(kept: Keyed, at: int) -> None:
    """All of an entry is known again."""
    entry = kept.entries[at]
    if entry["unknown"]:
        entry["unknown"] = 0
        kept.states[entry["keyed"]]["vague"] -= 1


@hot
def expire_at(kept: Keyed, at: int, time: int) -> None:
    """Let an entry expire at a time, 0 for never."""
    kept.entries[at]["expires"] = time
    state = kept.states[kept.entries[at]["keyed"]]
    if time > 0 and (state["soonest"] == 0 or time < state["soonest"]):
        state["soonest"] = time


@hot
def last_collected(rules: KeyedRules, kept: Keyed, keyed: int, now: int) -> int:
    """When expired entries were collected last."""
    collect = rules.keyed[keyed]["collect"]
    if collect <= 0:
        return NEVER
    return int(now - (now - kept.books[0]["origin"]) % collect)


@hot
def in_doubt(kept: Keyed, reason: int) -> int:
    """MAYBE, for a reason that is noted."""
    kept.books[0]["why"] = reason
    return MAYBE


@hot
def lose(kept: Keyed, keyed: int, reason: int, quiet: int) -> int:
    """MAYBE; and unless `quiet`, nothing is known of a KEYED any more."""
    if not quiet and kept.states[keyed]["unknown"] == 0:
        kept.states[keyed]["unknown"] = reason
    return in_doubt(kept, reason)
