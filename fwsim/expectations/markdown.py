"""What came of expectations, as Markdown: for the summary of a CI run, or a comment on a change.

Read first: `results`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fwsim.expectations.results import CaseResult, Coverage, Outcome, Report
from fwsim.expectations.text import failure_lines, place_of, points_of, reached_of, sum_of
from fwsim.harmless import html, markdown

MISSED_TOLD = 10


def markdown_of(report: Report) -> str:
    """The sum, a table of what did not pass, the rules that no case reaches, and what decided."""
    lines = [f"### fwsim test: {sum_of(report)}", ""]
    harmed = [result for result in report.results if result.outcome is not Outcome.PASSED]
    for path in report.refused:
        lines += [f"{markdown(path)} was not run:", "", *(f"- {markdown(line)}" for line in report.mistakes(path)), ""]
    if harmed:
        lines += [*_table(harmed), ""]
    lines += [_coverage(coverage) for coverage in report.coverage]
    for result in harmed:
        lines += ["", *_details(result)]
    return "\n".join(lines).rstrip() + "\n"


def _table(harmed: list[CaseResult]) -> Iterator[str]:
    """The cases that did not pass."""
    yield "| case | where | what is not as expected | points |"
    yield "|---|---|---|---|"
    for result in harmed:
        first = result.failures[0]
        told = f"{first.what}: {'; '.join(map(str, first.differences))}"
        points = "" if result.case.points is None else f"0 of {points_of(result.case.points)}"
        cells = (result.title, f"{result.path}:{first.line}", told)
        yield "| " + " | ".join(map(markdown, cells)) + f" | {points} |"


def _coverage(coverage: Coverage) -> str:
    """How many rules are reached, and the first that are not."""
    reached = reached_of(coverage)
    missed = [markdown(place_of(line, coverage)) for line in coverage.missed[:MISSED_TOLD]]
    more = len(coverage.missed) - len(missed)
    told = f"; not reached: {', '.join(missed)}" if missed else ""
    return f"{markdown(coverage.ruleset)}: {reached}{told}{f' and {more:,} more' if more else ''}  "


def _details(result: CaseResult) -> Iterator[str]:
    """What decided, folded away."""
    text = [line.rstrip() for line in failure_lines(result)]
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", "\n".join(text))), default=0))
    yield f"<details><summary>{html(result.title)}</summary>"
    yield ""
    yield f"{fence}text"
    yield from text
    yield fence
    yield ""
    yield "</details>"
