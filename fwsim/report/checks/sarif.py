"""Findings as SARIF 2.1.0 (OASIS), so that a code review shows each at its rule.

Read first: `model`; the standard, sections 3.13 (log), 3.14 (run), 3.27 (result).
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fwsim import __version__
from fwsim.checking import Finding, Kind, Place

from .model import Checked, is_complete

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT = "fwsim/v1"
"""The name under which fingerprints stand; another way to make them gets another version."""
Json = dict[str, Any]
KINDS = tuple(Kind)


def as_sarif(every: Sequence[Checked]) -> str:
    """The log: one run over all rulesets."""
    findings = [finding for one in every for finding in one.findings]
    driver = {"name": "fwsim", "version": __version__, "rules": [_rule(kind) for kind in KINDS]}
    run = {
        "tool": {"driver": driver},
        "invocations": [{"executionSuccessful": is_complete(findings)}],
        "columnKind": "unicodeCodePoints",
        "artifacts": [_artifact(one) for one in every],
        "results": [_result(one) for one in findings],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _rule(kind: Kind) -> Json:
    """A kind of findings."""
    name = "".join(part.capitalize() for part in kind.word.split("-"))
    return {
        "id": kind.word, "name": name, "shortDescription": {"text": kind.title},
        "fullDescription": {"text": kind.meaning}, "defaultConfiguration": {"level": kind.level.name.lower()},
    }  # fmt: skip


def _artifact(one: Checked) -> Json:
    """A ruleset."""
    found: Json = {"location": {"uri": uri_of(one.path)}}
    return found if one.sha256 is None else {**found, "hashes": {"sha-256": one.sha256}}


def _result(one: Finding) -> Json:
    """A finding."""
    result: Json = {
        "ruleId": one.kind.word,
        "ruleIndex": KINDS.index(one.kind),
        "level": one.level.name.lower(),
        "message": {"text": message_of(one)},
        "locations": [_location(one.path, one.line, one.column, one.where, one.text)],
        "partialFingerprints": {FINGERPRINT: one.fingerprint},
    }
    if one.rules:
        result["relatedLocations"] = [_related(number, place) for number, place in enumerate(one.rules)]
    if one.accepted:
        result["suppressions"] = [{"kind": "external", "status": "accepted"}]
    return result


def message_of(one: Finding) -> str:
    """What a finding says, with the packet that shows it."""
    where = f"{one.where}: " if one.where else ""
    text = f"{one.kind.title}: {where}{one.what}."
    if one.packet is None:
        return text
    before = f"{one.packet.before}, then " if one.packet.before else ""
    return f"{text} For example {before}{one.packet.packet}: {one.packet.outcome}."


def _location(path: str, line: int, column: int, where: str, text: str) -> Json:
    """A place in a ruleset."""
    physical: Json = {"artifactLocation": {"uri": uri_of(path)}}
    if line:
        region: Json = {"startLine": line}
        if column:
            region["startColumn"] = column
        if text:
            region["snippet"] = {"text": text}
        physical["region"] = region
    found: Json = {"physicalLocation": physical}
    if where:
        found["logicalLocations"] = [{"fullyQualifiedName": where}]
    return found


def _related(number: int, place: Place) -> Json:
    """A rule that is involved."""
    found = _location(place.path, place.line, place.column, "", place.text)
    return {"id": number, **found, "message": {"text": place.name}}


def uri_of(path: str) -> str:
    """A path as a URI: relative as it was given, with slashes."""
    one = Path(path)
    return one.as_uri() if one.is_absolute() else quote(os.fsencode(one.as_posix()))
