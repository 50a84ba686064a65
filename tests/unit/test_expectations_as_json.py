"""What came of expectations, as JSON."""

from __future__ import annotations

import json
from pathlib import Path

from fwsim.expectations.as_json import json_of
from tests.expecting import run

CASES = """\
- {name: web, packet: "tcp 10.1.4.23 > 9.9.9.9:80", verdict: accept, points: 2, tags: [a, b]}
- {name: ident, packet: "tcp 10.1.4.23 > 9.9.9.9:113", stateful: accept, points: 0.5}
"""


def test_everything_is_told_with_a_version(tmp_path: Path) -> None:
    found = json.loads(json_of(run(tmp_path, CASES)))
    path, rules = str(tmp_path / "small.fwsim.yaml"), str(tmp_path / "small.yaml")
    assert found["schema_version"] == 1
    assert found["summary"] == {
        "cases": 2, "passed": 1, "failed": 1, "unknown": 0, "not_chosen": 0, "points": 2, "possible_points": 2.5,
        "files_with_mistakes": 0, "complete": True,
    }  # fmt: skip
    web, ident = found["files"][0]["cases"]
    assert found["files"][0]["path"] == path
    assert web == {
        "name": "web", "line": 3, "tags": ["a", "b"], "outcome": "passed", "packets": 1, "points": 2,
        "possible_points": 2, "failures": [], "more_failures": 0,
    }  # fmt: skip
    (failure,) = ident["failures"]
    assert failure["differences"] == [{"mode": "stateful", "fact": "verdict", "expected": "accept", "actual": "reject"}]
    assert failure["explanation"].startswith("Packet 1  ")
    assert found["coverage"][0]["not_reached"][0] == {"kind": "rule", "title": '"known"', "path": rules, "line": 11}
    assert found["coverage"][0]["not_reached"][-1]["kind"] == "policy"
    assert found["coverage"][0]["percent"] == 50


def test_the_same_cases_give_the_same_bytes(tmp_path: Path) -> None:
    assert json_of(run(tmp_path, CASES)) == json_of(run(tmp_path, CASES))
