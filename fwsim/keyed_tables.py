"""The tables of entries by key as a whole: make them, let them grow, copy them.

Read first: `fwsim.engine.keyed`. The engine may not allocate, so there is room before each chunk for as many entries as
its packets may make. A ruleset that keeps nothing by key has tables of one row.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fwsim.engine.counted_rows import BOOKS, COUNT, ENTRY, KEYED, KEYED_STATE, PART, USE
from fwsim.engine.entries import K_DELETE, K_LOOK_UP, K_RECENT_CHECK, Keyed, KeyedRules
from fwsim.engine.keyed import add, hash_wanted
from fwsim.engine.keyed_upkeep import rehang, tidy
from fwsim.engine.rule_rows import LIMIT
from fwsim.engine.tuples import PRIME, Tracker
from fwsim.tables import SETTINGS, TUPLE, empty
from fwsim.terms import UNKNOWN_VALUE
from fwsim.tracker import LEAST_KEY, make_tracker
from fwsim.uncompiled import flush, usable

LEAST_ROWS = 64


class Element(NamedTuple):
    """An element that stands in the ruleset: the row of its KEYED, the words of its key, its timeout (ns, 0: none).

    What it counts is what the USE row says, or nothing (-1).
    """

    keyed: int
    key: tuple[int, ...]
    timeout: int = 0
    use: int = -1


def no_tracker() -> Tracker:
    """A connection table for those who track nothing."""
    return make_tracker(empty(SETTINGS, 1), key=0)


def no_rules() -> KeyedRules:
    """Rules that keep nothing by key."""
    return KeyedRules(*(empty(row, 0) for row in (KEYED, USE, PART, LIMIT, COUNT)))


def make_keyed(rules: KeyedRules, elements: Iterable[Element], tracker: Tracker, *, key: int) -> Keyed:
    """Tables that hold what stands in the ruleset; `key` keys the hash, and no result depends on it."""
    elements = list(elements)
    books = empty(BOOKS, 1)
    books[0]["width"] = width_of(rules, elements)
    books[0]["hash_key"] = LEAST_KEY + key % (PRIME - LEAST_KEY)
    books[0]["connection"] = UNKNOWN_VALUE
    rows = LEAST_ROWS if len(rules.uses) else 1
    while rows <= len(elements):
        rows *= 2
    rings = rules.keyed["size"] * rules.keyed["stamps"]
    made = Keyed(
        entries=empty(ENTRY, rows),
        keys=np.zeros(rows * int(books[0]["width"]), np.int64),
        buckets=np.zeros(rows, np.int64),
        states=empty(KEYED_STATE, len(rules.keyed)),
        stamps=np.zeros(int(rings.sum()), np.int64),
        tuples=empty(TUPLE, LEAST_ROWS if counts_connections(rules) else 1),
        wanted=np.zeros(int(books[0]["width"]), np.int64),
        books=books,
        tracker=tracker,
    )
    tables = usable(made)
    for element in elements:
        _write(rules, tables, element)
    flush(tables)
    return made


def _write(rules: KeyedRules, kept: Keyed, element: Element) -> None:
    """Put in one element of the ruleset."""
    for place in range(int(kept.books[0]["width"])):
        kept.wanted[place] = element.key[place] if place < len(element.key) else 0
    row = kept.entries[add(kept, element.keyed, hash_wanted(kept, element.keyed))]
    row["expires"] = element.timeout
    if element.use >= 0:
        for name in ("rate", "quota", "connections", "over"):
            row[name] = int(rules.uses[element.use][name])


def width_of(rules: KeyedRules, elements: Iterable[Element]) -> int:
    """How many words the widest key has."""
    widths = [len(element.key) for element in elements]
    for use in rules.uses:
        parts = rules.parts[int(use["first"]) : int(use["first"] + use["parts"])]
        widths.append(int(np.where(parts["wide"] != 0, 4, 1).sum()))
    return max(widths, default=0)


def counts_connections(rules: KeyedRules) -> int:
    """How many uses count connections."""
    return int((rules.uses["connections"] >= 0).sum())


def _makers(rules: KeyedRules) -> int:
    """How many uses may make an entry."""
    kinds = rules.uses["kind"]
    return int(((kinds != K_LOOK_UP) & (kinds != K_DELETE) & (kinds < K_RECENT_CHECK)).sum())


def room_lacks(kept: Keyed, rules: KeyedRules, packets: int) -> bool:
    """Whether so many packets might make more entries, or count more connections, than there are rows for."""
    return _wanted(kept, rules, packets) != (len(kept.entries), len(kept.tuples))


def _wanted(kept: Keyed, rules: KeyedRules, packets: int) -> tuple[int, int]:
    """How many rows of entries and of tuples there should be."""
    rows, tuples = len(kept.entries), len(kept.tuples)
    books = kept.books[0]
    live = sum(int(kept.states[at]["count"]) for at in range(len(kept.states)))
    most = sum(int(size) for size in rules.keyed["size"]) + 1
    needed = min(live + packets * _makers(rules), most) + 1
    while rows < needed:
        rows *= 2
    while tuples < int(books["tuples"]) + packets * counts_connections(rules) + 1 and counts_connections(rules):
        tuples *= 2
    return rows, tuples


def grow(kept: Keyed, rules: KeyedRules, packets: int) -> Keyed:
    """The same tables with room for what so many packets may make; takes and returns arrays."""
    tables = usable(kept)
    tidy(usable(rules), tables)
    flush(tables)
    rows, tuples = _wanted(kept, rules, packets)
    if (rows, tuples) == (len(kept.entries), len(kept.tuples)):
        return kept
    larger = with_rows(kept, rows, tuples)
    tables = usable(larger)
    rehang(tables, usable(kept.buckets))
    flush(tables)
    return larger


def with_rows(kept: Keyed, rows: int, tuples: int) -> Keyed:
    """The same rows and more of them, behind empty buckets."""
    return kept._replace(
        entries=_longer(kept.entries, rows),
        keys=_longer(kept.keys, rows * int(kept.books[0]["width"])),
        buckets=np.zeros(1 << (rows - 1).bit_length(), np.int64),
        tuples=_longer(kept.tuples, tuples),
    )


def _longer(table: npt.NDArray[np.generic], length: int) -> npt.NDArray[np.generic]:
    """The same rows, and zeros behind them."""
    whole = np.zeros(length, table.dtype)
    whole[: len(table)] = table
    return whole


def copy(kept: Keyed) -> Keyed:
    """The same once more, but for the connection table."""
    own = {name: getattr(kept, name).copy() for name in Keyed._fields if name != "tracker"}
    return kept._replace(**own)
