"""What came of expectations, for people: failures with what decided them, the sum, the rules that no case reaches.

Read first: `results`.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwsim.expectations.results import CaseResult, Coverage, Failure, Line, Outcome, Report
from fwsim.harmless import safe
from fwsim.report.figures import counted
from fwsim.report.widths import shortened

WORDS = {Outcome.PASSED: "pass", Outcome.FAILED: "FAIL", Outcome.UNKNOWN: "????"}
INDENT = " " * 6
LONGEST_TITLE = 100
MISSED_TOLD = 20


def text_of(report: Report, *, verbose: bool = False, quiet: bool = False) -> str:
    """The report; `verbose` with the cases that passed, `quiet` the sum alone."""
    lines: list[str] = []
    if not quiet:
        for path in report.files:
            told = [f"  not run: {counted(len(wrong), 'mistake')}"] if (wrong := report.mistakes(path)) else []
            told += [line for result in report.of(path) for line in _case(result, verbose=verbose)]
            lines += [safe(path), *told, ""] if told else []
    lines.append(sum_of(report))
    if not quiet:
        lines += [line for coverage in report.coverage for line in coverage_lines(coverage)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def sum_of(report: Report) -> str:
    """`23 of 25 cases passed, 1 failed, 1 unknown; 46 of 50 points`."""
    parts = [f"{report.count(Outcome.PASSED):,} of {counted(len(report.results), 'case')} passed"]
    for outcome in (Outcome.FAILED, Outcome.UNKNOWN):
        if report.count(outcome):
            parts.append(f"{report.count(outcome):,} {outcome.value}")
    if report.refused:
        parts.append(f"{counted(len(report.refused), 'file')} with mistakes")
    if report.left_out:
        parts.append(f"{report.left_out:,} not chosen")
    points = f"; {points_of(report.got)} of {points_of(report.possible)} points" if report.points else ""
    return ", ".join(parts) + points


def points_of(points: float) -> str:
    """Points without needless zeros."""
    return f"{round(points, 6):g}" if points < 100_000 else f"{points:,.6f}".rstrip("0").rstrip(".")


def _case(result: CaseResult, *, verbose: bool) -> Iterator[str]:
    """A case, if there is anything to tell."""
    if result.outcome is Outcome.PASSED and not verbose:
        return
    points = result.case.points
    told = f"  ({points_of(result.points)} of {points_of(points)} points)" if points is not None else ""
    title = safe(shortened(result.title, LONGEST_TITLE))
    yield f"  {WORDS[result.outcome]}  {title}{told}"
    for line in failure_lines(result):
        yield f"{INDENT}  {line}" if line else ""


def failure_lines(result: CaseResult) -> Iterator[str]:
    """What of a case was not as expected, and why."""
    for failure in result.failures:
        yield f"{safe(result.path)}:{failure.line}: {safe(failure.what)}"
        for difference in failure.differences:
            yield f"  {safe(str(difference))}"
        yield from _why(failure)
    if result.more:
        yield f"and {counted(result.more, 'packet')} more"


def _why(failure: Failure) -> Iterator[str]:
    """What decided a packet, step by step."""
    if failure.explanation:
        yield ""
        for line in failure.explanation.splitlines():
            yield f"  {safe(line)}" if line else ""
        yield ""


def coverage_lines(coverage: Coverage) -> list[str]:
    """How many rules the cases reach, and which they do not."""
    lines = [f"{safe(coverage.ruleset)}: {reached_of(coverage)}"]
    for line in coverage.missed[:MISSED_TOLD]:
        lines.append(f"  not reached: {place_of(line, coverage)}")
    if len(coverage.missed) > MISSED_TOLD:
        lines.append(f"  and {len(coverage.missed) - MISSED_TOLD:,} more")
    return lines


def reached_of(coverage: Coverage) -> str:
    """`11 of 12 rules reached (91 %), and 1 of 3 policies`: these have no part in the percentage."""
    rules = f"{coverage.reached:,} of {counted(len(coverage.rules), 'rule')} reached ({percent_of(coverage)} %)"
    if not coverage.policies:
        return rules
    noun = "policy" if len(coverage.policies) == 1 else "policies"
    return f"{rules}, and {sum(line.reached for line in coverage.policies):,} of {len(coverage.policies):,} {noun}"


def percent_of(coverage: Coverage) -> str:
    """The share of rules that are reached, rounded down: 100 are all of them."""
    return f"{int(coverage.percent)}"


def place_of(line: Line, coverage: Coverage) -> str:
    """A rule and where it stands."""
    path = safe(line.path or coverage.ruleset)
    return f"{safe(line.title)} ({path}:{line.line})" if line.line else safe(line.title)
