"""The tables of entries by key, grouped: what rules say of them, and what a run remembers.

Read first: KEYED, USE, PART, ENTRY and BOOKS in `counted_rows`; then `keyed`, which finds entries, and `counted`, which
answers. Only the grouping is here, and the numbers in USE["kind"].
"""

from __future__ import annotations

from typing import Any, NamedTuple

from fwsim.engine.tuples import Tracker
from fwsim.tables import Table

Numbers = Any

# What a USE does.
K_LOOK_UP = 0
K_ADD = 1
K_UPDATE = 2
K_DELETE = 3
K_CONNECTIONS = 4
K_HASH_LIMIT = 5
K_RECENT_SET = 6
K_RECENT_CHECK = 7
K_RECENT_UPDATE = 8
K_RECENT_REMOVE = 9


class KeyedRules(NamedTuple):
    """What rules say of entries by key; nothing in it changes while it runs."""

    keyed: Table
    uses: Table
    parts: Table
    rates: Table
    quotas: Table


class Keyed(NamedTuple):
    """What a run remembers by key.

    `keys` has BOOKS["width"] words for each of the `entries`, `buckets` (a power of two) the first entry of each hash
    chain, `stamps` the rings of xt_recent, `tuples` (rows of TUPLE) the connections that are counted, row 0 being
    scratch; `wanted` is the key looked for. `tracker` is the table in which connections are looked up.
    """

    entries: Table
    keys: Numbers
    buckets: Numbers
    states: Table
    stamps: Numbers
    tuples: Table
    wanted: Numbers
    books: Table
    tracker: Tracker
