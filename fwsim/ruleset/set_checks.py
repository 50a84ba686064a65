"""Whether the elements of every set can be read, as what its type says or as what its rules need.

Read first: `scope`, `sets`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from . import words
from .mistakes import Mistakes, Path, seen
from .scope import Finding, Scope
from .values import SetElements

if TYPE_CHECKING:
    from .model import Ruleset


def misuse(ruleset: Ruleset, name: str, kind: str) -> str | None:
    """What is wrong with comparing the set with a field of this kind: it holds something else altogether.

    None if it fits, and also if only some elements do not: these are told where they stand.
    """
    own = ruleset.sets[name]
    if own.type is not None:
        return None if own.type == kind else f"the set {seen(name)} holds {words.KINDS[own.type]}"
    if len(_faults(ruleset, name, kind)) < len(own.elements):
        return None
    natural = natural_kind(ruleset, name)
    return None if natural is None or natural == kind else f"the set {seen(name)} holds {words.KINDS[natural]}"


def check_sets(scope: Scope) -> Iterator[Finding]:
    """Elements that cannot be read: as the declared type, as what rules use them for, or as anything."""
    ruleset = scope.ruleset
    for name, own in ruleset.sets.items():
        if own.type is not None:
            kinds = [own.type]
        else:
            kinds = sorted(
                kind for used, kind in scope.used_sets if used == name and misuse(ruleset, name, kind) is None
            )
        if not kinds and not any(used == name for used, _ in scope.used_sets):
            kinds = [natural_kind(ruleset, name) or _closest(ruleset, name)]
        for kind in kinds:
            for path, message in _faults(ruleset, name, kind):
                yield (*_path(name, own), *path), message


def _path(name: str, own: SetElements) -> Path:
    """The path of a set's elements."""
    return ("sets", name, *own.below)


def natural_kind(ruleset: Ruleset, name: str) -> str | None:
    """What the elements are by themselves: the first kind that reads them all; None if none does."""
    if _faults(ruleset, name, "address") and _holds_addresses(ruleset, name):
        return None
    return next((kind for kind in words.KINDS if not _faults(ruleset, name, kind)), None)


def _closest(ruleset: Ruleset, name: str) -> str:
    """The kind that reads most of the elements."""
    if _holds_addresses(ruleset, name):
        return "address"
    return min(words.KINDS, key=lambda kind: len(_faults(ruleset, name, kind)))


def _holds_addresses(ruleset: Ruleset, name: str) -> bool:
    """Whether at least one element is an address: then the others should be, slips included.

    (`10.1.0.300` could also be the name of an interface.)
    """
    return len(_faults(ruleset, name, "address")) < len(ruleset.sets[name].elements)


def _faults(ruleset: Ruleset, name: str, kind: str) -> tuple[tuple[Path, str], ...]:
    """The elements that cannot be read as this kind."""
    try:
        ruleset.readings.read(name, kind)
    except Mistakes as error:
        return error.found
    return ()
