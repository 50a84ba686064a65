"""What is counted while a result streams by."""

from __future__ import annotations

from pathlib import Path

import fwsim

ROOT = Path(__file__).parent.parent.parent
OFFICE = str(ROOT / "rulesets" / "office.yaml")
CAPTURE = str(ROOT / "pcaps" / "blind-reset.pcapng")


def test_whichever_way_a_result_is_read_it_is_counted() -> None:
    ways = [fwsim.compare(CAPTURE, OFFICE) for _ in range(3)]
    ways[0].run()
    assert len(ways[1].decisions) == 36
    assert sum(len(batch) for batch in ways[2]) == 36
    assert [(way.counting.tally.frames, way.read_whole) for way in ways] == [(36, True)] * 3


def test_rulesets_are_told_by_their_files() -> None:
    by_hand = fwsim.load_ruleset(str(ROOT / "rulesets" / "office-stateless.yaml"))
    result = fwsim.compare(CAPTURE, OFFICE, stateless_rules=by_hand).run()
    about = result.counting.about()
    assert about.ruleset.path == OFFICE
    assert about.ruleset.stateless_path is not None
    assert about.ruleset.stateless_path.endswith("office-stateless.yaml")
    assert about.connections == result.statistics["created"]
