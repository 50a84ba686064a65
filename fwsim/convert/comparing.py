"""A field compared with values, as text: `tcp dport 22`, `ip ttl != { 1, 60-70 }`, `meta mark & 0x30 == 0x10`.

Read first: `fwsim.ruleset.values`. A condition is a list of alternatives, of which at least one must hold; an
alternative is a tuple of matches, all of which must hold. Alternatives exclude each other: a packet meets at most one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address
from itertools import product

from fwsim.ruleset.values import Choice, Interval, Intervals, Masked, Numbers, merged

Alternative = tuple[str, ...]
Condition = list[Alternative]

ALWAYS: Condition = [()]
NEVER: Condition = []

BITS = {4: 32, 6: 128}
HIGHEST_MARK = 0xFFFFFFFF


def both(*conditions: Condition) -> Condition:
    """All of these conditions, in this order of matches."""
    return [tuple(match for part in parts for match in part) for parts in product(*conditions)]


def compared(field: str, elements: Sequence[str], negated: bool) -> str:
    """A field that is one of some elements, or none of them."""
    wanted = elements[0] if len(elements) == 1 else "{ " + ", ".join(elements) + " }"
    return f"{field} {'!= ' if negated else ''}{wanted}"


def number_elements(intervals: Intervals, words: Mapping[int, str]) -> list[str]:
    """Numbers, by their name if they have one, and ranges in decimal."""
    return [words.get(low, str(low)) if low == high else f"{low}-{high}" for low, high in intervals]


def bit_elements(intervals: Intervals, words: Mapping[str, int]) -> list[str]:
    """Sets of bits, by the names of the bits if all have one, and ranges in hexadecimal."""
    return [bit_names(low, words) if low == high else f"{low:#x}-{high:#x}" for low, high in intervals]


def address_elements(intervals: Intervals, family: int) -> list[str]:
    """Addresses, networks and ranges of one family."""
    return [_address_element(interval, family) for interval in intervals]


def _address_element(interval: Interval, family: int) -> str:
    """An address, a network where it is one, or a range."""
    low, high = interval
    kind: Callable[[int], object] = IPv4Address if family == 4 else IPv6Address
    size = high - low + 1
    if size == 1:
        return str(kind(low))
    if size & (size - 1) == 0 and low % size == 0:
        return f"{kind(low)}/{BITS[family] - size.bit_length() + 1}"
    return f"{kind(low)}-{kind(high)}"


def clipped(intervals: Intervals, highest: int) -> Intervals:
    """What of the intervals a field can hold."""
    return tuple((low, min(high, highest)) for low, high in intervals if low <= highest)


def numbers_condition(field: str, value: Numbers, highest: int, words: Mapping[int, str]) -> Condition:
    """A numeric field that is one of the values; nft too lets a field that is not there match neither way."""
    inside = clipped(value.intervals, highest)
    if not inside:
        return [(f"{field} 0-{highest}",)] if value.negated else NEVER
    return [(compared(field, number_elements(inside, words), value.negated),)]


def members(value: Numbers, highest: int) -> frozenset[int]:
    """The numbers that a match on a small field accepts."""
    inside = {number for low, high in clipped(value.intervals, highest) for number in range(low, high + 1)}
    return frozenset(range(highest + 1)) - inside if value.negated else frozenset(inside)


def holds(choice: Choice, number: int) -> bool:
    """Whether one alternative of a masked match holds."""
    return choice.low <= number & choice.mask <= choice.high


def bit_names(bits: int, words: Mapping[str, int]) -> str:
    """Bits by their names as nft lists them, `syn | ack`; a number where none is set, or one has no name."""
    names = [name for name, bit in words.items() if bit & bits == bit and bit]
    return f"{bits:#x}" if not bits or bits & ~sum(words.values()) else " | ".join(names)


def bits_text(bits: int, words: Mapping[str, int]) -> str:
    """The same as an operand."""
    names = bit_names(bits, words)
    return f"({names})" if "|" in names else names


def choice_text(field: str, choice: Choice, negated: bool, words: dict[str, int]) -> str:
    """One alternative of a masked match, or its opposite."""
    low, high, mask = choice
    masked = f"{field} & {bits_text(mask, words)}"
    if low == high:
        return f"{masked} {'!=' if negated else '=='} {bits_text(low, words)}"
    if low == 1 and high >= mask:
        return f"{masked} {'==' if negated else '!='} 0x0"
    return f"{masked} {'!= ' if negated else ''}{low:#x}-{high:#x}"


def masked_condition(field: str, value: Masked, words: dict[str, int], highest: int = HIGHEST_MARK) -> Condition:
    """A field of bits, up to `highest`, of which one of the choices holds, or none of them.

    Choices that ask for all bits are one comparison with a set. The others become alternatives of which each also
    asks that those before it do not hold.
    """
    tests: list[tuple[str, str]] = []
    exact = [choice for choice in value.choices if choice.mask & highest == highest]
    inside = clipped(merged((choice.low, choice.high) for choice in exact), highest)
    if inside:
        elements = bit_elements(inside, words)
        tests.append((_is_exactly(field, elements, words), compared(field, elements, True)))
    for choice in value.choices:
        if choice not in exact:
            tests.append((choice_text(field, choice, False, words), choice_text(field, choice, True, words)))
    if value.negated:
        return [tuple(opposite for _, opposite in tests)]
    return [(*(opposite for _, opposite in tests[:n]), test) for n, (test, _) in enumerate(tests)]


def _is_exactly(field: str, elements: Sequence[str], words: dict[str, int]) -> str:
    """The field has one of these values; where bits have names, nft takes a lone value for bits that may be set."""
    text = compared(field, elements, False)
    return text.replace(field, f"{field} ==", 1) if words and len(elements) == 1 else text
