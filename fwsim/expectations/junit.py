"""What came of expectations, as JUnit XML for CI servers.

Read first: the format as the xunit plugin of Jenkins has it (junit-10.xsd), which other servers read too. A file is a
suite. There are no times in it: the same cases give the same bytes.
"""

from __future__ import annotations

from xml.etree import ElementTree

from fwsim.expectations.results import CaseResult, Outcome, Report
from fwsim.expectations.text import failure_lines, points_of
from fwsim.harmless import safe

TAGS = {Outcome.FAILED: "failure", Outcome.UNKNOWN: "error"}


def junit_of(report: Report) -> str:
    """The report as a document."""
    root = ElementTree.Element(
        "testsuites", {"name": "fwsim test", **_counts(list(report.results), len(report.refused))}
    )
    for path in report.files:
        results = report.of(path)
        mistakes = report.mistakes(path)
        named = {"name": safe(path), **_counts(results, bool(mistakes)), "skipped": "0"}
        suite = ElementTree.SubElement(root, "testsuite", named)
        if any(result.case.points is not None for result in results):
            _add_points(suite, results)
        if mistakes:
            _add_mistakes(suite, path, mistakes)
        for result in results:
            _add_case(suite, result)
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _counts(results: list[CaseResult], refused: int) -> dict[str, str]:
    """How many cases there are, and how many of them have come to harm; a file with mistakes is one."""
    outcomes = [result.outcome for result in results]
    return {
        "tests": str(len(results) + refused),
        "failures": str(outcomes.count(Outcome.FAILED)),
        "errors": str(outcomes.count(Outcome.UNKNOWN) + refused),
    }


def _add_points(suite: ElementTree.Element, results: list[CaseResult]) -> None:
    """The points of a suite as properties."""
    properties = ElementTree.SubElement(suite, "properties")
    got = sum(result.points for result in results)
    possible = sum(result.case.points or 0 for result in results)
    for name, points in (("points", got), ("possible_points", possible)):
        ElementTree.SubElement(properties, "property", name=name, value=points_of(points))


def _add_mistakes(suite: ElementTree.Element, path: str, mistakes: list[str]) -> None:
    """What is wrong in a file, in the place of its cases."""
    case = ElementTree.SubElement(suite, "testcase", classname=safe(path), name="(the file)")
    harm = ElementTree.SubElement(case, "error", message=safe(mistakes[0]), type="mistake")
    harm.text = "\n".join(map(safe, mistakes)) + "\n"


def _add_case(suite: ElementTree.Element, result: CaseResult) -> None:
    """A case, with what was not as expected."""
    case = ElementTree.SubElement(suite, "testcase", classname=safe(result.path), name=safe(result.title))
    tag = TAGS.get(result.outcome)
    if tag is not None:
        first = result.failures[0]
        message = f"{first.what}: {'; '.join(map(str, first.differences))}"
        harm = ElementTree.SubElement(case, tag, message=safe(message), type=result.outcome.value)
        harm.text = "\n".join(line.rstrip() for line in failure_lines(result)).rstrip() + "\n"
