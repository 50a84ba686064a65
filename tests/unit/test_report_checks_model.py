"""Findings, counted."""

from __future__ import annotations

from dataclasses import replace

from fwsim.checking import Kind, Level
from fwsim.checking.kinds import finding
from fwsim.errors import Problem
from fwsim.report.checks.model import counted_findings, is_complete, leaves_open, unreadable
from tests.findings import checked


def test_findings_are_counted_by_level_and_accepted_ones_apart() -> None:
    error, note = finding(Kind.SHADOWED, "x", 1, 1, "a"), finding(Kind.REMARK, "x", 1, 1, "b")
    counts = counted_findings([error, note, note, replace(error, accepted=True)])
    assert counts.levels == ((Level.ERROR, 1), (Level.WARNING, 0), (Level.NOTE, 2))
    assert counts.text == "1 error, 2 notes, 1 accepted"
    assert counted_findings([]).text == "no findings"


def test_what_is_not_simulated_or_not_found_out_leaves_a_check_open() -> None:
    unknown = finding(Kind.UNKNOWN, "x", 0, 0, "too many cases")
    assert not leaves_open(unknown)
    assert leaves_open(replace(unknown, level=Level.WARNING))
    assert leaves_open(finding(Kind.NOT_SIMULATED, "x", 1, 1, "meta cpu"))
    assert is_complete([unknown])
    assert not is_complete([replace(unknown, level=Level.WARNING)])


def test_a_ruleset_that_cannot_be_read_has_its_mistakes_as_findings() -> None:
    one = unreadable("edge.nft", [Problem("edge.nft", 3, 4, "unknown word"), Problem("edge.nft", 5, 1, "expected {")])
    assert one.is_unreadable
    assert [(found.kind, found.level, found.line) for found in one.findings] == [
        (Kind.MISTAKE, Level.ERROR, 3), (Kind.MISTAKE, Level.ERROR, 5),
    ]  # fmt: skip
    assert not is_complete(one.findings)
    assert not checked([]).is_unreadable
