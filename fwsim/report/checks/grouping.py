"""Findings that say the same of several rules, read as one: the first of them, and where the others are.

Read first: `fwsim.checking.kinds` (Finding.together). Programs, and what is accepted, have each finding by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from fwsim.checking import Finding

LISTED = 8
"""Rules that are named behind the first."""


@dataclass(frozen=True)
class Group:
    """A finding, and others that say the same."""

    first: Finding
    others: list[Finding] = field(default_factory=list)

    @property
    def also(self) -> str:
        """`so it is with rule 2 (line 6)`: what else it is said of; empty if there is nothing."""
        if not self.others:
            return ""
        chain = f" of {self.first.where.rpartition(' of ')[2]}"
        names = ", ".join(_name(one, chain) for one in self.others[:LISTED])
        left = len(self.others) - LISTED
        more = f" and {left:,} more: --only {self.first.kind.word} tells each" if left > 0 else ""
        return f"so it is with {names}{more}"


def grouped(findings: Iterable[Finding], *, apart: bool = False) -> list[Group]:
    """The findings in their order, each by itself if they are to be `apart`."""
    groups: list[Group] = []
    known: dict[tuple[str, ...], Group] = {}
    for one in findings:
        key = one.path, one.kind.word, one.level.name, one.together
        group = known.get(key) if one.together and not apart else None
        if group is None:
            group = known[key] = Group(one)
            groups.append(group)
        else:
            group.others.append(one)
    return groups


def _name(one: Finding, chain: str) -> str:
    """Where a finding is, in a few words: what all of them are of is left out."""
    return one.where.removesuffix(chain) + (f" (line {one.line})" if one.line else "")
