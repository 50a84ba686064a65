"""Findings as text."""

from __future__ import annotations

from dataclasses import replace

from fwsim.checking import Kind
from fwsim.report.checks.text import MANY, text_lines
from tests.findings import checked, tcp


def test_each_finding_has_a_line_and_one_for_its_packet() -> None:
    lines = text_lines(checked([tcp("1-10", "drop", name="low"), tcp("5")], Kind.SHADOWED))
    assert lines == [
        "rules  yaml, 2 rules in 1 chain",
        '  error: shadowed: rule "low" takes every packet before it, in rule 2 of forward',
        '      tcp 198.51.100.7:40000 > 203.0.113.7:5 syn: drop: rule "low" of forward',
        "  1 error",
    ]


def test_the_sum_only_is_told_if_that_is_wanted() -> None:
    one = checked([tcp("1-10", "drop", name="low"), tcp("5")], Kind.SHADOWED)
    assert text_lines(one, quiet=True) == ["rules  yaml, 2 rules in 1 chain", "  1 error"]


def test_an_answer_is_told_behind_what_it_answers() -> None:
    lines = text_lines(checked([tcp("80", ct_state="new")], Kind.REPLIES_DROPPED))
    assert "203.0.113.7:80 syn new, then tcp 203.0.113.7:80 > " in lines[2]


def test_without_findings_there_is_nothing_to_remark() -> None:
    assert text_lines(checked([tcp("1")], Kind.SHADOWED))[1:] == ["  nothing to remark"]


def test_accepted_findings_are_only_counted() -> None:
    one = checked([tcp("1-10", "drop"), tcp("5")], Kind.SHADOWED)
    one = replace(one, findings=[replace(found, accepted=True) for found in one.findings])
    assert text_lines(one)[1:] == ["  1 accepted"]


def test_of_very_many_notes_the_first_are_told() -> None:
    one = checked([tcp("1-10", "drop"), tcp("5-20")], Kind.CORRELATION)
    many = replace(one, findings=[*one.findings] * (MANY + 5))
    assert text_lines(many)[-2] == "  and 5 more of correlation: --only correlation tells them all"
    assert len(text_lines(many, every=True)) == 2 * (MANY + 5) + 2


def test_what_a_stranger_wrote_moves_no_cursor() -> None:
    one = checked([tcp("1-10", "drop"), tcp("5")], Kind.SHADOWED)
    evil = [replace(found, what="a\x1b[2Jb", where="c\x07", path="d\x9b", line=3) for found in one.findings]
    text = "\n".join(text_lines(replace(one, findings=evil)))
    assert text.replace("\n", "").isprintable()
