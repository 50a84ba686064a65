"""Findings for programs: one JSON object, with the version of its form.

Read first: `model`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from fwsim.checking import Finding, Kind, Place, Shown

from .model import Checked, counted_findings, is_complete

SCHEMA_VERSION = 1
Json = dict[str, Any]


def as_json(every: Sequence[Checked]) -> str:
    """The object."""
    findings = [finding for one in every for finding in one.findings]
    counts = counted_findings(findings)
    levels = {level.name.lower(): number for level, number in counts.levels}
    kinds = {kind.word: number for kind in Kind if (number := sum(one.kind == kind for one in findings))}
    summary = {
        "schema_version": SCHEMA_VERSION, "complete": is_complete(findings), **levels, "accepted": counts.accepted,
        "kinds": kinds,
    }  # fmt: skip
    return json.dumps({"summary": summary, "rulesets": [_ruleset(one) for one in every]}, indent=2)


def _ruleset(one: Checked) -> Json:
    """A ruleset and its findings."""
    return {
        "path": one.path, "sha256": one.sha256, "format": one.format or None, "rules": one.rules, "chains": one.chains,
        "findings": [_finding(finding) for finding in one.findings],
    }  # fmt: skip


def _finding(one: Finding) -> Json:
    """One finding."""
    return {
        "kind": one.kind.word, "level": one.level.name.lower(), "path": one.path, "line": one.line or None,
        "column": one.column or None, "what": one.what, "where": one.where or None, "text": one.text or None,
        "rules": [_place(place) for place in one.rules], "packet": None if one.packet is None else _packet(one.packet),
        "fingerprint": one.fingerprint, "accepted": one.accepted,
    }  # fmt: skip


def _place(place: Place) -> Json:
    """A rule that is involved."""
    line, column = place.line or None, place.column or None
    return {"path": place.path, "line": line, "column": column, "where": place.name, "text": place.text or None}


def _packet(shown: Shown) -> Json:
    """The packet that shows a finding."""
    return {
        "text": shown.packet, "outcome": shown.outcome, "before": shown.before or None, "fields": dict(shown.fields),
    }  # fmt: skip
