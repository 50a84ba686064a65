"""Which rules of a chain touch a region of packets, and which hold all of it: bitsets, a bit for each rule.

Read first: `intervals`. For each field the rules that ask for one interval are sorted by its ends, so that two look-ups
give those that touch, or hold, an interval, however many there are. The few that ask for several intervals are looked
at one by one. The rules that do not ask for a field take any value.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from .intervals import Interval, Set, touches

FEW = 8
"""Intervals that are looked up one by one; of more the rules are asked."""
BLOCK = 64
"""Bitsets that are put together beforehand."""


def bits_of(bitset: int) -> Iterator[int]:
    """The places of the bits, the lowest first."""
    while bitset:
        lowest = bitset & -bitset
        yield lowest.bit_length() - 1
        bitset ^= lowest


class View(NamedTuple):
    """What a chain's rules say of a region.

    `touching` are those that all fields of the region touch; `holding` for each indexed field those that take all its
    values; `unknown` those that ask for a field whose value is not known.
    """

    touching: int
    holding: tuple[int, ...]
    unknown: int

    def certain(self) -> int:
        """The rules that every packet of the region meets."""
        result = self.touching
        for bitset in self.holding:
            result &= bitset
        return result

    def nearly(self) -> int:
        """The rules that all fields but one take whole."""
        lacking_one, lacking_more = 0, 0
        for bitset in self.holding:
            lacks = self.touching & ~bitset
            lacking_more |= lacking_one & lacks
            lacking_one |= lacks
        return lacking_one & ~lacking_more


class Column:
    """One field of an index: what each rule wants of it."""

    def __init__(self, wanted: Mapping[int, Set], rules: int) -> None:
        """What the rules want that ask for it, by their places among so many `rules`."""
        self.wanted = wanted
        self.every = (1 << rules) - 1
        self.askers = sum(1 << rule for rule in wanted)
        self.others = self.every & ~self.askers
        single = {rule: found[0] for rule, found in wanted.items() if len(found) == 1}
        self._sets: dict[Set, int] = {}
        """The sets of several intervals, and who asks for each."""
        for rule, found in wanted.items():
            if len(found) > 1:
                self._sets[found] = self._sets.get(found, 0) | 1 << rule
        self.several = sum(self._sets.values())
        self.lows, self._started = _gathered([(interval[0], rule) for rule, interval in single.items()])
        self.highs, self._ended = _gathered([(interval[1], rule) for rule, interval in single.items()])

    def _begun(self, value: int) -> int:
        """The rules whose interval begins at a value or below."""
        return self._started[bisect_right(self.lows, value)]

    def _over(self, value: int) -> int:
        """The rules whose interval ends below a value."""
        return self._ended[bisect_left(self.highs, value)]

    def touching_interval(self, interval: Interval) -> int:
        """The rules asking for one interval that touch this one."""
        return self._begun(interval[1]) & ~self._over(interval[0])

    def touching(self, region: Set, among: int) -> int:
        """Those of some rules that take some value of a set."""
        if len(region) > FEW:
            found = self.others | self._tested(region, among & self.askers & ~self.several)
        else:
            found = self.others
            for interval in region:
                found |= self.touching_interval(interval)
        return among & (found | self._touched(region, among))

    def touching_without(self, region: Set, removed: Set, among: int) -> int:
        """The same for a set from which values were just removed; `among` touched it before."""
        if len(region) <= FEW or len(removed) > FEW:
            return self.touching(region, among)
        doubtful = 0
        for interval in removed:
            doubtful |= self.touching_interval(interval)
        doubtful &= among
        sure = among & ~doubtful & ~self.several
        return sure | self._tested(region, doubtful) | among & self._touched(region, among)

    def holding(self, region: Set, among: int) -> int:
        """Those of some rules that take all values of a set."""
        found = self._begun(region[0][0]) & ~self._over(region[-1][1])
        held = self.several & among
        for low, high in region:
            if not held:
                break
            held &= self._several.holding(low, high)
        return among & (self.others | found | held)

    def meeting(self, value: int) -> int:
        """The rules that take a value."""
        single = self._begun(value) & ~self._over(value)
        return self.others | single | self._several.taking(value)

    @cached_property
    def _several(self) -> Several:
        """The sets of several intervals, and who asks for each."""
        return Several(self._sets)

    def _touched(self, region: Set, among: int) -> int:
        """The rules with sets of several intervals of which some values are in the region."""
        if not self.several & among:
            return 0
        found = 0
        if len(region) > FEW:
            for wanted, askers in self._sets.items():
                if askers & among and touches(region, wanted):
                    found |= askers
        else:
            for low, high in region:
                found |= self._several.touching(low, high)
        return found

    def _tested(self, region: Set, rules: int) -> int:
        """Those of some rules that take some value of a set, asked one by one."""
        found = 0
        for rule in bits_of(rules):
            if touches(region, self.wanted[rule]):
                found |= 1 << rule
        return found


def _gathered(ends: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """The values in order, and before each of them and behind the last the bitset of the rules so far."""
    values: list[int] = []
    bitsets = [0]
    for value, rule in sorted(ends):
        if values and values[-1] == value:
            bitsets[-1] |= 1 << rule
        else:
            values.append(value)
            bitsets.append(bitsets[-1] | 1 << rule)
    return values, bitsets


class Gathered:
    """Bitsets by values: those of a range of values together, in few steps."""

    def __init__(self, bitsets: Mapping[int, int]) -> None:
        """Order them, and put every `BLOCK` together."""
        self.values = sorted(bitsets)
        self._bitsets = [bitsets[value] for value in self.values]
        self._blocks = [_together(self._bitsets[at : at + BLOCK]) for at in range(0, len(self._bitsets), BLOCK)]

    def between(self, low: int, high: int) -> int:
        """All bitsets of the values from `low` to `high`."""
        first, last = bisect_left(self.values, low), bisect_right(self.values, high)
        begin, end = -(-first // BLOCK), last // BLOCK
        if begin >= end:
            return _together(self._bitsets[first:last])
        outside = _together(self._bitsets[first : begin * BLOCK]) | _together(self._bitsets[end * BLOCK : last])
        return outside | _together(self._blocks[begin:end])


def _together(bitsets: Sequence[int]) -> int:
    """What is in any of some bitsets."""
    found = 0
    for bitset in bitsets:
        found |= bitset
    return found


class Several:
    """Sets of several intervals, none adjoining, with the rules that ask for each."""

    def __init__(self, sets: Mapping[Set, int]) -> None:
        """Note where they begin and end, and who takes the values between."""
        begins: dict[int, int] = {}
        ends: dict[int, int] = {}
        for wanted, askers in sets.items():
            for low, high in wanted:
                begins[low] = begins.get(low, 0) | askers
                ends[high] = ends.get(high, 0) | askers
        self._begins, self._ends = Gathered(begins), Gathered(ends)
        changes = dict(begins)
        for high, askers in ends.items():
            changes[high + 1] = changes.get(high + 1, 0) ^ askers
        self._changes = sorted(changes)
        self._classes = [0]
        for value in self._changes:
            self._classes.append(self._classes[-1] ^ changes[value])

    def taking(self, value: int) -> int:
        """The rules that take a value."""
        return self._classes[bisect_right(self._changes, value)]

    def touching(self, low: int, high: int) -> int:
        """The rules that take some value of an interval."""
        return self.taking(low) | self._begins.between(low + 1, high)

    def holding(self, low: int, high: int) -> int:
        """The rules that take all values of an interval."""
        return self.taking(low) & ~self._ends.between(low, high - 1)


class Index:
    """The index of a chain over the places of a region that its rules ask for."""

    def __init__(self, rules: Sequence[Mapping[int, Set]]) -> None:
        """What each rule wants, by the place of the field in a region. One that wants the impossible is left out."""
        wanted: dict[int, dict[int, Set]] = {}
        self.possible = 0
        for number, rule in enumerate(rules):
            if all(rule.values()):
                self.possible |= 1 << number
                for place, found in rule.items():
                    wanted.setdefault(place, {})[number] = found
        self.places = tuple(wanted)
        self.numbers = {place: number for number, place in enumerate(self.places)}
        self.columns = [Column(found, len(rules)) for found in wanted.values()]

    def view(self, region: Sequence[Set | None], start: int) -> View:
        """What the rules from `start` on say of a region."""
        touching = self.possible >> start << start
        unknown = 0
        pairs = list(zip(self.places, self.columns, strict=True))
        for place, column in sorted(pairs, key=lambda pair: len(region[pair[0]] or ())):  # what is quick comes first
            found = region[place]
            if found is None:
                unknown |= column.askers
            elif touching:
                touching = column.touching(found, touching)
        holding = []
        for place, column in pairs:
            found = region[place]
            holding.append(column.others if found is None else column.holding(found, touching))
        return View(touching, tuple(holding), unknown & touching)

    def meeting(self, values: Sequence[int | None]) -> tuple[int, int]:
        """The rules that a packet with these values may meet, and those that it meets for sure: None is not known."""
        possible = certain = self.possible
        for place, column in zip(self.places, self.columns, strict=True):
            value = values[place]
            if value is None:
                certain &= column.others
            else:
                met = column.meeting(value)
                possible &= met
                certain &= met
            if not possible:
                break
        return possible, certain

    def narrowed(self, view: View, place: int, found: Set, removed: Set | None = None) -> View:
        """The view of a region whose field now has fewer values, `removed` ones less if that is told."""
        number = self.numbers.get(place)
        if number is None:
            return view
        column = self.columns[number]
        touching = (
            column.touching(found, view.touching)
            if removed is None
            else column.touching_without(found, removed, view.touching)
        )
        held = column.holding(found, touching)
        return View(touching, (*view.holding[:number], held, *view.holding[number + 1 :]), view.unknown & touching)
