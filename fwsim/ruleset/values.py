"""What the values of a ruleset are once they are read: small frozen objects that lowering uses as they stand.

Read first: nothing. Parsing is in `addresses`, `numbers`, `masks`, `statements`; nothing here reads text.

Every match value has

* `negated`: the match succeeds when the field is there and not among the values. A field the packet does not have
  matches neither way (so `src: "!10.0.0.0/8"` says nothing about IPv6 packets, as `ip saddr !=` in nft);
* `sets`: names of sets (`@name`) whose elements belong to it as well; `Ruleset.resolved` puts them in;
* `source`: what was written, kept to be shown and written again; it does not count when values are compared.

Intervals are (low, high), both inclusive, sorted, disjoint and not adjacent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from typing import NamedTuple, TypeAlias

from fwsim.frozen import dataclass

Interval: TypeAlias = tuple[int, int]
Intervals: TypeAlias = tuple[Interval, ...]
Scalar: TypeAlias = "str | int | bool"
Source: TypeAlias = "Scalar | tuple[Scalar, ...] | dict[str, Scalar]"
"""A value as written: a scalar, a list (kept as a tuple) or a small mapping."""

V4_BITS = 32
V6_BITS = 128
MARK_MASK = 0xFFFFFFFF
"""All bits of a packet or connection mark."""


def merged(intervals: Iterable[Interval]) -> Intervals:
    """The same numbers as sorted intervals that neither overlap nor touch."""
    ordered = sorted(intervals)
    if len(ordered) < 2:
        return tuple(ordered)
    result: list[Interval] = []
    for low, high in ordered:
        if result and low <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(high, result[-1][1]))
        else:
            result.append((low, high))
    return tuple(result)


def source_text(source: Source) -> str:
    """A value as one line of text, for rules that were not read from a file."""
    if isinstance(source, tuple):
        return "[" + ", ".join(str(item) for item in source) + "]"
    if isinstance(source, dict):
        return "{" + ", ".join(f"{key}: {source_text(value)}" for key, value in source.items()) + "}"
    if isinstance(source, bool):
        return "true" if source else "false"
    return str(source)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Addresses of both families: `v4` intervals of 32-bit numbers, `v6` intervals of 128-bit numbers.

    A family without an interval is not meant at all: its packets do not match, negated or not.
    """

    v4: Intervals = ()
    v6: Intervals = ()
    negated: bool = False
    sets: tuple[str, ...] = ()
    source: Source = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Numbers:
    """Ports, protocols, types, lengths ...: the field lies in one of the `intervals`."""

    intervals: Intervals = ()
    negated: bool = False
    sets: tuple[str, ...] = ()
    source: Source = field(default="", compare=False)


class Choice(NamedTuple):
    """One alternative of a masked match: `low <= (field & mask) <= high`."""

    low: int
    high: int
    mask: int


@dataclass(frozen=True, slots=True)
class Masked:
    """Marks, flags, states: one of the `choices` holds. "Any of these bits" is the choice (1, bits, bits)."""

    choices: tuple[Choice, ...] = ()
    negated: bool = False
    sets: tuple[str, ...] = ()
    source: Source = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Names:
    """Interface names: one of `names`, or a name that begins with one of `prefixes` (`eth*`)."""

    names: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    negated: bool = False
    sets: tuple[str, ...] = ()
    source: Source = field(default="", compare=False)

    def matches(self, name: str) -> bool:
        """Whether the interface is meant, before negation."""
        return name in self.names or name.startswith(self.prefixes)


MatchValue: TypeAlias = "Addresses | Numbers | Masked | Names"


class Network(NamedTuple):
    """A network behind an interface: `family` 4 or 6, its first and last address as numbers, its prefix length."""

    family: int
    low: int
    high: int
    prefix: int
    source: str


@dataclass(frozen=True, slots=True)
class Action:
    """What a rule does with a packet. `kind` is `accept`, `drop`, `reject`, `jump`, `goto`, `return` or `continue`.

    `target` is the chain of a jump or goto, else None. `continue` is a rule without a verdict.
    """

    kind: str = "continue"
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """A token bucket (nft `limit rate`, kernel `nft_limit.c`): `rate` packets or bytes in each `per_ns`.

    It matches while tokens remain, or with `over` while none do. A packet limit holds `burst` tokens, and a byte limit
    `rate + burst`, as in the kernel.
    """

    rate: int
    per_ns: int
    burst: int = 5
    over: bool = False
    unit: str = "packets"
    source: Source = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Log:
    """Write the packet to the log (nft `log prefix "..."`); in a replay it only shows in explanations."""

    prefix: str = ""
    source: Source = field(default=True, compare=False)


@dataclass(frozen=True, slots=True)
class SetMark:
    """Set a mark: `new = (old & ~mask) | value`. Without a mask all bits are replaced."""

    value: int
    mask: int = MARK_MASK
    source: Source = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class SetElements:
    """A named set: its elements as written, and its `type` if the user gave one.

    What the elements mean depends on the field that a rule compares with the set: `Ruleset.resolved` reads them.
    """

    elements: tuple[Scalar, ...]
    type: str | None = None
    below: tuple[str, ...] = field(default=(), compare=False)
    """The path of the elements below the set: they stand under `elements` if it was written as a mapping."""


@dataclass(frozen=True, slots=True)
class Location:
    """Where a rule, chain or ruleset was written: file, line and column from 1, its text, and the line of its policy.

    Two locations always compare equal: what is written elsewhere is the same all the same.
    """

    path: str = field(default="", compare=False)
    line: int = field(default=0, compare=False)
    column: int = field(default=0, compare=False)
    text: str = field(default="", compare=False)
    policy_line: int = field(default=0, compare=False)
