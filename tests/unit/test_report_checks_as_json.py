"""Findings as JSON."""

from __future__ import annotations

import json

from fwsim.checking import Kind
from fwsim.report.checks.as_json import SCHEMA_VERSION, as_json
from tests.findings import checked, checked_text, tcp


def test_a_summary_stands_before_the_rulesets() -> None:
    found = json.loads(as_json([checked([tcp("1-10", "drop"), tcp("5")], Kind.SHADOWED)]))
    assert found["summary"] == {
        "schema_version": SCHEMA_VERSION, "complete": True, "error": 1, "warning": 0, "note": 0, "accepted": 0,
        "kinds": {"shadowed": 1},
    }  # fmt: skip
    (ruleset,) = found["rulesets"]
    assert (ruleset["path"], ruleset["rules"], ruleset["chains"]) == ("rules", 2, 1)


def test_a_finding_tells_its_place_the_rules_and_the_packet() -> None:
    rules = "  tcp dport 1-10 drop\n  tcp dport 5 accept\n"
    text = f"table ip x {{\n chain c {{\n  type filter hook forward priority 0;\n{rules} }}\n}}\n"
    ((found,),) = [one["findings"] for one in json.loads(as_json([checked_text(text, Kind.SHADOWED)]))["rulesets"]]
    assert (found["kind"], found["level"], found["line"], found["column"]) == ("shadowed", "error", 5, 3)
    assert (found["where"], found["text"]) == ("rule 2 of ip x c", "tcp dport 5 accept")
    (rule,) = found["rules"]
    assert (rule["line"], rule["where"]) == (4, "rule 1 of ip x c")
    assert found["packet"]["fields"]["dport"] == 5
    assert found["packet"]["outcome"] == "drop: rule 1 of ip x c (line 4)"
    assert len(found["fingerprint"]) == 32
    assert found["accepted"] is False


def test_what_is_not_there_is_null() -> None:
    text = "table ip x {\n chain c {\n type filter hook forward priority 0; policy drop;\n iifname eth7 accept\n }\n}\n"
    (ruleset,) = json.loads(as_json([checked_text(text, Kind.NO_NETWORK)]))["rulesets"]
    (found,) = ruleset["findings"]
    assert (found["line"], found["where"], found["packet"], found["rules"]) == (None, None, None, [])
