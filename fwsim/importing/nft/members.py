"""Elements of sets and maps: reading them, and what nft and the kernel refuse about them.

Read first: `values`, `operands`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from fwsim.nft.tree import Element, Expression, SetLiteral, SetReference

from .blocks import Box, Corners
from .operands import Operand
from .values import Constants, Evaluated, Everything, Span, Wanted, Word, element, refuse, unveiled


class Member(NamedTuple):
    """One element: its key, what a map gives for it, and where it was written."""

    key: Evaluated
    value: Expression | None
    node: Element


MOST_MEMBERS = 1 << 21
DEEPEST = 16


def flat(
    literal: SetLiteral, value: Expression | None = None
) -> Iterator[tuple[Expression, Expression | None, Element]]:
    """Keys with their values; sets in sets are opened.

    Names that stand for sets of names are short to write and may be without end to write out: so both are bounded.
    """
    for number, found in enumerate(_opened(literal, value, 0)):
        if number >= MOST_MEMBERS:
            raise refuse(literal, f"the set has more than {MOST_MEMBERS:,} elements")
        yield found


def _opened(
    literal: SetLiteral, value: Expression | None, depth: int
) -> Iterator[tuple[Expression, Expression | None, Element]]:
    """The same without a bound on their number."""
    if depth > DEEPEST:
        raise refuse(literal, f"sets are nested deeper than {DEEPEST} levels")
    for each in literal.elements:
        key = unveiled(each.key)
        given = each.value if each.value is not None else value
        if isinstance(key, SetLiteral):
            yield from _opened(key, given, depth + 1)
        elif isinstance(key, SetReference):
            raise refuse(key, "a named set cannot be part of another set")
        else:
            yield key, given, each


def members_of(
    constants: Constants, literal: SetLiteral, left: Sequence[Operand | Wanted], is_map: bool
) -> list[Member]:
    """The elements of a set or map, by what they are compared with."""
    wanted = tuple(each if isinstance(each, Wanted) else each.wanted for each in left)
    found = []
    for key, value, node in flat(literal):
        if value is not None and not is_map:
            raise refuse(value, "a value stands in maps only")
        if value is None and is_map:
            raise refuse(node, "expected ':' and what the map gives for it")
        if node.timeout is not None or node.expires is not None:
            raise refuse(node, "elements of a set without a name have no timeout")
        found.append(Member(element(constants, key, wanted), value, node))
    if not found:
        raise refuse(literal, "the set is empty")
    return found


def box(key: Evaluated) -> Box | None:
    """The key as numbers from and to in each part; None of what is no number."""
    parts = key if isinstance(key, tuple) and not isinstance(key, Span | Word | Everything) else (key,)
    found = []
    for part in parts:
        if isinstance(part, Span):
            found.append((part.low, part.high))
        elif isinstance(part, Word):
            low = int.from_bytes(part.text.encode("utf-8", "surrogatepass").ljust(16, b"\0"), "big")
            free = (1 << (128 - 8 * len(part.text.encode("utf-8", "surrogatepass")))) - 1 if part.begins else 0
            found.append((low, low | free))
        else:
            return None
    return tuple(found)


def has_interval(key: Evaluated) -> bool:
    """Whether a part of the key is more than one value."""
    parts = key if isinstance(key, tuple) and not isinstance(key, Span | Word | Everything) else (key,)
    return any(
        (isinstance(part, Span) and part.form != "value") or (isinstance(part, Word) and part.begins) for part in parts
    )


def anonymous(members: Sequence[Member], left: Sequence[object]) -> None:
    """What is refused of an anonymous set: intervals of concatenations that overlap."""
    if len(left) > 1 and any(has_interval(member.key) for member in members):
        no_overlap(members)


def anonymous_map(members: Sequence[Member], left: Sequence[object]) -> None:
    """What is refused of an anonymous map: keys that overlap, and one key with two values."""
    if any(has_interval(member.key) for member in members):
        no_overlap(members) if len(left) > 1 else no_conflict(members)
    once(members)


def once(members: Sequence[Member]) -> None:
    """A key gives one value only."""
    seen: dict[Evaluated, Member] = {}
    for member in members:
        first = seen.setdefault(member.key, member)
        if first is not member and first.value != member.value:
            raise refuse(member.node, "the key has another value already")


def no_conflict(members: Sequence[Member]) -> None:
    """Intervals of one part must be apart, or equal."""
    found = sorted(((box(member.key) or ((-1, -1),))[0], place) for place, member in enumerate(members))
    before = None
    for (low, high), place in found:
        if before is not None and low <= before[1] and (low, high) != before and low >= 0:
            raise refuse(members[place].node, "the interval overlaps with another one")
        if before is None or high > before[1]:
            before = (low, high)


def no_overlap(members: Sequence[Member]) -> None:
    """Elements of several parts: the kernel refuses one whose first or last corner lies in an earlier one.

    They are compared with those only that begin alike, by the first part.
    """
    boxes = [(box(member.key), member) for member in members]
    known = Corners()
    for each, member in boxes:
        if each is not None:
            if known.hit(each):
                raise refuse(member.node, "the element overlaps with another one")
            known.add(each)
