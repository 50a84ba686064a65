"""The options of an extension: how they are declared, and how their values are read.

Read first: `values`. An option is declared in one line, as xtables' own tables have it:

    [+][!][*] NAME[|ALIAS] KIND [LOW..HIGH] [-OTHER ...] [&OTHER]

`+` it must be given, `!` it can be inverted, `*` it can be repeated; `-OTHER`: not together with, `&OTHER`: only with.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from . import values
from .services import ANY_PROTOCOL
from .values import RefusedError


class Option(NamedTuple):
    """One option of an extension."""

    names: tuple[str, ...]
    kind: str
    low: int
    high: int
    needed: bool
    inverts: bool
    repeats: bool
    excludes: tuple[str, ...]
    requires: tuple[str, ...]

    @property
    def key(self) -> str:
        """The name that it is known by."""
        return self.names[0]


class Given(NamedTuple):
    """An option as a rule has it: its value, whether inverted, and its text."""

    value: Any
    negated: bool
    text: str


WORDS = {"flag": 0, "two": 2}
"""How many words follow an option of a kind; else one."""

BOUNDS = {"u8": 0xFF, "u16": 0xFFFF, "u32": 0xFFFFFFFF, "u64": 0xFFFFFFFFFFFFFFFF}
DECLARED = re.compile(r"([+!*]*)\s*(\S+) (\S+)(?: (\d+)\.\.(\d+))?((?: -\S+)*)((?: &\S+)*)\Z")


def option(declaration: str) -> Option:
    """An option from its declaration."""
    found = DECLARED.match(declaration)
    assert found is not None, declaration
    marks, names, kind, low, high, excludes, requires = found.groups()
    most = BOUNDS.get(kind.partition(":")[0], 0)
    bounds = (int(low), int(high) or most) if low is not None else (0, most)
    others = (tuple(word[1:] for word in text.split()) for text in (excludes, requires))
    return Option(tuple(names.split("|")), kind, *bounds, "+" in marks, "!" in marks, "*" in marks, *others)


def _text(text: str, declared: Option, family: int) -> Any:
    """A text, of at least so many characters."""
    if len(text) < declared.low:
        raise RefusedError("expected a text that is not empty")
    return text


def _number(text: str, declared: Option, family: int) -> Any:
    """A number within its bounds."""
    return values.number(text, declared.low, declared.high)


def _numbers(text: str, declared: Option, family: int) -> Any:
    """A range of numbers."""
    return values.number_range(text, declared.high)


def _prefix(text: str, declared: Option, family: int) -> Any:
    """A prefix length, or for `plenmask` a mask."""
    bits = values.BITS[family]
    if declared.kind == "plen":
        return values.number(text, 0, bits, "prefix length")
    length = values.number_or_none(text, 0, 0xFFFFFFFF)
    if length is not None:
        return min(length, bits)
    mask = values.exact_address(text, family)
    return mask.bit_count()


def _network(text: str, declared: Option, family: int) -> Any:
    """A network."""
    return values.network(text, family)


READERS: dict[str, Callable[[str, Option, int], Any]] = {
    "text": _text,
    "u8": _number, "u16": _number, "u32": _number, "u64": _number,
    "u8:": _numbers, "u16:": _numbers, "u32:": _numbers, "u64:": _numbers,
    "mark": lambda text, declared, family: values.mark_and_mask(text),
    "mac": lambda text, declared, family: values.mac(text),
    "proto": lambda text, declared, family: values.protocol(text),
    "ports": lambda text, declared, family: values.loose_port_range(text),
    "port": lambda text, declared, family: values.port(text, ANY_PROTOCOL),
    "host": lambda text, declared, family: values.address(text, family),
    "network": _network, "plen": _prefix, "plenmask": _prefix,
}  # fmt: skip
"""How a word is read, by kind; a `flag` has none, and what has `two` keeps them as they are."""


def read(declared: Option, words: list[str], family: int) -> Any:
    """The value of an option."""
    reader = READERS.get(declared.kind)
    if reader is None:
        return tuple(words)
    try:
        return reader(words[0], declared, family)
    except RefusedError as refused:
        raise RefusedError(f"--{declared.key}: {refused}") from None


def check(extension: str, options: Iterable[Option], given: Mapping[str, Given]) -> None:
    """Refuse what is missing and what does not go together."""
    for declared in options:
        if declared.key not in given:
            if declared.needed:
                raise RefusedError(f"{extension}: option --{declared.key} must be given")
            continue
        for other in declared.excludes:
            if other in given:
                raise RefusedError(f"{extension}: option --{declared.key} cannot be used together with --{other}")
        for other in declared.requires:
            if other not in given:
                raise RefusedError(f"{extension}: option --{declared.key} also needs --{other}")


def one_of(extension: str, given: Mapping[str, Given], *names: str) -> None:
    """Refuse an extension that was given none of the options that make sense of it."""
    if not any(name in given for name in names):
        raise RefusedError(f"{extension}: one of {', '.join('--' + name for name in names)} must be given")
