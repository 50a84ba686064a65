"""Entries by key in a checkpoint: the rows in use, their keys, and the chains that they are in.

Read first: `fwsim.engine.keyed`, `fwsim.keyed_tables`. The hash is not saved: its key is secret, and no result depends
on it. Entries are saved in an order in which those of one key stay behind each other. Every chain is walked through
when it is read, because the engine follows them without looking.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from fwsim.checkpoint.saved import Bounds, Saved
from fwsim.engine.counted_rows import BOOKS, ENTRY, KEYED_STATE
from fwsim.engine.entries import Keyed, KeyedRules
from fwsim.engine.keyed import FREE, hash_wanted, link
from fwsim.keyed_tables import with_rows
from fwsim.tables import TUPLE
from fwsim.terms import Reason
from fwsim.uncompiled import flush, usable

ROWS_MAX = 1 << 26
"""More than these would take 8 GiB."""
FAR = 1 << 62
REASONS = (0, int(max(Reason)))
OF_RUN = ("width", "hash_key", "connection")
"""What a fresh table has of itself."""


def save_keyed(kept: Keyed) -> dict[str, Any]:
    """What is saved of tables of arrays."""
    books = kept.books.copy()
    for name in OF_RUN:
        books[name] = 0
    used, tuples = int(books[0]["used"]) + 1, int(books[0]["tuples_used"]) + 1
    return {
        "books": books,
        "states": kept.states,
        "entries": kept.entries[1:used],
        "keys": kept.keys[: used * int(kept.books[0]["width"])],
        "order": np.array([at for first in kept.buckets for at in _chain(kept.entries, int(first))], np.int64),
        "stamps": kept.stamps,
        "tuples": kept.tuples[1:tuples],
    }


def restored_keyed(fresh: Keyed, rules: KeyedRules, saved: Saved) -> Keyed:
    """The tables that were saved, with the hash key and the connection table of fresh ones."""
    books = saved.rows("books", BOOKS, 1)
    for name in OF_RUN:
        books[name] = fresh.books[name]
    used, tuples = int(books[0]["used"]), int(books[0]["tuples_used"])
    saved.must(0 <= used < ROWS_MAX and 0 <= tuples < ROWS_MAX, "books")
    saved.check("books", books, {"free": (0, used), "free_tuple": (0, tuples), "tuples": (0, tuples), "why": REASONS})
    kept = with_rows(fresh, max(len(fresh.entries), used + 1), max(len(fresh.tuples), tuples + 1))
    kept = kept._replace(books=books)
    kept.entries[1 : used + 1] = saved.rows("entries", ENTRY, used, _bounds(rules, used, tuples))
    kept.tuples[1 : tuples + 1] = saved.rows("tuples", TUPLE, tuples, {"next": (0, tuples), "proto": (0, 255)})
    for name, whole in (("keys", kept.keys[: (used + 1) * int(books[0]["width"])]), ("stamps", kept.stamps)):
        numbers = saved.numbers(name)
        saved.must(len(numbers) == len(whole), name)
        whole[:] = numbers
    kept.states[:] = saved.rows("states", KEYED_STATE, len(rules.keyed), {"unknown": REASONS})
    _check_entries(kept, saved)
    _check_tuples(kept, saved)
    for keyed in range(len(rules.keyed)):
        _check_state(kept, rules, saved, keyed)
    _hang(kept, saved)
    return kept


def _bounds(rules: KeyedRules, used: int, tuples: int) -> Bounds:
    """What the fields of an entry can be."""
    rows = dict.fromkeys(("next", "older", "newer"), (0, used))
    lists = dict.fromkeys(("first_tuple", "last_tuple"), (0, tuples))
    return {
        **rows, **lists, "keyed": (FREE, len(rules.keyed) - 1), "unknown": REASONS, "count": (0, FAR), "used": (0, FAR),
        "rate": (-1, len(rules.rates) - 1), "quota": (-1, len(rules.quotas) - 1), "over": (0, 1), "ttl": (0, 255),
    }  # fmt: skip


def _check_entries(kept: Keyed, saved: Saved) -> None:
    """Each row is free, and in that chain, or an entry that is in order."""
    entries = kept.entries[1 : int(kept.books[0]["used"]) + 1]
    taken = (np.flatnonzero(entries["keyed"] != FREE) + 1).tolist()
    free = _walk(kept.entries, int(kept.books[0]["free"]), len(entries))
    saved.must(sorted(free) == (np.flatnonzero(entries["keyed"] == FREE) + 1).tolist(), "entries")
    saved.must(sorted(saved.numbers("order").tolist()) == taken, "order")


def _check_tuples(kept: Keyed, saved: Saved) -> None:
    """Each tuple is free, or in the list of one entry, which ends where the entry says and is as long."""
    most = int(kept.books[0]["tuples_used"])
    found = _walk(kept.tuples, int(kept.books[0]["free_tuple"]), most)
    listed = 0
    for entry in kept.entries[1 : int(kept.books[0]["used"]) + 1]:
        if entry["keyed"] != FREE and entry["connections"] >= 0:
            one = _walk(kept.tuples, int(entry["first_tuple"]), most)
            saved.must(
                len(one) == entry["count"] and [*one, 0][len(one) - 1 if one else 0] == entry["last_tuple"], "tuples"
            )
            listed += len(one)
            found += one
        elif entry["keyed"] != FREE:
            saved.must(entry["first_tuple"] == 0, "tuples")
    saved.must(listed == kept.books[0]["tuples"] and sorted(found) == list(range(1, most + 1)), "tuples")


def _check_state(kept: Keyed, rules: KeyedRules, saved: Saved, keyed: int) -> None:
    """What is counted of entries is so, and lists of xt_recent are in order."""
    state, stamps, size = kept.states[keyed], int(rules.keyed[keyed]["stamps"]), int(rules.keyed[keyed]["size"])
    used = int(kept.books[0]["used"])
    own = np.flatnonzero(kept.entries["keyed"][1 : used + 1] == keyed) + 1
    entries = kept.entries[own]
    saved.must(state["count"] == len(own) and state["vague"] == (entries["unknown"] != 0).sum(), "states")
    if stamps == 0:
        return
    order = _walk(kept.entries, int(state["oldest"]), used, "newer")
    saved.must(
        sorted(order) == own.tolist() and [*order, 0][len(order) - 1 if order else 0] == state["newest"], "states"
    )
    saved.must(kept.entries["older"][order].tolist() == [0, *order][: len(order)], "entries.older")
    saved.must(bool(((entries["last"] >= 1) & (entries["last"] <= stamps)).all()), "entries.last")
    saved.must(bool((entries["count"] <= stamps).all()) and 0 <= state["slots"] <= size, "entries.count")
    slots = entries["slot"].tolist()
    free = int(state["free_slot"])
    while 0 < free <= state["slots"] and len(slots) <= size:
        slots.append(free - 1)
        free = int(kept.stamps[int(rules.keyed[keyed]["base"]) + (free - 1) * stamps])
    saved.must(free == 0 and sorted(slots) == list(range(int(state["slots"]))), "states.slots")


def _hang(kept: Keyed, saved: Saved) -> None:
    """Hash all entries anew."""
    tables = usable(kept)
    width = int(kept.books[0]["width"])
    for at in saved.numbers("order").tolist():
        for word in range(width):
            tables.wanted[word] = tables.keys[at * width + word]
        tables.entries[at]["hashed"] = hash_wanted(tables, int(tables.entries[at]["keyed"]))
        link(tables, at)
    flush(tables)


def _chain(entries: Any, first: int) -> Iterable[int]:
    """The rows of a chain that is known to end."""
    while first > 0:
        yield first
        first = int(entries[first]["next"])


def _walk(table: Any, start: int, most: int, link: str = "next") -> list[int]:
    """The rows of a chain; if it does not end or leads out of the table, also one that there cannot be."""
    following = table[link][: most + 1].tolist()
    found: list[int] = []
    while 0 < start <= most and len(found) <= most:
        found.append(start)
        start = following[start]
    return found if start == 0 else [*found, most + 1]
