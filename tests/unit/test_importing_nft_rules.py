"""Rules and their places."""

from __future__ import annotations

import pytest

from tests.nft_importing import refused, table_of

BEFORE = "add table t\nadd chain t c\nadd rule t c mark 1\nadd rule t c mark 2\n"


def marks(text: str) -> list[str]:
    """The rules of the chain, each a comparison of the mark."""
    return [rule.location.text for rule in table_of(BEFORE + text).chains["c"].rules]


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("add rule t c mark 3", ["mark 1", "mark 2", "mark 3"]),
        ("insert rule t c mark 3", ["mark 3", "mark 1", "mark 2"]),
        ("add rule t c index 0 mark 3", ["mark 1", "mark 3", "mark 2"]),
        ("insert rule t c index 1 mark 3", ["mark 1", "mark 3", "mark 2"]),
        ("replace rule t c handle 2 mark 3", ["mark 3", "mark 2"]),
        ("delete rule t c handle 3", ["mark 1"]),
        ("t c mark 3", ["mark 1", "mark 2", "mark 3"]),
    ],
)
def test_a_rule_goes_where_the_command_says(command: str, found: list[str]) -> None:
    assert marks(command + "\n") == found


@pytest.mark.parametrize(
    ("command", "what"),
    [
        ("add rule t c index 2 mark 3", "has 2 rules only"),
        ("add rule t c position 2 mark 3", "before the script is loaded"),
        ("delete rule t c handle 9", "no rule with handle 9"),
        ("replace rule t c handle 9 mark 3", "no rule with handle 9"),
    ],
)
def test_a_rule_that_is_not_there_is_refused(command: str, what: str) -> None:
    assert what in refused(BEFORE + command + "\n")


def test_a_rule_keeps_its_place_text_and_comment() -> None:
    text = 'table t {\n chain c {\n  tcp dport { 22,\n 80 } accept comment "in"\n}\n}\n'
    (rule,) = table_of(text).chains["c"].rules
    assert (rule.name, rule.location.path, rule.location.line, rule.location.column) == ("in", "s.nft", 3, 3)
    assert rule.location.text == 'tcp dport { 22,\n 80 } accept comment "in"'


def test_chains_without_a_name_are_chains_of_the_table() -> None:
    table = table_of("table t {\n chain c {\n jump {\n tcp dport 22 accept\n drop\n}\n}\n}\n")
    (rule,) = table.chains["c"].rules
    target = rule.steps[0].target  # type: ignore[union-attr]
    assert [len(each.steps) for each in table.chains[str(target)].rules] == [3, 1]
