"""Sets whose elements are written out: what a value has with those of its sets, and a concatenation as alternatives.

Read first: `fwsim.netfilter.steps` (Match, Lookup), `fwsim.ruleset.values`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fwsim.netfilter.model import Set
from fwsim.netfilter.steps import Lookup, Match
from fwsim.ruleset.values import Addresses, Masked, MatchValue, Names, Numbers, merged

from .drafting import told
from .saying import CannotSay

FORGOTTEN = "a set whose elements are forgotten in time"


def resolved(value: MatchValue, sets: Mapping[str, Set]) -> MatchValue:
    """A value with the elements of its sets put in."""
    found = value
    for name in value.sets:
        own = sets.get(name)
        if own is None or own.value is None or own.dynamic:
            raise CannotSay(f"the set {name!r}")
        found = with_more(found, own.value)
    return found


def with_more(value: MatchValue, more: MatchValue) -> MatchValue:
    """A value and another one of its kind; negated as the first, without the names of sets."""
    if isinstance(value, Addresses) and isinstance(more, Addresses):
        return Addresses(merged((*value.v4, *more.v4)), merged((*value.v6, *more.v6)), value.negated)
    if isinstance(value, Numbers) and isinstance(more, Numbers):
        return Numbers(merged((*value.intervals, *more.intervals)), value.negated)
    if isinstance(value, Masked) and isinstance(more, Masked):
        return Masked((*value.choices, *more.choices), value.negated)
    if isinstance(value, Names) and isinstance(more, Names):
        return Names((*value.names, *more.names), (*value.prefixes, *more.prefixes), value.negated)
    raise CannotSay("a set of another kind")


def alternatives_of(step: Lookup, sets: Mapping[str, Set]) -> Sequence[tuple[Match, ...]]:
    """The elements of a concatenation, each a list of matches."""
    elements = step.elements
    if step.set is not None:
        own = sets.get(step.set)
        if own is None or own.dynamic:
            raise CannotSay(f"{told(step)}: a set that rules change")
        if own.expires:
            raise CannotSay(f"{told(step)}: {FORGOTTEN}")
        elements = own.elements
    if step.negated:
        raise CannotSay(f"{told(step)}: anything but some concatenations")
    return [
        tuple(Match(selector, value, text=step.text) for selector, value in zip(step.selectors, element, strict=True))
        for element in elements
    ]
