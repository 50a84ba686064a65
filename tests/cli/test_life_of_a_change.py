"""The worked example of rulesets/change: a planted mistake is found three times, and the corrected ruleset passes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Invoke

ROOT = Path(__file__).parent.parent.parent
CHANGE = ROOT / "rulesets" / "change"
OFFICE = str(ROOT / "pcaps" / "office.pcapng")


@pytest.fixture(autouse=True)
def there(monkeypatch: pytest.MonkeyPatch, invoke: Invoke) -> None:
    """The commands are given where the files are."""
    monkeypatch.chdir(CHANGE)


def test_what_is_expected_fails_on_the_mistake_and_says_what_decided(invoke: Invoke) -> None:
    outcome = invoke("test", "change.fwsim.yaml", "-r", "proposed.yaml")
    assert outcome.status == 1
    assert "3 of 4 cases passed, 1 failed" in outcome.lines
    assert any("FAIL  staff may browse as before" in line for line in outcome.lines)
    assert any('STATEFUL  drop, by rule "quarantine"' in line for line in outcome.lines)


def test_the_difference_shows_a_packet_that_was_not_meant(invoke: Invoke) -> None:
    outcome = invoke("diff", "../office.yaml", "proposed.yaml", "--mode", "stateful", "--accept", "accepted.json")
    assert outcome.status == 1
    assert "Different: 4 changes in what becomes of packets." in outcome.lines
    assert "  1 change accepted" in outcome.lines
    assert any("tcp src 10.1.4.0/24 dport 80,443" in line for line in outcome.lines)
    assert any(line.strip().startswith("e.g. tcp 10.1.4.0:40000 > 198.51.100.7:443") for line in outcome.lines)


def test_the_recorded_traffic_shows_who_would_be_hurt(invoke: Invoke) -> None:
    outcome = invoke("compare", OFFICE, "-r", "proposed.yaml", "--against", "../office.yaml", "--format", "json")
    hurt = json.loads(outcome.out)["connections"]
    denied = {one["ends"].partition(" > ")[0].rpartition(".")[0] for one in hurt if one["opening"]}
    assert outcome.status == 1
    assert sum(one["change"] == "newly blocked" and one["opening"] for one in hurt) == 277
    assert len(denied) > 16, "more machines than were to be put into quarantine"


def test_the_corrected_ruleset_passes_and_changes_only_what_was_meant(invoke: Invoke) -> None:
    assert invoke("test", "change.fwsim.yaml", "-q").lines == ["4 of 4 cases passed"]
    meant = invoke("diff", "../office.yaml", "corrected.yaml", "--mode", "stateful", "--accept", "accepted.json")
    assert (meant.status, meant.lines[2]) == (0, "Every difference has been accepted.")
    compared = ("compare", OFFICE, "-r", "corrected.yaml", "--against", "../office.yaml")
    hurt = json.loads(invoke(*compared, "--format", "json").out)["connections"]
    machines = {one["ends"].partition(" > ")[0].rpartition(".")[0] for one in hurt if one["opening"]}
    assert machines <= {f"10.1.4.{last}" for last in range(64, 80)}
