"""The rulesets of one check with their findings, and how many there are of each level.

Read first: `fwsim.checking.kinds`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fwsim.checking import Finding, Kind, Level
from fwsim.checking.kinds import finding, fingerprinted
from fwsim.errors import Problem
from fwsim.report.figures import counted

LEVELS = (Level.ERROR, Level.WARNING, Level.NOTE)


@dataclass(frozen=True)
class Checked:
    """A ruleset, how much there is of it, and what was found."""

    path: str
    format: str
    rules: int
    chains: int
    findings: Sequence[Finding]
    sha256: str | None = None
    """Of the file; None if it was not read from one."""

    @property
    def is_unreadable(self) -> bool:
        """Whether the findings are mistakes, because of which it could not be looked at."""
        return any(one.kind == Kind.MISTAKE for one in self.findings)


def unreadable(path: str, problems: Iterable[Problem]) -> Checked:
    """A ruleset with mistakes."""
    found = (finding(Kind.MISTAKE, one.path, one.line, one.column, one.what) for one in problems)
    return Checked(path, "", 0, 0, fingerprinted(found))


@dataclass(frozen=True)
class Counts:
    """How many findings there are of each level that nobody has accepted, and how many that somebody has."""

    levels: tuple[tuple[Level, int], ...]
    accepted: int

    @property
    def text(self) -> str:
        """`1 error, 2 warnings, 3 accepted`; what there is none of is left out."""
        parts = [counted(number, level.name.lower()) for level, number in self.levels if number]
        parts += [f"{self.accepted} accepted"] if self.accepted else []
        return ", ".join(parts) if parts else "no findings"


def counted_findings(findings: Iterable[Finding]) -> Counts:
    """Count findings."""
    every = list(findings)
    levels = tuple((level, sum(one.level == level and not one.accepted for one in every)) for level in LEVELS)
    return Counts(levels, sum(one.accepted for one in every))


def is_complete(findings: Iterable[Finding]) -> bool:
    """Whether all was evaluated: nothing is left unknown that may be more than a note, and all rules are simulated."""
    return not any(leaves_open(one) for one in findings)


def leaves_open(one: Finding) -> bool:
    """Whether a finding says that something could not be evaluated, and be it whether there is another warning."""
    return one.kind in (Kind.NOT_SIMULATED, Kind.MISTAKE) or (one.kind == Kind.UNKNOWN and one.level >= Level.WARNING)
