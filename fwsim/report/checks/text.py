"""Findings as text: a line for each, one for the packet that shows it, and a last line that counts them.

Read first: `model`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fwsim.checking import Level
from fwsim.harmless import safe
from fwsim.report.figures import counted

from .grouping import Group, grouped
from .model import Checked, counted_findings

MANY = 20
"""Notes of one kind that are told; the others are counted."""


def text_lines(one: Checked, *, every: bool = False, quiet: bool = False) -> list[str]:
    """The lines of a ruleset; `every` note is told, not only the first of each kind, or (`quiet`) only the sum."""
    title = f"{safe(one.path)}  {one.format}, {counted(one.rules, 'rule')} in {counted(one.chains, 'chain')}"
    told = [finding for finding in one.findings if not finding.accepted]
    groups = grouped(told, apart=every)
    lines = [line for group in _some(groups, every=every) for line in _lines(group)]
    lines += [] if every else _left_out(groups)
    if not one.findings:
        return [title, "  nothing to remark"]
    return [title, *([] if quiet else lines), f"  {counted_findings(one.findings).text}"]


def _some(groups: Iterable[Group], *, every: bool) -> Iterator[Group]:
    """The findings that are told."""
    seen: dict[str, int] = {}
    for group in groups:
        one = group.first
        if one.level == Level.NOTE:
            seen[one.kind.word] = seen.get(one.kind.word, 0) + 1
        if every or one.level > Level.NOTE or seen[one.kind.word] <= MANY:
            yield group


def _left_out(groups: list[Group]) -> list[str]:
    """How many were left out."""
    kinds: dict[str, int] = {}
    for one in (group.first for group in groups):
        if one.level == Level.NOTE:
            kinds[one.kind.word] = kinds.get(one.kind.word, 0) + 1
    left = {kind: count - MANY for kind, count in kinds.items() if count > MANY}
    return [f"  and {count:,} more of {kind}: --only {kind} tells them all" for kind, count in left.items()]


def _lines(group: Group) -> Iterator[str]:
    """`  rules.nft:12: warning: not simulated: meta skuid 1000, in rule 3 of inet filter output`, and its packet."""
    finding = group.first
    place = f"{safe(finding.path)}:{finding.line}: " if finding.line else ""
    where = f", in {safe(finding.where)}" if finding.where else ""
    yield f"  {place}{finding.level.name.lower()}: {finding.kind.title}: {safe(finding.what)}{where}"
    if finding.packet is not None:
        before = f"{safe(finding.packet.before)}, then " if finding.packet.before else ""
        yield f"      {before}{safe(finding.packet.packet)}: {safe(finding.packet.outcome)}"
    if group.also:
        yield f"      {safe(group.also)}"
