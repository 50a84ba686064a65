"""Findings as JUnit XML, for servers that show tests: a ruleset is a suite, a finding a case.

Read first: `model`; `fwsim.expectations.junit`, which writes the same form. What would end a check with status 1 has
failed, what leaves it open is an error, what is accepted was skipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from fwsim.checking import Finding, Kind, Level
from fwsim.harmless import safe

from .model import Checked, leaves_open

FAILURE, ERROR, SKIPPED = "failure", "error", "skipped"
COUNTED = (("failures", FAILURE), ("errors", ERROR), ("skipped", SKIPPED))


def as_junit(every: Sequence[Checked], least: Level = Level.WARNING) -> str:
    """The document; findings of at least a level have failed."""
    root = ElementTree.Element("testsuites", {"name": "fwsim check"})
    for one in every:
        cases = [_case(finding, least) for finding in one.findings] or [_nothing(one)]
        suite = ElementTree.SubElement(root, "testsuite", {"name": safe(one.path), **_counts(cases)})
        suite.extend(cases)
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}'


def _counts(cases: list[ElementTree.Element]) -> dict[str, str]:
    """How many cases there are, and what came of them."""
    counts = {name: sum(case.find(tag) is not None for case in cases) for name, tag in COUNTED}
    return {"tests": str(len(cases)), **{name: str(count) for name, count in counts.items()}}


def _nothing(one: Checked) -> ElementTree.Element:
    """The case of a ruleset without findings: a suite of none looks as if nothing had been done."""
    return ElementTree.Element("testcase", {"classname": safe(one.path), "name": "nothing to remark"})


def _case(one: Finding, least: Level) -> ElementTree.Element:
    """A finding."""
    where = f" in {one.where}" if one.where else ""
    named = {"classname": safe(one.path), "name": safe(f"{one.kind.title}{where}: {one.what}"), "file": safe(one.path)}
    if one.line:
        named["line"] = str(one.line)
    case = ElementTree.Element("testcase", named)
    tag = _outcome(one, least)
    if tag == SKIPPED:
        ElementTree.SubElement(case, tag, message="accepted")
    elif tag is not None:
        message = safe(f"{one.level.name.lower()}: {one.kind.title}: {one.what}")
        harm = ElementTree.SubElement(case, tag, message=message, type=one.kind.word)
        harm.text = _text(one)
    return case


def _outcome(one: Finding, least: Level) -> str | None:
    """What a finding counts as; None if for nothing."""
    if one.accepted:
        return SKIPPED
    if leaves_open(one) or one.kind == Kind.MISTAKE:
        return ERROR
    return FAILURE if one.level >= least else None


def _text(one: Finding) -> str:
    """Where it is, and the packet that shows it."""
    lines = [f"{one.path}:{one.line}" if one.line else one.path]
    if one.text:
        lines.append(one.text)
    if one.packet is not None:
        before = f"{one.packet.before}, then " if one.packet.before else ""
        lines.append(f"{before}{one.packet.packet}: {one.packet.outcome}")
    return "\n".join(map(safe, lines)) + "\n"
