"""The object and the lines for programs tell the same figures as the text."""

from __future__ import annotations

import json

from fwsim.baseline.counted import Changes
from fwsim.report.changes_json import ChangeLines, changes_json
from tests.batches import batch, naming
from tests.unit.test_baseline_counted import ENDS, NOW, WAS, columns
from tests.unit.test_report_changes_text import TOLD, changes


def test_the_object_holds_summary_counts_rules_and_connections() -> None:
    found = json.loads(changes_json(changes([0, 0, 1], [2, 2, 2], [1, 2, 2]), TOLD, {"complete": True}))
    assert found["summary"]["schema_version"] == 1
    assert found["summary"]["complete"] is True
    assert found["counts"]["changes"]["newly blocked"] == 3
    assert found["counts"]["connections"]["newly blocked"] == {"opening": 2, "later": 0}
    assert [rule["packets"] for rule in found["rules"]] == [3]
    assert [one["first_frames"] for one in found["connections"]] == [
        [{"file": "office.pcapng", "n": 2}, {"file": "office.pcapng", "n": 3}],
        [{"file": "office.pcapng", "n": 1}],
    ]
    assert found["connections"][0]["was"]["verdict"] == "accept"


def test_a_line_tells_a_packet_then_and_now() -> None:
    counted = Changes("stateful", WAS, NOW)
    was, now = columns([0, 0], [1, 2]), columns([0, 2], [1, 2])
    some = batch(*ENDS[:2])
    changed = counted.add(some, slice(None), was, now)
    lines = ChangeLines(naming(), counted).lines(some, changed, was, now).splitlines()
    (record,) = map(json.loads, lines)
    assert (record["n"], record["change"]) == (2, "newly blocked")
    assert (record["was"]["verdict"], record["now"]["verdict"]) == ("accept", "drop")
