"""Findings as Markdown, for the summary of a job: three lines say it, a table lists errors and warnings.

Read first: `model`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fwsim.checking import Finding, Kind, Level
from fwsim.harmless import markdown
from fwsim.report.figures import counted

from .grouping import Group, grouped
from .model import Checked, counted_findings, is_complete

MOST = 200
"""Findings that are listed; the services that show summaries cut long ones off."""


def as_markdown(every: Sequence[Checked]) -> str:
    """The summary."""
    findings = [finding for one in every for finding in one.findings]
    rules = sum(one.rules for one in every)
    names = ", ".join(markdown(one.path) for one in every)
    done = "**Not everything could be evaluated.**"
    if is_complete(findings):
        in_part = any(one.kind == Kind.UNKNOWN for one in findings)
        done = "Everything was evaluated" + ", but for what is noted as unknown" * in_part + "."
    lines = [
        f"**fwsim check: {counted_findings(findings).text}**", "",
        f"{counted(rules, 'rule')} in {names}, over all packets.", "", done,
    ]  # fmt: skip
    told = sorted((one for one in findings if not one.accepted), key=lambda one: -one.level)
    lines += _table([one for one in told if one.level > Level.NOTE])
    notes = [one for one in told if one.level == Level.NOTE]
    if notes:
        lines += ["", f"<details><summary>{counted(len(notes), 'note')}</summary>", *_table(notes), "", "</details>"]
    return "\n".join(lines)


def _table(found: list[Finding]) -> list[str]:
    """A table of findings."""
    if not found:
        return []
    groups = grouped(found)
    rows = ["", "| level | where | finding | packet |", "|---|---|---|---|", *map(_row, groups[:MOST])]
    left = len(groups) - MOST
    return [*rows, *(["", f"and {left:,} more"] if left > 0 else [])]


def _row(group: Group) -> str:
    """A finding, and where it is so as well."""
    one = group.first
    also = f"<br>{markdown(group.also)}" if group.also else ""
    place = f"{markdown(one.path)}:{one.line}" if one.line else markdown(one.path)
    where = f"<br>{markdown(one.where)}" if one.where else ""
    return _joined(
        (one.level.name.lower(), place + where, f"{one.kind.title}: {markdown(one.what)}{also}", _packet(one))
    )


def _packet(one: Finding) -> str:
    """The packet that shows it."""
    if one.packet is None:
        return ""
    before = f"{markdown(one.packet.before)}, then " if one.packet.before else ""
    return f"{before}{markdown(one.packet.packet)}: {markdown(one.packet.outcome)}"


def _joined(cells: Iterable[str]) -> str:
    """A row of a table."""
    return "| " + " | ".join(cells) + " |"
