"""What every match value has in common: one value or several, `!` in front, `@set` among them.

Read first: `values`, `mistakes`. What a single element means is the business of `addresses`, `numbers`, `masks`.

```
dport: 22            one value           dport: "!22"            anything else (also "! 22", "!= 22")
dport: [22, 80]      any of them         dport: ["!22", "!80"]   none of them
dport: 22, 80        the same            dport: "!22, 80"        the same
src: "@admins"       those of a set      src: "!@admins"         none of a set
```
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple, TypeVar

from .mistakes import Mistakes, Path, mistake, seen
from .values import Scalar, Source

T = TypeVar("T")

CORE_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", re.ASCII)
"""An integer of the YAML 1.2 core schema (§10.3.2): `022` is 22, there are no `_` and no base 60."""

LONGEST_INTEGER = 80
"""Digits beyond which no field has a value; longer ones are not read as numbers at all."""

SET_NAME = re.compile(r"\w[\w./-]*")
"""What a set or chain may be called."""


class Elements(NamedTuple):
    """A value taken apart: each element with its path below the value, and whether all are negated."""

    negated: bool
    plain: list[tuple[Path, int | str]]
    sets: tuple[str, ...]
    source: Source


def integer(text: str) -> int | None:
    """The number that a text spells in the core schema of YAML 1.2, or None."""
    if len(text) > LONGEST_INTEGER or not CORE_INTEGER.fullmatch(text):
        return None
    if text.startswith("0x"):
        return int(text[2:], 16)
    return int(text[2:], 8) if text.startswith("0o") else int(text)


def elements(raw: object, wanted: str, *, commas: bool = True) -> Elements:
    """Take a value apart. `wanted` names in messages what its elements should be."""
    if isinstance(raw, str):
        pieces, negated = _split(raw, wanted, commas)
        plain, sets = _sorted_out([((), piece) for piece in pieces])
        return Elements(negated, plain, sets, str(raw))
    if isinstance(raw, (list, tuple)):
        return _listed(raw, wanted)
    single = _scalar(raw, wanted)
    return Elements(False, [((), single)], (), single)


def parsed(plain: Iterable[tuple[Path, object]], parse: Callable[[object], T]) -> list[T]:
    """Every element through `parse`; all that fail are told at once."""
    result: list[T] = []
    found: list[tuple[Path, str]] = []
    for path, element in plain:
        try:
            result.append(parse(element))
        except Mistakes as error:
            found += [(path + below, message) for below, message in error.found]
    if found:
        raise Mistakes(*found)
    return result


def _scalar(raw: object, wanted: str) -> int | str:
    """A single element, which must be an integer or text."""
    if isinstance(raw, bool) or not isinstance(raw, (int, str)):
        raise mistake(f"expected {wanted}, found {seen(raw)}")
    return raw if isinstance(raw, str) else int(raw)


def _split(text: str, wanted: str, commas: bool) -> tuple[list[str], bool]:
    """The comma-separated pieces of a text, and whether they are negated."""
    pieces = text.split(",") if commas else [text]
    signs = [piece.lstrip().startswith("!") for piece in pieces]
    # A sign in front of the first stands for all of them, as nft's `!= { 22, 80 }`.
    if any(signs) and not signs[0]:
        raise mistake(f"either all or none of {seen(text)} may be negated")
    bare = [_unsigned(piece) for piece in pieces]
    if not all(bare):
        raise mistake(f"expected {wanted}, found {seen(text)}")
    return bare, signs[0]


def _unsigned(piece: str) -> str:
    """A piece without its negation sign (`!22`, `! 22`, `!= 22`)."""
    piece = piece.strip()
    if piece.startswith("!"):
        piece = piece[2:] if piece.startswith("!=") else piece[1:]
    return piece.strip()


def _listed(raw: Sequence[object], wanted: str) -> Elements:
    """The elements of a list, of which all or none are negated."""
    if not raw:
        raise mistake(f"expected {wanted}, found an empty list")
    items = parsed([((position,), item) for position, item in enumerate(raw)], partial(_scalar, wanted=wanted))
    signs = [isinstance(item, str) and item.lstrip().startswith("!") for item in items]
    if any(signs) and not all(signs):
        raise mistake("either all or none of a list may be negated", signs.index(not signs[0]))
    bare: list[tuple[Path, int | str]] = []
    for position, item in enumerate(items):
        bare.append(((position,), _unsigned(item) if isinstance(item, str) else item))
        if bare[-1][1] == "":
            raise mistake(f"expected {wanted}, found {seen(item)}", position)
    plain, sets = _sorted_out(bare)
    return Elements(signs[0], plain, sets, tuple(items))


def _sorted_out(items: Sequence[tuple[Path, int | str]]) -> tuple[list[tuple[Path, int | str]], tuple[str, ...]]:
    """Plain elements and names of sets apart."""
    plain: list[tuple[Path, int | str]] = []
    sets: list[str] = []
    for path, item in items:
        if not (isinstance(item, str) and item.startswith("@")):
            plain.append((path, item))
        elif SET_NAME.fullmatch(item[1:]):
            sets.append(item[1:])
        else:
            raise mistake(f"expected the name of a set behind '@', found {seen(item)}", *path)
    return plain, tuple(sets)


def scalars(raw: object, wanted: str) -> tuple[Scalar, ...]:
    """A list of plain elements, as sets and `local:` hold them; a single value is a list of one."""
    if not isinstance(raw, (list, tuple)):
        return (_scalar(raw, wanted),)
    if not raw:
        raise mistake(f"expected {wanted}, found an empty list")
    return tuple(parsed([((position,), item) for position, item in enumerate(raw)], partial(_scalar, wanted=wanted)))
