"""Findings as JUnit XML."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

from fwsim.checking import Kind, Level
from fwsim.checking.kinds import finding
from fwsim.report.checks import Checked
from fwsim.report.checks.junit import as_junit
from tests.findings import checked, tcp

CORRELATED = [tcp("1-10", "drop", name="low"), tcp("5-20"), tcp("7", name="late")]
KINDS = Kind.SHADOWED, Kind.CORRELATION


def suite_of(one: Checked, least: Level = Level.WARNING) -> ElementTree.Element:
    (suite,) = ElementTree.fromstring(as_junit([one], least))
    return suite


def test_a_finding_is_a_case_and_a_failure_if_it_is_that_bad() -> None:
    suite = suite_of(checked(CORRELATED, *KINDS))
    assert suite.attrib == {"name": "rules", "tests": "2", "failures": "1", "errors": "0", "skipped": "0"}
    note, shadowed = sorted(suite, key=lambda case: str(case.get("name")))
    assert len(note) == 0
    assert shadowed.get("name") == 'shadowed in rule "late" of forward: rule "low" takes every packet before it'
    assert shadowed[0].tag == "failure"
    assert "203.0.113.7:7 syn: drop" in str(shadowed[0].text)
    assert suite_of(checked(CORRELATED, *KINDS), Level.NOTE).get("failures") == "2"


def test_accepted_findings_are_skipped_and_open_questions_are_errors() -> None:
    unknown = finding(Kind.NOT_SIMULATED, "rules", 3, 1, "meta cpu 1", text="meta cpu 1 accept")
    one = replace(checked(CORRELATED), findings=[unknown, replace(unknown, accepted=True)])
    suite = suite_of(one)
    assert (suite.get("errors"), suite.get("skipped"), suite.get("failures")) == ("1", "1", "0")
    assert (suite[0].get("line"), str(suite[0][0].text)) == ("3", "rules:3\nmeta cpu 1 accept\n")


def test_without_findings_there_is_a_case_that_has_passed() -> None:
    suite = suite_of(checked([tcp("1")], Kind.SHADOWED))
    assert [case.get("name") for case in suite] == ["nothing to remark"]


def test_what_no_xml_may_hold_is_written_out() -> None:
    evil = finding(Kind.REMARK, "a\x00b", 1, 1, "c\x1b<d>\udcff", text="e\x07")
    assert suite_of(replace(checked([]), path="x\x01", findings=[evil]), Level.NOTE).get("failures") == "1"
