"""`replay` over everything in `pcaps/`: no traceback, every frame once, columns that add up, memory of nothing."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from fwsim.report.frame_schema import frame_schema
from tests.cli.conftest import Invoke

ROOT = Path(__file__).parent.parent.parent
SMALL = sorted(path for path in (ROOT / "pcaps").glob("*.pcap*") if path.stat().st_size < 100_000)


@pytest.mark.parametrize("path", SMALL, ids=lambda path: path.name)
@pytest.mark.parametrize("ruleset", ["office.yaml", "host.yaml"])
def test_every_example_replays_and_adds_up(invoke: Invoke, path: Path, ruleset: str) -> None:
    arguments = ["compare", path, "-r", ROOT / "rulesets" / ruleset]
    lines = invoke(*arguments, "--format", "jsonl")
    found = [json.loads(line) for line in lines.out.splitlines()]
    assert lines.status in (0, 3)
    for record in found:
        jsonschema.validate(record, frame_schema())
    assert [record["n"] for record in found] == list(range(1, len(found) + 1))
    whole = json.loads(invoke(*arguments, "--format", "json").out)
    assert whole["counts"]["frames"] == len(found)
    for mode in ("stateless", "stateful"):
        assert sum(rule[mode]["hits"] for rule in whole["rules"]) == len(found)
        accepted = sum(record[mode]["verdict"] == "accept" for record in found)
        assert whole["counts"]["verdicts"][mode]["accept"] == accepted
    text = invoke(*arguments)
    assert f"{len(found):,} packet" in text.out


def test_replay_of_one_mode_agrees_with_the_comparison(invoke: Invoke) -> None:
    arguments = [ROOT / "pcaps" / "blind-reset.pcapng", "-r", ROOT / "rulesets" / "office.yaml", "--format", "jsonl"]
    both = [json.loads(line) for line in invoke("compare", *arguments).out.splitlines()]
    for mode in ("stateless", "stateful"):
        alone = [json.loads(line) for line in invoke("replay", *arguments, "--mode", mode).out.splitlines()]
        for record, one in zip(both, alone, strict=True):
            assert {**record, **record[mode]}.items() >= one.items()
