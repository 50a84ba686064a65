"""The answer in words."""

from __future__ import annotations

from fwsim.differing.text import lines_of, markdown_of
from tests.differing import compared

WEB = {"name": "web", "proto": "tcp", "dport": 80, "verdict": "accept"}


def test_equivalent_is_said_to_be_a_proof() -> None:
    lines = lines_of(compared([WEB], [WEB]), 5)
    assert lines[2] == "Equivalent: every packet is treated alike by both rulesets, in both modes. This is a proof."


def test_a_change_names_both_rules_the_packets_and_an_example() -> None:
    text = "\n".join(lines_of(compared([WEB], []), 5))
    assert "accept -> drop" in text
    assert 'old  rule "web" of forward' in text
    assert "new  policy drop of forward" in text
    assert "forward: tcp dport 80" in text
    assert "e.g. tcp 10.0.0.7:40000 > 198.51.100.7:80 syn in lan out wan" in text


def test_only_so_many_changes_are_shown() -> None:
    rules = [WEB | {"name": f"r{port}", "dport": port} for port in (1, 3, 5)]
    assert "  and 1 more: --top N, or --format json, tells them" in lines_of(compared(rules, []), 2)


def test_markdown_is_a_table_that_rules_cannot_break() -> None:
    text = markdown_of(compared([WEB | {"name": "a|b`c*"}], []), 5)
    row = next(line for line in text.splitlines() if "->" in line or ("-\\>" in line and line.startswith("| stateful")))
    assert text.startswith("**Different: 1 change in what becomes of packets.**")
    assert "a\\|b\\`c\\*" in text
    assert row
