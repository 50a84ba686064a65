"""What rules keep by key, as rows of KEYED, USE and PART: sets that rules change, hashlimit, recent, connections.

Read first: `fwsim.engine.counted`, KEYED and USE in `fwsim.engine.counted_rows`. What is named is shared by all who
name it: sets by the rules of a table, hashlimit by those of a family, recent by all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from fwsim.engine.counted_rows import KEYED, PART, USE
from fwsim.engine.entries import (
    K_ADD,
    K_CONNECTIONS,
    K_DELETE,
    K_HASH_LIMIT,
    K_LOOK_UP,
    K_RECENT_CHECK,
    K_RECENT_REMOVE,
    K_RECENT_SET,
    K_RECENT_UPDATE,
    K_UPDATE,
)
from fwsim.keyed_tables import Element
from fwsim.netfilter.fields import Selector
from fwsim.netfilter.model import Set, Table
from fwsim.netfilter.steps import Connections, Effectless, HashLimit, Lookup, Quota, Rate, Recent, Step, Update
from fwsim.ruleset.values import Addresses, MatchValue, Names, Numbers
from fwsim.tables import V6, number_in_seen
from fwsim.terms import ABSENT

from .counts import CountRow, quota_row
from .credits import HZ, SECOND, hash_bucket, tick_ns
from .fields import ADDRESSES, NO_SLOTS, Fields
from .limits import LimitRow, limit_row

BITS32 = 0xFFFFFFFF
WHOLE = (1 << 63) - 1
SET_SIZE = 0xFFFF
"""Of a set that rules change and whose size is not written (nft_dynset_init)."""
HASH_SIZE = 65_536
"""Of a table of hashlimit (8 times its buckets, of which there are 8192 in any machine of today)."""
ENDLESS = 1 << 30
RECENT_SIZE = 100
"""Addresses in a list (ip_list_tot of xt_recent)."""
STAMPS = 32
"""Times of an address, where no rule asks how many there were (ip_pkt_list_tot 0)."""
MOST_ELEMENTS = 65_536
"""Of a set that rules change, written in the ruleset."""
PARTS = {"add": K_ADD, "update": K_UPDATE, "delete": K_DELETE}
RECENT = {"set": K_RECENT_SET, "rcheck": K_RECENT_CHECK, "update": K_RECENT_UPDATE, "remove": K_RECENT_REMOVE}
PORTS = ("sport", "dport")


@dataclass(frozen=True)
class Counts:
    """What an element counts: a row of LIMIT, a row of COUNT, or connections up to so many."""

    rate: int = ABSENT
    quota: int = ABSENT
    connections: int = ABSENT
    over: int = 0


class Keying:
    """The rows under construction."""

    def __init__(self, interfaces: Sequence[str], fields: Fields = NO_SLOTS) -> None:
        """`interfaces` are the declared names, by number; `fields` those of the ruleset."""
        self.interfaces = interfaces
        self._fields = fields
        self.keyed: list[dict[str, int]] = []
        self.uses: list[dict[str, int]] = []
        self.parts: list[dict[str, int]] = []
        self.rates: list[LimitRow] = []
        self.quotas: list[CountRow] = []
        self.elements: list[Element] = []
        self.fields: set[str] = set()
        """What the keys are made of."""
        self._names: dict[tuple[str, ...], int] = {}

    def use(self, step: Step, table: Table) -> int | None:
        """The row of USE of a step; None if it cannot be simulated."""
        if isinstance(step, HashLimit):
            return self._hash_limit(step, table)
        if isinstance(step, Recent):
            return self._recent(step, table)
        if isinstance(step, Connections):
            keyed = self._add_keyed(size=ENDLESS, counting=2)
            parts = [self._part(selector, bits) for selector, bits in step.key]
            return self._add_use(keyed, K_CONNECTIONS, parts, Counts(connections=step.count, over=int(step.over)))
        if isinstance(step, Lookup) and step.set is not None:
            keyed_set = self._set(table.sets[step.set], table)
            if keyed_set is None:
                return None
            key = self._key(step.selectors)
            return self._add_use(keyed_set, K_LOOK_UP, key, negate=int(step.negated), absent=int(step.absent))
        return self._update(step, table) if isinstance(step, Update) else None

    # --- sets that rules change -------------------------------------------------------------------------------------

    def _update(self, step: Update, table: Table) -> int | None:
        """A change of a set, and what the element that it makes counts."""
        of_set = table.sets[step.set]
        keyed = self._set(of_set, table)
        counts = self._counts(step.steps or of_set.steps)
        if keyed is None or counts is None:
            return None
        self._count(keyed, counts)
        timeout = step.timeout_ns if step.timeout_ns is not None else of_set.timeout_ns or 0
        return self._add_use(keyed, PARTS[step.operation], self._key(step.selectors), counts, timeout=timeout)

    def _set(self, of_set: Set, table: Table) -> int | None:
        """The row of KEYED of a set, its written elements put in; None if they cannot be."""
        name = ("set", table.family, table.name, of_set.name)
        if name not in self._names:
            keys = self._expiries(of_set)
            counts = self._counts(of_set.steps)
            if len(keys) > MOST_ELEMENTS or counts is None or of_set.cases is not None:
                return None
            keyed = self._names[name] = self._add_keyed(size=of_set.size or SET_SIZE, collect=SECOND)
            self._count(keyed, counts)
            use = self._add_use(keyed, K_LOOK_UP, [], counts) if counts != Counts() else ABSENT
            self.elements += [Element(keyed, key, timeout, use) for key, timeout in keys.items()]
        return self._names[name]

    def _expiries(self, of_set: Set) -> dict[tuple[int, ...], int]:
        """The keys of the elements that are written in a set, with when each is forgotten, 0 for never."""
        expiries: dict[tuple[int, ...], int] = {}
        for element, lifetime in zip(of_set.elements, of_set.lifetimes, strict=True):
            for key in self._keys(element):
                expiries.setdefault(key, lifetime)
        return expiries

    def _count(self, keyed: int, counts: Counts) -> None:
        """Note that elements of a set count."""
        kind = 2 if counts.connections >= 0 else int(counts != Counts())
        self.keyed[keyed]["counting"] = max(self.keyed[keyed]["counting"], kind)

    def _counts(self, steps: Sequence[Step]) -> Counts | None:
        """What the statements of an element count; None if that is more than one thing, or not simulated."""
        counting = [step for step in steps if not isinstance(step, Effectless)]
        if not counting:
            return Counts()
        step = counting[0]
        if len(counting) > 1:
            return None
        if isinstance(step, Rate) and step.kernel == "nft" and step.object is None:
            self.rates.append(limit_row(step.limit))
            return Counts(rate=len(self.rates) - 1)
        if isinstance(step, Quota) and step.object is None:
            self.quotas.append(quota_row(step))
            return Counts(quota=len(self.quotas) - 1)
        if isinstance(step, Connections):  # of the element, whatever the step says beside
            return Counts(connections=step.count, over=int(step.over))
        return None

    def _keys(self, element: tuple[MatchValue, ...]) -> list[tuple[int, ...]]:
        """The keys of an element: more than one only where it was written as a range."""
        parts = [self._values(value) for value in element]
        return [tuple(word for part in parts for word in part) for parts in product(*parts)]

    def _values(self, value: MatchValue) -> list[tuple[int, ...]]:
        """The words of each of some values, at most one more than there may be."""
        if isinstance(value, Names):
            return [(number,) for number, name in enumerate(self.interfaces) if value.matches(name)]
        if isinstance(value, Addresses):
            narrow: list[tuple[int, ...]] = [(number, 0, 0, 0) for number in _numbers(value.v4)]
            return [*narrow, *map(_wide, _numbers(value.v6))]
        intervals = value.intervals if isinstance(value, Numbers) else [(one.low, one.high) for one in value.choices]
        return [(number,) for number in _numbers(intervals)]

    # --- xtables ----------------------------------------------------------------------------------------------------

    def _hash_limit(self, step: HashLimit, table: Table) -> int:
        """A limit by key; the first rule that names a table says how it is."""
        name = ("hashlimit", table.family, step.name)
        if name not in self._names:
            bucket = hash_bucket(step.limit)._asdict()
            size = step.most or HASH_SIZE
            self._names[name] = self._add_keyed(size=size, collect=SECOND, timeout=step.expire_ns, **bucket)
        parts = [self._part(field, bits, 0 if field in PORTS else ABSENT) for field, bits in step.key]
        return self._add_use(self._names[name], K_HASH_LIMIT, parts, Counts(over=int(step.limit.over)))

    def _recent(self, step: Recent, table: Table) -> int:
        """A list of addresses; its mask is that of the first rule that names it, its rings fit for all of them."""
        name = ("recent", step.name)
        if name not in self._names:
            self._names[name] = self._add_keyed(size=RECENT_SIZE, tick=tick_ns())
        keyed = self._names[name]
        first = next((use["first"] for use in self.uses if use["keyed"] == keyed), None)
        parts = [self._part(step.side, step.mask)]
        parts[0]["narrow"] = parts[0]["mask0"]
        if table.sees == 4:  # the mask is an address of either family, and iptables writes the first word only
            parts[0] |= dict.fromkeys(("mask1", "mask2", "mask3"), BITS32)
        if first is not None:
            field = parts[0]["field"]
            parts = [{**self.parts[first], "field": field}]
        ring = 1 << (step.hitcount - 1).bit_length() if step.hitcount else STAMPS
        self.keyed[keyed]["stamps"] = max(self.keyed[keyed]["stamps"], ring)
        reaps = step.reap and step.action in ("rcheck", "update")
        return self._add_use(
            keyed, RECENT[step.action], parts, negate=int(step.negated), seconds=step.seconds * HZ,
            hits=step.hitcount, reap=int(reaps), ttl=int(step.same_ttl),
        )  # fmt: skip

    # --- rows -------------------------------------------------------------------------------------------------------

    def _key(self, selectors: Sequence[Selector]) -> list[dict[str, int]]:
        """The parts of a key, all bits of them."""
        return [self._part(selector, 128) for selector in selectors]

    def _part(self, selector: Selector, bits: int, otherwise: int = ABSENT) -> dict[str, int]:
        """One part of a key: so many bits of an address, or a number."""
        field = self._fields.of(selector)
        part = dict.fromkeys(PART.names or (), 0) | {"field": ABSENT, "otherwise": otherwise, "mask0": WHOLE}
        if field is not None:
            self.fields.add(field)
            part["field"] = number_in_seen(field)
        if field in ADDRESSES:
            mask = (1 << 128) - (1 << 128 - bits)
            part |= {"wide": 1, "narrow": BITS32 - (BITS32 >> min(bits, 32))}
            part |= {f"mask{word}": mask >> 96 - 32 * word & BITS32 for word in range(4)}
        return part

    def _add_keyed(self, **fields: int) -> int:
        """A row of KEYED."""
        self.keyed.append(dict.fromkeys(KEYED.names or (), 0) | fields)
        return len(self.keyed) - 1

    def _add_use(
        self, keyed: int, kind: int, parts: Sequence[dict[str, int]], counts: Counts | None = None, **fields: int
    ) -> int:
        """A row of USE with its parts."""
        row = dict.fromkeys(USE.names or (), 0) | {"keyed": keyed, "kind": kind, "first": len(self.parts)}
        self.uses.append(row | {"parts": len(parts)} | vars(counts or Counts()) | fields)
        self.parts += parts
        return len(self.uses) - 1

    def finish(self) -> None:
        """Say where the stamps of each list begin."""
        base = 0
        for row in self.keyed:
            row["base"] = base
            base += row["size"] * row["stamps"]


def _numbers(intervals: Sequence[tuple[int, int]]) -> list[int]:
    """The numbers of intervals, at most one more than a set may have."""
    result: list[int] = []
    for low, high in intervals:
        result += range(low, min(high, low + MOST_ELEMENTS) + 1)
        if len(result) > MOST_ELEMENTS:
            break
    return result


def _wide(number: int) -> tuple[int, int, int, int]:
    """The four words of an IPv6 address."""
    return V6 | number >> 96, number >> 64 & BITS32, number >> 32 & BITS32, number & BITS32
