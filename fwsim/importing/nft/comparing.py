"""From constants to the values that a selector is compared with.

Read first: `operands`, `values`, `fwsim.ruleset.values`. Equal values are one object: rulesets repeat
themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fwsim.netfilter.fields import FIELDS, Fib, Raw, Selector
from fwsim.ruleset.values import Addresses, Choice, Intervals, Masked, MatchValue, Names, Numbers, merged

from .blocks import blocks
from .operands import Operand
from .values import Constant, Everything, Span, Word

FAMILIES = {"nfproto": {2: 4, 10: 6}, "ethertype": {0x0800: 4, 0x86DD: 6}}
"""By what nft calls a family: ours."""


def kind_of(selector: Selector) -> str:
    """What a selector holds: `number`, `bits`, `address` or `name`."""
    if isinstance(selector, str):
        return FIELDS[selector].kind
    if isinstance(selector, Fib) and selector.result in ("oif", "oifname"):
        return "name"
    return "number"


class Values:
    """Makes values, each once."""

    def __init__(self) -> None:
        """None has been made yet."""
        self._made: dict[MatchValue, MatchValue] = {}
        self._numbers: dict[tuple[object, ...], MatchValue] = {}
        """By what they are made of."""

    def shared(self, value: MatchValue) -> MatchValue:
        """The value, or the equal one that was made before."""
        return self._made.setdefault(value, value)

    def of(self, operand: Operand, constants: Sequence[Constant], negated: bool = False) -> MatchValue:
        """The value that is one of some constants, or none of them."""
        if kind_of(operand.selector) == "name":
            return self.shared(names(constants, negated))
        spans = tuple(full(operand) if isinstance(each, Everything) else each for each in constants)
        intervals = merged((span.low, span.high) for span in spans if isinstance(span, Span))
        return self.numbers(operand, intervals, negated)

    def numbers(self, operand: Operand, intervals: Intervals, negated: bool = False) -> MatchValue:
        """The value that lies in one of some intervals."""
        key = operand.selector, operand.bits, operand.operations, operand.numbers, intervals, negated
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = self.shared(compared(operand, intervals, negated))
        return found

    def any_bit(self, operand: Operand, bits: int, negated: bool = False) -> MatchValue:
        """Any of some bits is set, or none is."""
        choice = Choice(0, 0, bits) if negated else Choice(1, bits, bits)
        return self.shared(Masked((choice,)))

    def of_set(self, operand: Operand, name: str, negated: bool = False) -> MatchValue:
        """The value that is in a named set."""
        kind = kind_of(operand.selector)
        if kind == "address":
            return self.shared(Addresses(negated=negated, sets=(name,)))
        if kind == "name":
            return self.shared(Names(negated=negated, sets=(name,)))
        if kind == "bits":
            return self.shared(Masked(negated=negated, sets=(name,)))
        return self.shared(Numbers(negated=negated, sets=(name,)))


def compared(operand: Operand, intervals: Intervals, negated: bool) -> MatchValue:
    """The value that lies in one of some intervals, after what is done to it."""
    if operand.numbers:
        return families(operand, intervals, negated)
    mask, pieces = undone(operand, intervals)
    return valued(operand, pieces, mask, negated)


def full(operand: Operand) -> Span:
    """All numbers there are."""
    return Span(0, (1 << operand.bits) - 1)


def names(constants: Iterable[Constant], negated: bool) -> Names:
    """Names, and beginnings of names."""
    words = [Word("", True) if isinstance(each, Everything) else each for each in constants]
    exact = tuple(dict.fromkeys(word.text for word in words if isinstance(word, Word) and not word.begins))
    begins = tuple(dict.fromkeys(word.text for word in words if isinstance(word, Word) and word.begins))
    return Names(exact, begins, negated)


def families(operand: Operand, intervals: Intervals, negated: bool) -> Numbers:
    """The families whose numbers lie in the intervals, after what is done to them."""
    found = []
    for number, family in FAMILIES[operand.numbers].items():
        value = computed(number, operand)
        if any(low <= value <= high for low, high in intervals):
            found.append((family, family))
    return Numbers(tuple(found), negated)


def computed(number: int, operand: Operand) -> int:
    """What a number becomes."""
    whole = (1 << operand.bits) - 1
    for operator, by in operand.operations:
        if operator == "&":
            number &= by
        elif operator == "|":
            number |= by
        elif operator == "^":
            number ^= by
        else:
            number = number << by if operator == "<<" else number >> by
    return number & whole


def undone(operand: Operand, intervals: Intervals) -> tuple[int, Intervals]:
    """A mask, and where the masked number must lie so that what becomes of it lies in the intervals.

    From the last operation to the first: each interval becomes those that are computed into it.
    """
    whole = (1 << operand.bits) - 1
    mask = whole
    for operator, by in reversed(operand.operations):
        if operator == "<<":
            intervals = merged((-(-low >> by), high >> by) for low, high in intervals if -(-low >> by) <= high >> by)
            mask >>= by
        elif operator == ">>":
            intervals = merged((low << by, ((high + 1) << by) - 1) for low, high in intervals)
            mask = mask << by & whole
        elif operator == "^":
            intervals = merged(piece for each in intervals for piece in exclusive(each, by & mask, operand.bits))
        else:
            if operator == "|":  # x | by is (x & ~by) ^ by
                intervals = merged(piece for each in intervals for piece in exclusive(each, by & mask, operand.bits))
                by = whole & ~by
            mask &= by
    return mask, intervals


def exclusive(interval: tuple[int, int], by: int, bits: int) -> list[tuple[int, int]]:
    """The numbers whose exclusive or with `by` lies in the interval, as aligned blocks."""
    low, high = interval
    found = []
    for begin, shift in blocks(low, min(high, (1 << bits) - 1)):
        begin = (begin ^ by) >> shift << shift
        found.append((begin, begin + (1 << shift) - 1))
    return found


def valued(operand: Operand, intervals: Intervals, mask: int, negated: bool) -> MatchValue:
    """The value of a selector by its kind."""
    kind = kind_of(operand.selector)
    whole = (1 << operand.bits) - 1
    if kind == "address":
        return addresses(operand, intervals, mask, negated)
    if mask == whole and kind == "number":
        return Numbers(within(operand.selector, intervals), negated)
    return Masked(tuple(Choice(low, high, mask) for low, high in intervals), negated)


def within(selector: Selector, intervals: Intervals) -> Intervals:
    """The part of intervals that a field can hold: nft's numbers of 64 bits have 63 here."""
    most = (1 << FIELDS[selector].bits) - 1 if isinstance(selector, str) else None
    if most is None or not intervals or intervals[-1][1] <= most:
        return intervals
    return tuple((low, min(high, most)) for low, high in intervals if low <= most)


