"""`replay` over every third-party capture: no traceback, every frame that the file holds once, or a reason."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Invoke
from tests.unit.test_capture_corpus import FILES, counted, pytestmark

__all__ = ["pytestmark"]

RULESET = Path(__file__).parents[2] / "rulesets" / "office.yaml"


def test_every_file_replays_to_its_end_or_says_why_not(invoke: Invoke) -> None:
    known = counted()
    replayed = 0
    for path in FILES:
        done = invoke("replay", path, "-r", RULESET, "--format", "json")
        assert "Traceback" not in done.err
        if done.status == 2 and not done.out:
            assert done.err.startswith("error: "), done.err
            assert len(done.err.splitlines()) == 1, done.err
            continue
        whole = json.loads(done.out)
        assert done.status in (0, 2, 3)
        assert whole["summary"]["complete"] == (done.status != 2), path
        if str(path) in known and whole["summary"]["complete"]:
            assert whole["counts"]["frames"] == known[str(path)], path
        replayed += 1
    assert replayed > len(FILES) // 2
