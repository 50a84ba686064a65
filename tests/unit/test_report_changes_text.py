"""Three lines of Markdown first, then tables; singular and plural; nothing hostile in it."""

from __future__ import annotations

from dataclasses import replace

from fwsim.baseline.counted import Changes
from fwsim.report.changes_text import Told, answer, details, frames_text, summary_lines
from tests.unit.test_baseline_counted import NOW, WAS, added, columns

TOLD = Told("stateful", ["office.pcapng"], "new.yaml", "`old.yaml`")


def changes(was: list[int], now: list[int], connections: list[int]) -> Changes:
    found = Changes("stateful", WAS, NOW)
    added(found, columns(was, connections), columns(now, connections))
    return found


def test_the_summary_is_three_lines_of_markdown() -> None:
    lines = summary_lines(changes([0, 0, 1], [2, 2, 2], [1, 2, 3]), TOLD)
    assert lines == [
        "**2 connections would be denied that pass today, 1 connection would lose packets that pass today.**",
        "- 3 newly blocked: 3 of 3 packets change",
        "- stateful, `new.yaml` against `old.yaml`, on `office.pcapng`",
    ]
    assert answer(changes([0], [2], [1])) == "1 connection would be denied that passes today"


def test_nothing_is_said_to_change_only_if_nothing_does() -> None:
    assert answer(changes([0, 1], [0, 1], [1, 2])) == "Nothing changes"
    assert answer(changes([0], [1], [1])).startswith("The same packets pass, but 1 packet by another rule")


def test_tables_tell_rules_connections_and_frames() -> None:
    text = details(changes([0, 0, 1], [2, 2, 2], [1, 2, 2]), TOLD, top=1)
    assert "newly blocked: 3 packets" in text
    assert '"web" (line 3)  ->  policy of forward (line 1)        3            2  1 2 3' in text
    assert "and 1 connection more (--top)" in text
    assert "from its opening on" in text


def test_names_are_made_harmless() -> None:
    (line,) = summary_lines(changes([0], [2], [1]), replace(TOLD, now="a\x1b`b"))[2:]
    assert "\x1b" not in line
    assert "``a\\x1b`b``" in line


def test_frames_of_several_files_name_their_file() -> None:
    assert frames_text([(0, 5), (1, 7)], 2, ["a", "b"]) == "a:5 b:7"
    assert frames_text([(0, 5)], 9, ["a"]) == "5 ..."