def addresses(operand: Operand, intervals: Intervals, mask: int, negated: bool) -> MatchValue:
    """Addresses; a mask other than a prefix is one of bits."""
    whole = (1 << operand.bits) - 1
    free = whole & ~mask
    if free & (free + 1):
        return Masked(tuple(Choice(low, high, mask) for low, high in intervals), negated)
    if mask == whole:
        return Addresses(intervals, (), negated) if operand.bits == 32 else Addresses((), intervals, negated)
    spread = [((low + free) & ~free, high & mask | free) for low, high in intervals]
    pieces = merged((low, high) for low, high in spread if low <= high <= whole)
    return Addresses(pieces, (), negated) if operand.bits == 32 else Addresses((), pieces, negated)


def seen(operand: Operand) -> Selector:
    """What is looked at: of addresses under a mask that is no prefix the bits of the header."""
    if kind_of(operand.selector) != "address" or not operand.operations:
        return operand.selector
    mask, _ = undone(operand, ((0, 0),))
    free = ((1 << operand.bits) - 1) & ~mask
    if not free & (free + 1) or operand.selector not in RAW_ADDRESSES:
        return operand.selector
    offset = RAW_ADDRESSES[str(operand.selector)][operand.bits == 128]
    return Raw("nh", offset, operand.bits)


RAW_ADDRESSES = {"src": (96, 64), "dst": (128, 192)}
"""Where the addresses stand in the headers of IPv4 and IPv6."""
