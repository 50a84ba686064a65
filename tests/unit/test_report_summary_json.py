"""The summary as JSON: the same figures as the text, and columns that add up."""

from __future__ import annotations

import json
from typing import Any

from fwsim.report.summary_json import summary_json
from fwsim.report.tally import Slots, Tally
from tests.batches import FakeBatch, naming
from tests.report_summaries import BOTH, about, mixed, tallied

__all__ = ["mixed"]


def figures(text: str) -> dict[str, Any]:
    """The parsed object."""
    whole: dict[str, Any] = json.loads(text)
    assert list(whole)[:4] == ["summary", "counts", "rules", "connections"]
    return whole


def test_json_says_the_same_as_the_text(mixed: FakeBatch) -> None:
    whole = figures(summary_json(tallied(mixed), naming(), about(), [{"connection": 1}]))
    told = whole["summary"]
    assert (told["schema_version"], told["complete"], told["modes"]) == (1, True, list(BOTH))
    assert told["inputs"] == [
        {
            "path": "pcaps/office.pcapng",
            "format": "pcapng",
            "sha256": "ab" * 32,
            "packets": 6,
            "complete": True,
            "warnings": [],
        }
    ]
    assert told["most_telling"] == {"file": "pcaps/office.pcapng", "n": 2, "evidence": "seq-above-window"}
    counts = whole["counts"]
    assert (counts["frames"], counts["connections"], counts["bytes"]) == (6, 391, 6 * 74)
    assert counts["changed"] == {
        "total": 3,
        "blocked": 2,
        "admitted": 1,
        "otherwise": 0,
        "undecided": 0,
        "why_blocked": {"outside the window": 2},
        "why_admitted": {"later fragments (no port to match)": 1},
    }
    assert counts["not_evaluated"] == {"frames": 1, "reasons": {"egress-copy": 1}}
    assert whole["connections"] == [{"connection": 1}]
    assert "by" not in whole


def test_json_of_rules_adds_up(mixed: FakeBatch) -> None:
    rules = json.loads(summary_json(tallied(mixed), naming(), about(), []))["rules"]
    for mode in BOTH:
        assert sum(rule[mode]["hits"] for rule in rules) == 6
        assert all(sum(rule[mode]["verdicts"].values()) == rule[mode]["hits"] for rule in rules)


def test_json_of_nothing_read_is_still_whole() -> None:
    empty = Tally(("stateful",), {"stateful": Slots(4, 1)})
    whole = json.loads(summary_json(empty, naming(), about(modes=("stateful",), captures=()), [], []))
    assert whole["summary"]["first_ts"] is None
    assert whole["counts"]["frames"] == 0
    assert whole["by"] == []
