"""Findings that say the same, told together."""

from __future__ import annotations

from dataclasses import replace

from fwsim.checking import Kind
from fwsim.report.checks.grouping import LISTED, grouped
from fwsim.report.checks.markdown import as_markdown
from fwsim.report.checks.text import text_lines
from tests.findings import Json, checked, tcp

REPLIES: Json = {"ct_state": "established", "verdict": "accept"}
THREE = [REPLIES, tcp("1", name="a"), tcp("2"), tcp("3", name="c")]


def test_the_first_is_told_with_its_packet_and_the_others_are_named() -> None:
    lines = text_lines(checked(THREE, Kind.NEW_WITHOUT_SYN))
    assert len(lines) == 5
    assert lines[1].endswith('in rule "a" of forward')
    assert lines[3:] == ['      so it is with rule 3, rule "c"', "  3 warnings"]


def test_to_be_told_apart_each_has_its_own_line() -> None:
    lines = text_lines(checked(THREE, Kind.NEW_WITHOUT_SYN), every=True)
    assert [line.rpartition("in ")[2] for line in lines[1:-1:2]] == [
        'rule "a" of forward', "rule 3 of forward", 'rule "c" of forward'
    ]  # fmt: skip


def test_accepted_ones_are_not_among_the_others() -> None:
    one = checked(THREE, Kind.NEW_WITHOUT_SYN)
    first, *others = one.findings
    lines = text_lines(replace(one, findings=[replace(first, accepted=True), *others]))
    assert lines[1].endswith("in rule 3 of forward")
    assert lines[3:] == ['      so it is with rule "c"', "  2 warnings, 1 accepted"]


def test_of_very_many_the_first_are_named() -> None:
    rules = [REPLIES, *(tcp(str(port)) for port in range(1, LISTED + 5))]
    (group,) = grouped(checked(rules, Kind.NEW_WITHOUT_SYN).findings)
    assert group.also.endswith(f"rule {LISTED + 2} and 3 more: --only new-without-syn tells each")


def test_findings_of_several_chains_name_theirs() -> None:
    first, second, _ = checked(THREE, Kind.NEW_WITHOUT_SYN).findings
    (group,) = grouped([replace(first, line=4), replace(second, line=9, where="rule 1 of below")])
    assert group.also == "so it is with rule 1 of below (line 9)"


def test_a_row_of_markdown_tells_them_together() -> None:
    rows = [line for line in as_markdown([checked(THREE, Kind.NEW_WITHOUT_SYN)]).splitlines() if "warning |" in line]
    assert len(rows) == 1
    assert '<br>so it is with rule 3, rule "c" |' in rows[0]
