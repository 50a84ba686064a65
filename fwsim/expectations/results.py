"""What came of cases: passed or not, what was not as expected, what decided it, and which rules were reached.

Read first: `expected.Difference`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from fwsim.errors import FwsimError
from fwsim.expectations.expected import Difference
from fwsim.expectations.model import Case


class Outcome(Enum):
    """What came of a case."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """Nothing was wrong, but a verdict, or which rule gives it, hangs on something that is not simulated."""


@dataclass(frozen=True)
class Failure:
    """A packet that was not decided as expected (or, without one, something else that was not so)."""

    what: str
    """The packet, or what was counted."""
    line: int
    """Where the expectation stands in its file."""
    differences: tuple[Difference, ...]
    explanation: str = ""
    """What decided it, step by step; of the first failure of a case."""

    @property
    def is_unknown(self) -> bool:
        """Whether it is only that some verdict is unknown, or which rule has given it."""
        verdicts = {one.mode for one in self.differences if one.fact == "verdict" and one.actual == "unknown"}
        unknown = [one.is_unknown or one.mode in verdicts for one in self.differences]
        return bool(unknown) and all(unknown)


Reached = frozenset[tuple[str, int]]
"""Rules and policies that packets of a case have met: the mode, and a number as in the hits of rules."""


@dataclass(frozen=True)
class CaseResult:
    """What came of a case; `packets` were compared with what was expected, `more` failures are not told."""

    case: Case
    path: str
    title: str
    failures: tuple[Failure, ...] = ()
    packets: int = 0
    more: int = 0
    reached: Reached = frozenset()
    warnings: tuple[str, ...] = ()
    """About a capture that is damaged."""

    @property
    def outcome(self) -> Outcome:
        """Passed, failed, or unknown."""
        if not self.failures:
            return Outcome.PASSED
        return Outcome.UNKNOWN if all(failure.is_unknown for failure in self.failures) else Outcome.FAILED

    @property
    def line(self) -> int:
        """Where it stands in its file."""
        return self.case.location.line

    @property
    def points(self) -> float:
        """Those that are got."""
        return (self.case.points or 0) if self.outcome is Outcome.PASSED else 0


@dataclass(frozen=True)
class Line:
    """A rule, or the policy of a chain, and whether any case has reached it."""

    title: str
    path: str
    line: int | None
    is_policy: bool
    reached: bool


@dataclass(frozen=True)
class Coverage:
    """The rules of a ruleset, and the policies of its chains."""

    ruleset: str
    lines: tuple[Line, ...]

    @property
    def rules(self) -> list[Line]:
        """The rules."""
        return [line for line in self.lines if not line.is_policy]

    @property
    def reached(self) -> int:
        """How many rules are."""
        return sum(line.reached for line in self.rules)

    @property
    def policies(self) -> list[Line]:
        """The policies, which do not count as rules."""
        return [line for line in self.lines if line.is_policy]

    @property
    def missed(self) -> list[Line]:
        """The rules and policies that no case reaches."""
        return [line for line in self.lines if not line.reached]

    @property
    def percent(self) -> float:
        """How many in a hundred rules are reached; of none, all are."""
        return 100 * self.reached / len(self.rules) if self.rules else 100.0


@dataclass(frozen=True)
class Report:
    """What came of all cases that were chosen, in the order of files and cases."""

    files: Sequence[str]
    results: Sequence[CaseResult]
    coverage: Sequence[Coverage]
    left_out: int = 0
    """Cases that were not chosen."""
    refused: Mapping[str, FwsimError] = field(default_factory=dict)
    """The files that were not run, with what is wrong in them."""
    inputs: Sequence[str] = ()
    """All files that were read: none of them may be written over."""
    points: bool = field(init=False)
    """Whether there are any."""

    def __post_init__(self) -> None:
        """See whether the cases have points."""
        object.__setattr__(self, "points", any(result.case.points is not None for result in self.results))

    def count(self, outcome: Outcome) -> int:
        """How many cases have come out so."""
        return sum(result.outcome is outcome for result in self.results)

    @property
    def got(self) -> float:
        """Points."""
        return sum(result.points for result in self.results)

    @property
    def possible(self) -> float:
        """Points of all cases."""
        return sum(result.case.points or 0 for result in self.results)

    @property
    def warnings(self) -> list[str]:
        """About captures, each once."""
        return list(dict.fromkeys(warning for result in self.results for warning in result.warnings))

    def mistakes(self, path: str) -> list[str]:
        """What is wrong in a file that was not run, in lines."""
        error = self.refused.get(path)
        return [] if error is None else [line.removeprefix("error: ") for line in error.lines()]

    def of(self, path: str) -> list[CaseResult]:
        """The results of a file."""
        return [result for result in self.results if result.path == path]
