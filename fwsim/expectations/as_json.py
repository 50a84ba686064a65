"""What came of expectations, as JSON for programs.

Read first: `results`.
"""

from __future__ import annotations

import json
from typing import Any

from fwsim.expectations.results import CaseResult, Coverage, Failure, Line, Outcome, Report

SCHEMA_VERSION = 1


def json_of(report: Report) -> str:
    """The report as one object."""
    return json.dumps(as_dict(report), indent=2) + "\n"


def as_dict(report: Report) -> dict[str, Any]:
    """The same as plain data."""
    return {
        "schema_version": SCHEMA_VERSION,
        "summary": {
            "cases": len(report.results),
            **{outcome.value: report.count(outcome) for outcome in Outcome},
            "not_chosen": report.left_out,
            "points": _number(report.got) if report.points else None,
            "possible_points": _number(report.possible) if report.points else None,
            "files_with_mistakes": len(report.refused),
            "complete": not report.warnings and not report.refused,
        },
        "warnings": report.warnings,
        "files": [
            {"path": path, "cases": [_case(result) for result in report.of(path)], "mistakes": report.mistakes(path)}
            for path in report.files
        ],
        "coverage": [_coverage(coverage) for coverage in report.coverage],
    }


def _case(result: CaseResult) -> dict[str, Any]:
    """A case."""
    case = result.case
    return {
        "name": result.title,
        "line": result.line,
        "tags": list(case.tags),
        "outcome": result.outcome.value,
        "packets": result.packets,
        "points": None if case.points is None else _number(result.points),
        "possible_points": None if case.points is None else _number(case.points),
        "failures": [_failure(failure) for failure in result.failures],
        "more_failures": result.more,
    }


def _failure(failure: Failure) -> dict[str, Any]:
    """What was not as expected."""
    return {
        "what": failure.what,
        "line": failure.line,
        "differences": [
            {"mode": one.mode or None, "fact": one.fact, "expected": one.wanted, "actual": one.actual}
            for one in failure.differences
        ],
        "explanation": failure.explanation or None,
    }


def _coverage(coverage: Coverage) -> dict[str, Any]:
    """The rules of a ruleset."""
    return {
        "ruleset": coverage.ruleset,
        "rules": len(coverage.rules),
        "reached": coverage.reached,
        "percent": round(coverage.percent, 2),
        "policies": len(coverage.policies),
        "policies_reached": sum(line.reached for line in coverage.policies),
        "not_reached": [_line(line, coverage) for line in coverage.missed],
    }


def _line(line: Line, coverage: Coverage) -> dict[str, Any]:
    """A rule or a policy."""
    kind = "policy" if line.is_policy else "rule"
    return {"kind": kind, "title": line.title, "path": line.path or coverage.ruleset, "line": line.line}


def _number(points: float) -> float:
    """Points, whole ones as whole numbers."""
    rounded = round(points, 6)
    return int(rounded) if rounded == int(rounded) else rounded
