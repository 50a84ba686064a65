"""Findings as Markdown."""

from __future__ import annotations

from dataclasses import replace

from fwsim.checking import Kind, Level
from fwsim.checking.kinds import finding
from fwsim.report.checks.markdown import MOST, as_markdown
from tests.findings import checked, tcp


def test_three_lines_say_it_and_a_table_lists_it() -> None:
    lines = as_markdown([checked([tcp("1-10", "drop", name="low"), tcp("5"), tcp("9-20")])]).splitlines()
    assert lines[0].startswith("**fwsim check: 1 error")
    assert lines[2] == "3 rules in rules, over all packets."
    assert lines[4] == "Everything was evaluated."
    assert lines[6:8] == ["| level | where | finding | packet |", "|---|---|---|---|"]
    assert lines[8].startswith(
        '| error | rules<br>rule 2 of forward | shadowed: rule "low" takes every packet before it |'
    )
    assert any(line.startswith("<details><summary>") for line in lines)


def test_what_is_unknown_of_notes_only_is_no_more_than_noted() -> None:
    unknown = finding(Kind.UNKNOWN, "x", 0, 0, "more than 1,000 rules are correlated")
    one = replace(checked([tcp("1")]), findings=[unknown])
    assert "Everything was evaluated, but for what is noted as unknown." in as_markdown([one])
    one = replace(one, findings=[replace(unknown, level=Level.WARNING)])
    assert "**Not everything could be evaluated.**" in as_markdown([one])


def test_nothing_that_was_written_in_a_ruleset_is_marked_up() -> None:
    text = as_markdown([checked([tcp("1-10", "drop", name="a|b<c>`d`"), tcp("5")], Kind.SHADOWED)])
    assert "a\\|b\\<c\\>\\`d\\`" in text


def test_long_lists_are_cut_and_accepted_findings_left_out() -> None:
    one = checked([tcp("1-10", "drop"), tcp("5")], Kind.SHADOWED)
    many = replace(one, findings=[*one.findings] * (MOST + 7))
    assert as_markdown([many]).endswith("and 7 more")
    accepted = replace(one, findings=[replace(found, accepted=True) for found in one.findings])
    assert as_markdown([accepted]).splitlines()[0] == "**fwsim check: 1 accepted**"
    assert "|" not in as_markdown([accepted])
