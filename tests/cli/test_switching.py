"""`replay --switch`: another ruleset from some packet on; what that does to the connections that live."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fwsim.cli.demo_story import RULESET
from fwsim.fuzz.captured import write_traffic
from fwsim.fuzz.policy import EVERY_STATE
from tests.cli.conftest import Invoke

DROP_ALL = EVERY_STATE[: EVERY_STATE.index("chains:")] + "chains: {forward: {hook: forward, policy: drop, rules: []}}\n"


@pytest.fixture
def traffic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with fuzzed traffic, packets a microsecond apart, and two rulesets, of which one drops all."""
    monkeypatch.chdir(tmp_path)
    write_traffic("a.pcapng", "switch", 400, fragments=0.0)
    Path("old.yaml").write_text(EVERY_STATE)
    Path("drop.yaml").write_text(DROP_ALL)
    return tmp_path


def records(invoke: Invoke, *more: object) -> list[dict[str, object]]:
    return [
        json.loads(line) for line in invoke("replay", "a.pcapng", "-r", "old.yaml", "--format", "jsonl", *more).lines
    ]


def test_the_same_ruleset_changes_nothing(invoke: Invoke, traffic: Path) -> None:
    outcome = invoke("replay", "a.pcapng", "-r", "old.yaml", "-q", "--switch", "+0.000200=old.yaml")
    assert "**Nothing changes.**" in outcome.out
    assert "0 lost packets" in outcome.out
    before, after = records(invoke), records(invoke, "--switch", "+0.000200=old.yaml")
    assert before == after


def test_before_the_time_the_old_rules_decide_and_behind_it_the_new_ones(invoke: Invoke, traffic: Path) -> None:
    before, after = records(invoke), records(invoke, "--switch", "+0.000200=drop.yaml")
    for one, other in zip(before, after, strict=True):
        if int(str(one["n"])) <= 200:
            assert one == other
        else:
            assert other["verdict"] != "accept"
    outcome = invoke("replay", "a.pcapng", "-r", "old.yaml", "-q", "--switch", "+0.000200=drop.yaml")
    assert "newly blocked" in outcome.out
    assert " live; 0 went on" in outcome.out


def test_state_outlives_the_reload(invoke: Invoke, demo: Path) -> None:
    first = RULESET.index("      - {name:")
    strict = RULESET[:first] + "".join(
        line for line in RULESET[first:].splitlines(keepends=True) if "established" in line or "invalid" in line
    )
    (demo / "strict.yaml").write_text(strict)
    outcome = invoke("replay", "demo.pcap", "-r", "demo.yaml", "-q", "--switch", "+0.05=strict.yaml")
    assert outcome.status == 0
    assert "Reload at" in outcome.out
    assert "lost packets" in outcome.out


def test_a_time_that_never_comes_is_told(invoke: Invoke, traffic: Path) -> None:
    outcome = invoke("replay", "a.pcapng", "-r", "old.yaml", "-q", "--switch", "+3600=drop.yaml")
    assert "nothing was changed" in outcome.err
    assert "Reload" not in outcome.out


def test_what_does_not_go_together_is_refused(invoke: Invoke, traffic: Path) -> None:
    Path("eth.yaml").write_text("interfaces: {eth0: {networks: [any]}}\nrules: []\n")
    for more in (
        ("--switch", "drop.yaml"),
        ("--switch", "soon=drop.yaml"),
        ("--switch", "+1="),
        ("--switch", "+1=missing.yaml"),
        ("--switch", "+0=eth.yaml"),
        ("--switch", "+0=drop.yaml", "--jobs", "2"),
        ("--switch", "+0=drop.yaml", "--save", "kept"),
        ("--switch", "+0=drop.yaml", "--checkpoint", "kept"),
        ("--switch", "+0=drop.yaml", "--switch", "+1=drop.yaml"),
    ):
        outcome = invoke("replay", "a.pcapng", "-r", "old.yaml", *more)
        assert (outcome.status, outcome.out) == (2, ""), more


@pytest.mark.parametrize("time", ["+2h", "+1h30m", "+5400", "+90m", "+5400.5"])
def test_times_behind_the_first_packet_are_seconds_or_durations(invoke: Invoke, traffic: Path, time: str) -> None:
    outcome = invoke("replay", "a.pcapng", "-r", "old.yaml", "-q", "--switch", f"{time}=drop.yaml")
    assert (outcome.status, outcome.err.count("nothing was changed")) == (0, 1)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("+1=nope.yaml", "--switch: nope.yaml: no such file"),
        ("+1=folder", "--switch: folder: is a directory, expected a ruleset"),
        ("+1=-", "--switch: -: is read twice, expected a file"),
        (
            "+1x=drop.yaml",
            "'+1x' is no time: expected 2026-03-02T08:00:03 or seconds since 1970, or from the first packet on",
        ),
    ],
)
def test_what_is_wrong_with_the_second_ruleset_is_told(invoke: Invoke, traffic: Path, given: str, message: str) -> None:
    Path("folder").mkdir()
    outcome = invoke("replay", "a.pcapng", "-r", "old.yaml", "--switch", given)
    assert outcome.status == 2
    assert message in outcome.err
