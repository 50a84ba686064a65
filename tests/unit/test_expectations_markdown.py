"""What came of expectations, as Markdown."""

from __future__ import annotations

from pathlib import Path

from fwsim.expectations.markdown import markdown_of
from tests.expecting import RULES, run

CASES = """\
- {name: web, packet: "tcp 10.1.4.23 > 9.9.9.9:80", verdict: accept, points: 2}
- {name: "a | b <img> `c`", packet: "tcp 10.1.4.23 > 9.9.9.9:113", stateful: accept, points: 1}
"""


def test_the_sum_comes_first_then_what_failed_then_the_rules_then_what_decided(tmp_path: Path) -> None:
    text = markdown_of(run(tmp_path, CASES))
    lines = text.splitlines()
    assert lines[0] == "### fwsim test: 1 of 2 cases passed, 1 failed; 2 of 3 points"
    row = lines[4]
    assert row.startswith("| a \\| b \\<img\\> \\`c\\` | ")
    assert row.endswith("stateful verdict: expected accept, is reject | 0 of 1 |")
    assert "2 of 4 rules reached (50 %), and 0 of 1 policy; not reached: " in lines[6]
    assert "<details><summary>a | b &lt;img&gt; `c`</summary>" in lines
    assert text.count("```") == 2


def test_where_all_passed_there_is_no_table(tmp_path: Path) -> None:
    text = markdown_of(run(tmp_path, CASES.splitlines()[0]))
    assert text.startswith("### fwsim test: 1 of 1 case passed; 2 of 2 points\n")
    assert "|---" not in text
    assert "<details>" not in text


def test_a_fence_is_longer_than_those_in_what_it_holds(tmp_path: Path) -> None:
    rules = RULES.replace("name: ident", "name: '````'")
    text = markdown_of(run(tmp_path, CASES, rules))
    assert "\n`````text\n" in text
